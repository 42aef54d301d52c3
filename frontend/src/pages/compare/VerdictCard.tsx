/** Which of two runs is better on the same pictures, in a sentence and as an interval. */
import { percent } from "~/look/format";
import type { Comparison } from "~/look/types";
import { look as lookWords } from "~/messages/look";
import { Card } from "~/ui/Card";
import { DifferenceWhisker } from "./DifferenceWhisker";
import styles from "./VerdictCard.module.css";

const words = lookWords.compare;

export function VerdictCard({ comparison }: { comparison: Comparison }) {
  const { verdict } = comparison;
  if (!verdict) {
    return (
      <Card className={styles.card}>
        <h2 className={styles.none}>{words.noVerdict}</h2>
        <p>{comparison.why_no_verdict}</p>
      </Card>
    );
  }
  return (
    <Card className={styles.card}>
      <h2 className="visually-hidden">{words.verdict}</h2>
      <p className={styles.sentence}>{verdict.sentence}</p>
      <p className={styles.numbers}>
        {words.accuracies(percent(verdict.first), percent(verdict.second))}
      </p>
      {verdict.low !== null && verdict.high !== null && (
        <DifferenceWhisker
          label={words.difference}
          value={verdict.difference}
          low={verdict.low}
          high={verdict.high}
        />
      )}
    </Card>
  );
}
