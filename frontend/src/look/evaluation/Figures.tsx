/** Figures, each with the interval that says how sure it is. */
import { Whisker } from "~/charts/Whisker";
import { isFraction, number, percent } from "~/look/format";
import type { FigureOf } from "~/look/types";
import { look as lookWords } from "~/messages/look";
import { Section } from "~/ui/Card";
import styles from "./EvaluationView.module.css";

const words = lookWords.evaluation;

/** A figure in words: value, interval and counts. */
export function inWords(figure: FigureOf): { value: string; interval: string; counts: string } {
  const say = (value: number | null) =>
    isFraction(figure.name) ? percent(value) : number(value, 3);
  return {
    value: say(figure.value),
    interval:
      figure.low !== null && figure.high !== null
        ? words.interval(say(figure.low), say(figure.high))
        : "",
    counts:
      figure.count !== null && figure.total !== null
        ? words.counts(figure.count, figure.total)
        : "",
  };
}

export function Figures({ figures, pictures }: { figures: readonly FigureOf[]; pictures: number }) {
  return (
    <Section title={words.figures} aside={<span>{words.pictures(pictures)}</span>}>
      <p className={styles.quiet}>{words.figuresHelp}</p>
      <dl className={styles.figures}>
        {figures
          .filter((figure) => figure.value !== null)
          .map((figure, index) => {
            const said = inWords(figure);
            return (
              <div key={figure.name} className={index === 0 ? styles.headline : undefined}>
                <dt>{figure.title}</dt>
                <dd className={styles.value}>{said.value}</dd>
                <dd className={styles.whisker}>
                  {isFraction(figure.name) && figure.value !== null && (
                    <Whisker
                      value={figure.value}
                      low={figure.low}
                      high={figure.high}
                      label={[figure.title, said.value, said.interval].filter(Boolean).join(", ")}
                    />
                  )}
                </dd>
                <dd className={styles.interval}>{said.interval}</dd>
                {index === 0 && said.counts && <dd className={styles.counts}>{said.counts}</dd>}
              </div>
            );
          })}
      </dl>
    </Section>
  );
}
