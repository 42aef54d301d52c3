/** A run: how it goes or went, its frozen pipeline, and everything about each step. */
import { useCallback, useMemo, useState } from "react";
import { useSearchParams } from "wouter";
import { Canvas } from "~/canvas/Canvas";
import { Curves } from "~/charts/Curves";
import { t } from "~/messages";
import { Inspector } from "~/panels/Inspector";
import { usePanel } from "~/panels/store";
import { useFollowedRun, useRun, useSummary } from "~/panels/useRun";
import { useLive } from "~/store/live";
import { LinkButton } from "~/ui/Button";
import { FailureNotice } from "~/ui/Notice";
import { usePageTitle } from "~/ui/Page";
import { Waiting } from "~/ui/Spinner";
import { Tabs } from "~/ui/Tabs";
import { RunHead } from "./run/RunHead";
import styles from "./run/run.module.css";
import { Story } from "./run/Story";
import { Timeline } from "./run/Timeline";

const words = t.run;
type Part = "steps" | "timeline" | "curves";

export default function RunPage({ run: id }: { run: string }) {
  const run = useFollowedRun(id);
  const summary = useSummary(id);
  const read = useRun(id);
  const [part, setPart] = useState<Part>("steps");
  const [query, setQuery] = useSearchParams();
  const step = query.get("step") ?? "";
  usePageTitle(words.heading(summary?.name || id));

  const selected = useMemo(() => (step ? [step] : []), [step]);
  const select = useCallback(
    (steps: readonly string[]) => {
      const [one] = steps;
      setQuery(one && steps.length === 1 ? { step: one } : {}, { replace: true });
    },
    [setQuery],
  );
  const showLog = (name: string) => {
    select([name]);
    usePanel.getState().show("log");
  };

  if (!run || !summary) {
    return (
      <main className={styles.page}>
        {read.error ? (
          <div className={styles.alone}>
            <h1 tabIndex={-1}>{words.notThere}</h1>
            <FailureNotice failure={read.error} onRetry={() => void read.refetch()} />
            <LinkButton href="/runs">{words.toRuns}</LinkButton>
          </div>
        ) : (
          <Waiting>{t.common.loading}</Waiting>
        )}
      </main>
    );
  }
  const training = run.steps.find((one) => one.trains)?.name;
  return (
    <main className={styles.page}>
      <RunHead run={run} summary={summary} />
      <div className={styles.body}>
        <div className={styles.main}>
          <Story run={run} summary={summary} onLog={showLog} />
          <Tabs<Part>
            label={words.parts}
            className={styles.parts}
            selected={part}
            onSelect={setPart}
            tabs={[
              {
                id: "steps",
                label: words.steps,
                icon: "outline",
                content: () => (
                  <Canvas
                    graph={run.graph}
                    problems={[]}
                    readOnly
                    selected={selected}
                    onSelect={select}
                  />
                ),
              },
              {
                id: "timeline",
                label: words.timeline,
                icon: "clock",
                content: () => <Timeline run={run} onSelect={(name) => select([name])} />,
              },
              ...(training
                ? [
                    {
                      id: "curves" as const,
                      label: words.curves,
                      icon: "curve" as const,
                      content: () => <LiveCurves step={training} />,
                    },
                  ]
                : []),
            ]}
          />
        </div>
        <div className={styles.side}>
          <Inspector
            mode="run"
            graph={run.graph}
            problems={[]}
            selected={selected}
            runId={summary.id}
            onSelect={select}
          />
        </div>
      </div>
    </main>
  );
}

function LiveCurves({ step }: { step: string }) {
  const epochs = useLive((state) => state.steps[step]?.epochs);
  return (
    <div className={styles.scroll}>
      <Curves curves={[]} live={epochs ?? []} />
    </div>
  );
}
