/** The figures behind curves, for eyes that prefer numbers and for screen readers. */
import { look as lookWords } from "~/messages/look";
import { Table } from "~/ui/Table";
import styles from "./Curves.module.css";
import { type NamedRows, tableOf } from "./curveData";

const words = lookWords.curves;

function text(metric: string, value: number | null): string {
  if (value === null) return "–";
  if (metric === "epoch") return String(value);
  return Math.abs(value) < 0.001 && value !== 0 ? value.toExponential(2) : value.toPrecision(4);
}

export function CurveTable({ runs }: { runs: readonly NamedRows[] }) {
  const table = tableOf(runs);
  return (
    <Table caption={words.label} dense className={styles.table}>
      <thead>
        <tr>
          {runs.length > 1 && <th scope="col">{words.run}</th>}
          {table.metrics.map((metric) => (
            <th key={metric} scope="col" data-number>
              {words.names[metric] ?? metric}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {table.rows.map((row) => (
          <tr key={`${row.run} ${row.values[0]}`}>
            {runs.length > 1 && <td>{row.run}</td>}
            {row.values.map((value, column) => (
              <td key={table.metrics[column]} data-number>
                {text(table.metrics[column] ?? "", value)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
