/** The pictures of one cell of a confusion matrix, worst first. */
import { useScores } from "~/look/queries";
import { everyScore } from "~/look/scores/filter";
import { ScoreGrid } from "~/look/scores/ScoreGrid";
import { look as lookWords } from "~/messages/look";
import { IconButton } from "~/ui/Button";
import { Notice } from "~/ui/Notice";
import styles from "./EvaluationView.module.css";

const words = lookWords.evaluation;

export function CellPictures({
  scores,
  label,
  answer,
  count,
  onClose,
}: {
  /** Id of the scores; empty when not known. */
  scores: string;
  label: string;
  answer: string;
  count: number;
  onClose: () => void;
}) {
  const found = useScores(scores);
  const title = words.cellTitle(label, answer);
  return (
    <section aria-label={title} className={styles.cell}>
      <div className={styles.cellHead}>
        <h3>{title}</h3>
        <span className={styles.quiet}>{words.pictures(count)}</span>
        <IconButton icon="close" label={words.closeCell} size="small" onClick={onClose} />
      </div>
      {!scores ? (
        <Notice>{words.noScores}</Notice>
      ) : count === 0 ? (
        <p className={styles.quiet}>{words.cellEmpty}</p>
      ) : (
        <ScoreGrid
          artifact={scores}
          filter={{
            ...everyScore,
            sort: "loss",
            descending: true,
            label,
            scored_label: answer,
          }}
          count={count}
          size={124}
          pictures={found.data?.pictures ?? true}
          label={title}
        />
      )}
    </section>
  );
}
