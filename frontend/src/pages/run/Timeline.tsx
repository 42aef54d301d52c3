/** When each step ran: a table whose bars are a picture of the same. */
import type { Run } from "~/api/types";
import { duration } from "~/messages/numbers";
import { run as runWords } from "~/messages/run";
import { useLive } from "~/store/live";
import { Empty } from "~/ui/Empty";
import { StateBadge } from "~/ui/StateBadge";
import { Table } from "~/ui/Table";
import { criticalPath } from "./critical";
import styles from "./run.module.css";
import { useNow } from "./useNow";

const words = runWords;

export default function Timeline({
  run,
  onSelect,
}: {
  run: Run;
  onSelect: (step: string) => void;
}) {
  const live = useLive((state) => state.steps);
  const over = run.summary.ended !== null;
  const now = useNow(!over);
  const begin = run.summary.started ?? run.summary.created;
  const end = run.summary.ended ?? now;
  const whole = Math.max(0.001, end - begin);
  const critical = over ? criticalPath(run.graph, run.steps) : new Set<string>();
  if (run.summary.started === null) return <Empty icon="clock" title={words.none} />;
  return (
    <div className={styles.scroll}>
      <Table caption={words.bars} dense className={styles.timeline}>
        <thead>
          <tr>
            <th scope="col">{words.where}</th>
            <th scope="col">{words.state}</th>
            <th scope="col" data-number>
              {words.began}
            </th>
            <th scope="col" data-number>
              {words.lasted}
            </th>
            <th scope="col" className={styles.wide}>
              {words.bars}
            </th>
          </tr>
        </thead>
        <tbody>
          {run.steps.map((step) => {
            const from = step.started === null ? null : step.started - begin;
            const to = step.started === null ? null : (step.ended ?? now) - begin;
            return (
              <tr key={step.name}>
                <th scope="row">
                  <button type="button" className={styles.link} onClick={() => onSelect(step.name)}>
                    {step.name}
                  </button>
                </th>
                <td>
                  <StateBadge bare state={live[step.name]?.state ?? step.state} />
                </td>
                <td data-number>{from === null ? "" : duration(Math.max(0, from))}</td>
                <td data-number>
                  {from === null || to === null ? words.notRun : duration(Math.max(0, to - from))}
                </td>
                <td className={styles.wide}>
                  {from !== null && to !== null && (
                    <span
                      className={critical.has(step.name) ? styles.criticalBar : styles.bar}
                      style={{
                        marginInlineStart: `${(100 * Math.max(0, from)) / whole}%`,
                        inlineSize: `${(100 * Math.max(0, to - from)) / whole}%`,
                      }}
                    >
                      {critical.has(step.name) && (
                        <span className="visually-hidden">{words.critical}</span>
                      )}
                    </span>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </Table>
      {critical.size > 0 && (
        <p className={styles.hint}>
          <span className={styles.criticalKey} aria-hidden="true" /> {words.criticalHint}
        </p>
      )}
    </div>
  );
}
