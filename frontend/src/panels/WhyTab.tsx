/** Why a step runs or is reused: before a run by the plan, after it by what was decided. */
import type { Decision, RunStep } from "~/api/types";
import { bytes, duration } from "~/messages/numbers";
import { panel as panelWords } from "~/messages/panel";
import { IconButton, LinkButton } from "~/ui/Button";
import { Empty } from "~/ui/Empty";
import { Icon } from "~/ui/Icon";
import { Notice } from "~/ui/Notice";
import { StateBadge } from "~/ui/StateBadge";
import { Table } from "~/ui/Table";
import { toast, toastFailure } from "~/ui/Toast";
import styles from "./panel.module.css";

const words = panelWords.why;

export function reasonWords(reason: Decision["reasons"][number]): string {
  return words.kinds[reason.kind]?.(reason.name) ?? `${reason.kind} ${reason.name}`;
}

export function WhyTab({
  planned,
  result,
}: {
  /** What a run now would do with the step. */
  planned: Decision | undefined;
  /** How it fared in the run. */
  result: RunStep | undefined;
}) {
  if (!planned && !result) {
    return (
      <Empty icon="help" title={words.noRun}>
        {words.noRunHint}
      </Empty>
    );
  }
  return (
    <>
      {planned && (
        <section className={styles["group"]} aria-label={words.plan}>
          <h3>{words.plan}</h3>
          <Decided decision={planned} tense="actions" />
        </section>
      )}
      {result && <Result result={result} />}
    </>
  );
}

function Result({ result }: { result: RunStep }) {
  return (
    <section className={styles["group"]} aria-label={words.last}>
      <h3>{words.last}</h3>
      <p className={styles["line"]}>
        <StateBadge state={result.state} />
        {result.seconds !== null && (
          <span className={styles["quiet"]}>{duration(result.seconds)}</span>
        )}
      </p>
      {result.error && (
        <Notice tone="bad">
          <p>{result.error}</p>
          {result.remedy && <p className={styles["quiet"]}>{result.remedy}</p>}
        </Notice>
      )}
      {!result.error && result.reason && <p className={styles["quiet"]}>{result.reason}</p>}
      {result.decision && <Decided decision={result.decision} tense="did" />}
      {result.source && (
        <p className={styles["line"]}>
          <span className={styles["label"]}>{words.source}</span>
          <LinkButton look="quiet" size="small" icon="runs" href={`/runs/${result.source}`}>
            {words.run(result.source)}
          </LinkButton>
        </p>
      )}
      {result.attempts.length > 0 && <Attempts attempts={result.attempts} />}
    </section>
  );
}

const icons = { run: "run", reuse: "reused", refuse: "blocked", leave: "skipped" } as const;

function Decided({ decision, tense }: { decision: Decision; tense: "actions" | "did" }) {
  const { reasons, key } = decision;
  const changes = reasons.filter((reason) => reason.old !== "" || reason.new !== "");
  const others = reasons.filter((reason) => reason.old === "" && reason.new === "");
  return (
    <>
      <p className={styles["line"]}>
        <Icon name={icons[decision.action]} />
        <strong>{words[tense][decision.action]}</strong>
      </p>
      {others.length > 0 && (
        <ul className={styles["reasons"]}>
          {others.map((reason) => (
            <li key={`${reason.kind} ${reason.name}`}>{reasonWords(reason)}</li>
          ))}
        </ul>
      )}
      {changes.length > 0 && (
        <Table caption={words.reasons} dense>
          <thead>
            <tr>
              <th scope="col">{words.what}</th>
              <th scope="col">{words.was}</th>
              <th scope="col">{words.now}</th>
            </tr>
          </thead>
          <tbody>
            {changes.map((reason) => (
              <tr key={`${reason.kind} ${reason.name}`}>
                <th scope="row">{reasonWords(reason)}</th>
                <td>
                  <Shortened text={reason.old} />
                </td>
                <td>
                  <Shortened text={reason.new} />
                </td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      {decision.provisional && <p className={styles["quiet"]}>{words.provisional}</p>}
      {decision.compared_to && (
        <p className={styles["line"]}>
          <span className={styles["label"]}>{words.compared}</span>
          <LinkButton look="quiet" size="small" icon="runs" href={`/runs/${decision.compared_to}`}>
            {words.run(decision.compared_to)}
          </LinkButton>
        </p>
      )}
      {key && (
        <p className={styles["line"]}>
          <span className={styles["label"]}>{words.key}</span>
          <code className={`${styles["mono"]} ${styles["ellipsis"]}`} title={key}>
            {key}
          </code>
          <IconButton
            icon="copy"
            size="small"
            label={words.copyKey}
            onClick={() =>
              void navigator.clipboard
                .writeText(key)
                .then(() => toast(panelWords.log.copied), toastFailure)
            }
          />
        </p>
      )}
    </>
  );
}

/** A digest is told apart by its beginning. */
function Shortened({ text }: { text: string }) {
  if (!/^(sha256:)?[0-9a-f]{32,}$/.test(text)) return text;
  const plain = text.replace("sha256:", "");
  return (
    <code className={styles["mono"]} title={text}>
      {plain.slice(0, 10)}
    </code>
  );
}

function Attempts({ attempts }: { attempts: RunStep["attempts"] }) {
  return (
    <Table caption={words.attempts} dense>
      <thead>
        <tr>
          <th scope="col">{words.attempt}</th>
          <th scope="col" data-number="">
            {words.took}
          </th>
          <th scope="col" data-number="">
            {words.exit}
          </th>
          <th scope="col" data-number="">
            {words.peak}
          </th>
        </tr>
      </thead>
      <tbody>
        {attempts.map((attempt) => (
          <tr key={attempt.number}>
            <th scope="row">
              {attempt.number} <StateBadge state={attempt.state} bare />
              {attempt.reason && <p className={styles["quiet"]}>{attempt.reason}</p>}
            </th>
            <td data-number="">
              {attempt.ended === null ? "" : duration(attempt.ended - attempt.started)}
            </td>
            <td data-number="">{attempt.exit ?? ""}</td>
            <td data-number="">{attempt.peak_bytes === null ? "" : bytes(attempt.peak_bytes)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
