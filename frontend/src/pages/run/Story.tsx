/** The run in a few words: what runs and how far it is; when it is over, how good it is and what
 * to look at. The place where somebody who never saw a canvas ends. */
import { Link } from "wouter";
import type { Run, RunSummary } from "~/api/types";
import { Whisker } from "~/charts/Whisker";
import { failureOf } from "~/look/Answered";
import { useEvaluation } from "~/look/queries";
import { percent } from "~/messages/numbers";
import { run as runWords } from "~/messages/run";
import { isOver } from "~/panels/useRun";
import { leftOf, rateOf, shareOf, useLive } from "~/store/live";
import { Button, LinkButton } from "~/ui/Button";
import { FailureNotice, Notice } from "~/ui/Notice";
import { Progress } from "~/ui/Progress";
import { allOf, failedStep, lastOf } from "./outputs";
import styles from "./run.module.css";

const words = runWords;

export default function Story({
  run,
  summary,
  onLog,
}: {
  run: Run;
  summary: RunSummary;
  onLog: (step: string) => void;
}) {
  return (
    <section aria-label={words.story} className={styles.story}>
      {isOver(summary.state) ? (
        <Ended run={run} summary={summary} onLog={onLog} />
      ) : (
        <Going run={run} summary={summary} />
      )}
    </section>
  );
}

function Going({ run, summary }: { run: Run; summary: RunSummary }) {
  const live = useLive((state) => state.steps);
  const running = run.steps.filter((step) => live[step.name]?.state === "running");
  const done = run.steps.filter((step) =>
    ["succeeded", "reused", "skipped"].includes(live[step.name]?.state ?? step.state),
  ).length;
  const main = running.find((step) => step.trains) ?? running[0];
  const now = main ? live[main.name] : undefined;
  const title = run.graph.steps.find((step) => step.name === main?.name)?.title ?? main?.name;
  const epochs = now?.epochs ?? [];
  const accuracy = Math.max(
    ...epochs.map((row) => row["top1_accuracy"] ?? Number.NEGATIVE_INFINITY),
  );
  const facts = [
    String(now?.progress?.["stage"] ?? ""),
    now ? rateOf(now) : "",
    now && leftOf(now) ? words.left(leftOf(now)) : "",
  ].filter(Boolean);
  return (
    <>
      <h2 className={styles.headline}>
        {main && title ? words.step(title) : words.queued}
        {Number.isFinite(accuracy) && (
          <span className={styles.headlineAside}>{words.accuracySoFar(accuracy)}</span>
        )}
      </h2>
      {main && title ? (
        <Progress
          label={words.progress(title)}
          value={(now && shareOf(now)) ?? undefined}
          text={facts.join(", ")}
        />
      ) : (
        summary.waiting && <p>{words.waits(summary.waiting)}</p>
      )}
      <p className={styles.facts} aria-live="off">
        <span>{words.stepOf(done, run.steps.length)}</span>
        {facts.map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
      </p>
    </>
  );
}

function Ended({
  run,
  summary,
  onLog,
}: {
  run: Run;
  summary: RunSummary;
  onLog: (step: string) => void;
}) {
  const evaluation = lastOf(run, "EvaluationDirectory");
  const failed = failedStep(run);
  return (
    <>
      {summary.state === "failed" && (
        <Notice
          tone="bad"
          actions={
            failed && (
              <Button size="small" icon="log" onClick={() => onLog(failed.name)}>
                {words.showLog}
              </Button>
            )
          }
        >
          <h2 className={styles.headline}>
            {failed ? words.failed(failed.name) : words.failedRun}
          </h2>
          <p>{failed?.error || failed?.reason || summary.reason}</p>
          {failed?.remedy && <p>{failed.remedy}</p>}
        </Notice>
      )}
      {summary.state === "interrupted" && (
        <Stopped title={words.interrupted} hint={words.interruptedHint} reason={summary.reason} />
      )}
      {summary.state === "cancelled" && (
        <Stopped title={words.cancelled} hint={words.cancelledHint} reason={summary.reason} />
      )}
      {summary.state === "lost" && (
        <Stopped title={words.lost} hint={words.lostHint} reason={summary.reason} />
      )}
      {evaluation ? (
        <Judged run={run} artifact={evaluation.artifact} />
      ) : (
        summary.state === "succeeded" && (
          <h2 className={styles.headline}>
            {run.steps.every((step) => step.state === "reused")
              ? words.nothingNew
              : words.succeeded(summary.seconds ?? 0)}
          </h2>
        )
      )}
      <Links run={run} />
    </>
  );
}

function Stopped({ title, hint, reason }: { title: string; hint: string; reason: string }) {
  return (
    <Notice tone="warn">
      <h2 className={styles.headline}>{title}</h2>
      {reason && <p>{reason}</p>}
      <p>{hint}</p>
    </Notice>
  );
}

function Judged({ run, artifact }: { run: Run; artifact: string }) {
  const { data, error } = useEvaluation(artifact);
  const training = useLive((state) => {
    const step = run.steps.find((one) => one.trains);
    return step ? state.steps[step.name] : undefined;
  });
  const accuracy = data?.figures.find((figure) => figure.name === "accuracy");
  if (error && !data) return <FailureNotice failure={failureOf(error)} />;
  if (!data || !accuracy || accuracy.value === null) return <div className={styles.judged} />;
  const { value, low, high } = accuracy;
  const losses = (training?.epochs ?? []).filter((row) => row["valid_loss"] != null);
  const best = losses.reduce<(typeof losses)[number] | undefined>(
    (found, row) => (found && (found["valid_loss"] ?? 0) <= (row["valid_loss"] ?? 0) ? found : row),
    undefined,
  );
  return (
    <div className={styles.judged}>
      <h2 className={styles.headline}>{words.right(value, data.pictures)}</h2>
      <div className={styles.whisker}>
        <Whisker value={value} low={low} high={high} label={percent(value)} />
      </div>
      <p className={styles.facts}>
        {low !== null && high !== null && <span>{words.interval(low, high)}</span>}
        {best?.["epoch"] != null && <span>{words.bestEpoch(best["epoch"])}</span>}
        {data.remarks.map((remark) => (
          <span key={remark}>{remark}</span>
        ))}
      </p>
    </div>
  );
}

function Links({ run }: { run: Run }) {
  const scores = lastOf(run, "ScoresDirectory");
  const evaluation = lastOf(run, "EvaluationDirectory");
  const model = lastOf(run, "ModelDirectory");
  const report = lastOf(run, "ReportDirectory");
  const photos = allOf(run, "ImageDirectory")[0];
  if (!scores && !evaluation && !model && !report && !photos) return null;
  return (
    <nav aria-label={words.next} className={styles.links}>
      {scores && (
        <LinkButton
          look="primary"
          icon="image"
          // without an evaluation nobody said what the photos are
          href={evaluation ? `${scores.href}&wrong=1` : scores.href}
        >
          {evaluation ? words.mistakes : words.scored}
        </LinkButton>
      )}
      {evaluation && (
        <LinkButton icon="chart" href={evaluation.href}>
          {words.confusion}
        </LinkButton>
      )}
      {model && (
        <LinkButton icon="model" href={model.href}>
          {words.model}
        </LinkButton>
      )}
      {report && (
        <LinkButton icon="report" href={report.href}>
          {words.report}
        </LinkButton>
      )}
      {photos && <Link href={photos.href}>{words.photos}</Link>}
    </nav>
  );
}
