/** A run: how it goes or went, its frozen pipeline, and everything about each step. */
import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import { useSearchParams } from "wouter";
import { useRun } from "~/api/run";
import { Canvas } from "~/canvas/Canvas";
import { Said } from "~/canvas/Said";
import { t } from "~/messages";
import { run as runWords } from "~/messages/run";
import { usePanel } from "~/panels/store";
import { useFollowedRun, useSummary } from "~/panels/useRun";
import { LinkButton } from "~/ui/Button";
import { FailureNotice } from "~/ui/Notice";
import { usePageTitle } from "~/ui/Page";
import { Waiting } from "~/ui/Spinner";
import { Tabs } from "~/ui/Tabs";
import styles from "./run/run.module.css";

const words = runWords;
const Inspector = lazy(() =>
  import("~/panels/Inspector").then(({ Inspector: found }) => ({ default: found })),
);
const RunHead = lazy(() => import("./run/RunHead"));
const Story = lazy(() => import("./run/Story"));
const Timeline = lazy(() => import("./run/Timeline"));
const LiveCurves = lazy(() => import("./run/LiveCurves"));
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
      <Suspense fallback={<div className={styles.headPlace} />}>
        <RunHead run={run} summary={summary} />
      </Suspense>
      <div className={styles.body}>
        <div className={styles.main}>
          <Suspense fallback={<div className={styles.storyPlace} />}>
            <Story run={run} summary={summary} onLog={showLog} />
          </Suspense>
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
                content: () => (
                  <Suspense fallback={null}>
                    <Timeline run={run} onSelect={(name) => select([name])} />
                  </Suspense>
                ),
              },
              ...(training
                ? [
                    {
                      id: "curves" as const,
                      label: words.curves,
                      icon: "curve" as const,
                      content: () => (
                        <Suspense fallback={null}>
                          <LiveCurves step={training} />
                        </Suspense>
                      ),
                    },
                  ]
                : []),
            ]}
          />
        </div>
        <div className={styles.side} data-panel="right" tabIndex={-1}>
          <Suspense fallback={null}>
            <Inspector
              mode="run"
              graph={run.graph}
              problems={[]}
              selected={selected}
              runId={summary.id}
              onSelect={select}
            />
          </Suspense>
        </div>
      </div>
      <Said />
    </main>
  );
}
