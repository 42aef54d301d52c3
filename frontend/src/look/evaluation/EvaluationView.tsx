/** An evaluation: figures and how sure they are, the confusion matrix and its pictures, the classes. */
import { useEffect, useRef, useState } from "react";
import { Matrix } from "~/charts/Matrix";
import { Answered } from "~/look/Answered";
import { percent } from "~/look/format";
import { useEvaluation } from "~/look/queries";
import type { Evaluation, ViewProps } from "~/look/types";
import { look as lookWords } from "~/messages/look";
import { Card, Section } from "~/ui/Card";
import { Notice } from "~/ui/Notice";
import { CellPictures } from "./CellPictures";
import { ClassTable } from "./ClassTable";
import styles from "./EvaluationView.module.css";
import { Figures } from "./Figures";

const words = lookWords.evaluation;

export function EvaluationView({ artifact }: ViewProps) {
  const evaluation = useEvaluation(artifact);
  return (
    <Answered query={evaluation}>
      {(found) => (
        <div className={styles.view}>
          {found.remarks.length > 0 && (
            <Notice>
              {found.remarks.map((remark) => (
                <p key={remark}>{remark}</p>
              ))}
            </Notice>
          )}
          <div className={styles.top}>
            <Figures figures={found.figures} pictures={found.pictures} />
            <Confusion evaluation={found} />
          </div>
          <Section title={words.perClass}>
            <ClassTable classes={found.per_class} />
          </Section>
        </div>
      )}
    </Answered>
  );
}

function Confusion({ evaluation }: { evaluation: Evaluation }) {
  const [shares, setShares] = useState(false);
  const [cell, setCell] = useState<{ row: number; column: number } | null>(null);
  const pictures = useRef<HTMLDivElement>(null);
  const { classes, confusion } = evaluation;

  useEffect(() => {
    if (cell) pictures.current?.scrollIntoView({ block: "nearest" });
  }, [cell]);

  return (
    <Section
      title={words.matrix}
      className={styles.confusion}
      aside={
        <fieldset className={styles.choice}>
          <legend className="visually-hidden">{words.show}</legend>
          {[false, true].map((asShares) => (
            <label key={String(asShares)}>
              <input
                type="radio"
                name="confusion"
                checked={shares === asShares}
                onChange={() => setShares(asShares)}
              />
              {asShares ? words.asShares : words.asCounts}
            </label>
          ))}
        </fieldset>
      }
    >
      <p className={styles.quiet}>{words.matrixHelp}</p>
      <Card className={styles.matrix}>
        <Matrix
          classes={classes}
          counts={confusion}
          shares={shares}
          chosen={cell}
          onChoose={(row, column) =>
            setCell(cell?.row === row && cell.column === column ? null : { row, column })
          }
          words={{
            label: words.matrix,
            rows: words.true,
            columns: words.given,
            total: words.total,
            cell: words.cell,
            share: percent,
          }}
        />
      </Card>
      <div ref={pictures} className={styles.pictures}>
        {cell && (
          <CellPictures
            scores={evaluation.scores}
            label={classes[cell.row] ?? ""}
            answer={classes[cell.column] ?? ""}
            count={confusion[cell.row]?.[cell.column] ?? 0}
            onClose={() => setCell(null)}
          />
        )}
      </div>
    </Section>
  );
}
