/** Two runs side by side: which is better and how sure that is, what differs, figures, curves. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useLocation } from "wouter";
import { ask, client } from "~/api/client";
import { Curves } from "~/charts/Curves";
import { Answered } from "~/look/Answered";
import type { Comparison } from "~/look/types";
import { look as lookWords } from "~/messages/look";
import { Button } from "~/ui/Button";
import { Section } from "~/ui/Card";
import { Empty } from "~/ui/Empty";
import { Page } from "~/ui/Page";
import styles from "./ComparePage.module.css";
import { Differences } from "./compare/Differences";
import { MetricPairs } from "./compare/MetricPairs";
import { RunChooser } from "./compare/RunChooser";
import { VerdictCard } from "./compare/VerdictCard";

const words = lookWords.compare;

export default function ComparePage({ first, second }: { first: string; second: string }) {
  const [, go] = useLocation();
  const to = (one: string, two: string) =>
    go(`/compare/${encodeURIComponent(one)}/${encodeURIComponent(two)}`);
  const comparison = useQuery({
    queryKey: ["compare", first, second],
    queryFn: ({ signal }) =>
      ask(client.GET("/api/compare", { params: { query: { first, second } }, signal })),
  });
  return (
    <Page
      title={words.title}
      actions={
        <Button icon="compare" onClick={() => to(second, first)}>
          {words.swap}
        </Button>
      }
    >
      <div className={styles.runs}>
        <RunChooser
          label={words.chooseFirst}
          run={first}
          other={second}
          onRun={(run) => to(run, second)}
        />
        <RunChooser
          label={words.chooseSecond}
          run={second}
          other={first}
          onRun={(run) => to(first, run)}
        />
      </div>
      <Answered query={comparison}>{(found) => <Found comparison={found} />}</Answered>
    </Page>
  );
}

/** What a run is called where two of one name stand side by side. */
function nameOf(comparison: Comparison, which: "first" | "second"): string {
  const { first, second } = comparison;
  const run = comparison[which];
  const order = which === "first" ? "A" : "B";
  return first.name === second.name || !run.name ? `${order} ${run.id}` : `${order} ${run.name}`;
}

function Found({ comparison }: { comparison: Comparison }) {
  const curves = useMemo(
    () =>
      (["first", "second"] as const).flatMap((which, index) => {
        const curve = comparison.curves[index];
        return curve && curve.rows.length > 0 ? [{ name: nameOf(comparison, which), curve }] : [];
      }),
    [comparison],
  );
  return (
    <>
      <VerdictCard comparison={comparison} />
      <Section title={words.differs}>
        <Differences differences={comparison.differences} />
      </Section>
      <Section title={words.metrics}>
        <MetricPairs metrics={comparison.metrics} />
      </Section>
      <Section title={words.curves}>
        {curves.length === 0 ? (
          <Empty icon="curve" title={words.noCurves} />
        ) : (
          <Curves curves={curves} />
        )}
      </Section>
    </>
  );
}
