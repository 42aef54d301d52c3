/** Figures of both runs and what changed, in words and by icon. */
import { difference, figure, words as inWords, lessIsBetter } from "~/look/format";
import type { Comparison } from "~/look/types";
import { look as lookWords } from "~/messages/look";
import { cx } from "~/ui/cx";
import { Icon } from "~/ui/Icon";
import { Table } from "~/ui/Table";
import styles from "./MetricPairs.module.css";

const words = lookWords.compare;
const names = lookWords.curves.names;
/** Figures that are neither good nor bad. */
const neutral = /epoch|learning_rate|images_per_second|pictures|count|seconds|waited/;

export function MetricPairs({ metrics }: { metrics: Comparison["metrics"] }) {
  if (metrics.length === 0) return <p>{words.noMetrics}</p>;
  return (
    <Table caption={words.metrics} dense>
      <thead>
        <tr>
          <th scope="col">{words.metric}</th>
          <th scope="col" data-number>
            A
          </th>
          <th scope="col" data-number>
            B
          </th>
          <th scope="col">{words.change}</th>
        </tr>
      </thead>
      <tbody>
        {metrics.map((metric) => (
          <tr key={metric.name}>
            <th scope="row">{names[metric.name] ?? inWords(metric.name)}</th>
            <td data-number>{figure(metric.name, metric.first)}</td>
            <td data-number>{figure(metric.name, metric.second)}</td>
            <td>
              <Change {...metric} />
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Change({ name, first, second }: Comparison["metrics"][number]) {
  if (first === null || second === null) return <span className={styles.same}>–</span>;
  const change = difference(name, first, second);
  if (first === second || !/[1-9]/.test(change))
    return <span className={styles.same}>{words.equal}</span>;
  if (neutral.test(name)) return <span className={styles.same}>{change}</span>;
  const better = second > first !== lessIsBetter(name);
  return (
    <span className={cx(styles.change, better ? styles.better : styles.worse)}>
      <Icon name={second > first ? "arrowUp" : "arrowDown"} size={13} />
      {change}, {better ? words.better : words.worse}
    </span>
  );
}
