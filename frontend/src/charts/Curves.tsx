/** Curves of one training or several over each other: panes with a shared cursor, a table, CSV.
 *
 * The chart library is loaded when the first curves are shown; the place is kept for it. */
import { lazy, Suspense, useId, useMemo, useState } from "react";
import type { Curve } from "~/api/types";
import { look as lookWords } from "~/messages/look";
import { Button } from "~/ui/Button";
import { Empty } from "~/ui/Empty";
import { Checkbox } from "~/ui/Field";
import styles from "./Curves.module.css";
import { CurveTable } from "./CurveTable";
import { csv, download } from "./csv";
import { chartOf, type EpochRow, isWide, type NamedRows, namedRows, tableOf } from "./curveData";
import { Sample } from "./Sample";

const CurvePanes = lazy(() => import("./CurvePanes"));
const words = lookWords.curves;

export function Curves({
  curves,
  live,
}: {
  curves: readonly { name: string; curve: Curve }[];
  live?: readonly EpochRow[];
}) {
  const [chosen, setLog] = useState<boolean | null>(null);
  const [asTable, setAsTable] = useState(false);
  const id = useId();
  const runs = useMemo(() => namedRows(curves, live, words.live), [curves, live]);
  const chart = useMemo(() => chartOf(runs), [runs]);
  const log = chosen ?? isWide(chart);

  if (chart.epochs.length === 0) {
    return (
      <div className={styles.none}>
        <Empty icon="curve" title={words.none} />
      </div>
    );
  }
  const save = () => {
    const table = tableOf(runs);
    const rows = table.rows.map((row) => [row.run, ...row.values]);
    download(words.file, csv(["run", ...table.metrics], rows));
  };
  return (
    <section aria-label={words.label} className={styles.curves}>
      <div className={styles.tools}>
        {runs.length > 1 && <Runs runs={runs} />}
        <span className={styles.spacer} />
        {!asTable && (
          <Checkbox
            label={words.log}
            checked={log}
            onChange={(event) => setLog(event.target.checked)}
          />
        )}
        <Button
          size="small"
          icon={asTable ? "curve" : "runs"}
          aria-controls={id}
          onClick={() => setAsTable(!asTable)}
        >
          {asTable ? words.chart : words.table}
        </Button>
        <Button size="small" icon="download" onClick={save}>
          {words.csv}
        </Button>
      </div>
      <div id={id}>
        {asTable ? (
          <CurveTable runs={runs} />
        ) : (
          <Suspense fallback={<Places count={chart.panes.length} />}>
            <CurvePanes chart={chart} runs={runs} log={log} />
          </Suspense>
        )}
      </div>
    </section>
  );
}

/** Empty panes of the size of those to come. */
function Places({ count }: { count: number }) {
  return (
    <div className={styles.panes} aria-busy="true">
      {Array.from({ length: count }, (_, pane) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: places have nothing else
        <div key={pane} className={styles.place} />
      ))}
    </div>
  );
}

function Runs({ runs }: { runs: readonly NamedRows[] }) {
  return (
    <ul className={styles.runs}>
      {runs.map((run, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a run may be laid over itself
        <li key={`${index} ${run.name}`}>
          <Sample run={index} quiet={false} alone={false} />
          {run.name}
        </li>
      ))}
    </ul>
  );
}
