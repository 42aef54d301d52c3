/** An image transformation: its operations in words, and pictures before and after. */
import { useMemo, useState } from "react";
import { useRun } from "~/api/run";
import { Answered } from "~/look/Answered";
import { useTransformation } from "~/look/queries";
import type { ViewProps } from "~/look/types";
import { look as lookWords } from "~/messages/look";
import { Card } from "~/ui/Card";
import { Field } from "~/ui/Field";
import { Notice } from "~/ui/Notice";
import { Select } from "~/ui/Select";
import { BeforeAfter } from "./BeforeAfter";
import { imagesOf } from "./parts";
import styles from "./TransformationView.module.css";

const words = lookWords.transformation;

export function TransformationView({ artifact, run }: ViewProps) {
  const transformation = useTransformation(artifact);
  const made = useRun(run);
  const sources = useMemo(() => (made.data ? imagesOf(made.data) : []), [made.data]);
  const [chosen, setChosen] = useState("");
  const shown = chosen || (sources[0]?.artifact ?? "");
  return (
    <Answered query={transformation}>
      {(found) => (
        <div className={styles.view}>
          <div className={styles.phases}>
            <Phase title={words.training} steps={found.training} />
            <Phase title={words.inference} steps={found.inference} />
          </div>
          {shown ? (
            <BeforeAfter
              images={shown}
              transformation={artifact}
              source={
                sources.length > 1 && (
                  <Field label={lookWords.before.on} className={styles.source}>
                    {(control) => (
                      <Select
                        {...control}
                        value={shown}
                        onChoose={setChosen}
                        choices={sources.map((source) => ({
                          value: source.artifact,
                          label: `${source.step}: ${source.port.replaceAll("_", " ")}`,
                        }))}
                      />
                    )}
                  </Field>
                )
              }
            />
          ) : (
            !made.isPending && <Notice>{lookWords.before.noPictures}</Notice>
          )}
        </div>
      )}
    </Answered>
  );
}

function Phase({ title, steps }: { title: string; steps: readonly string[] }) {
  return (
    <Card>
      <h2 className={styles.title}>{title}</h2>
      {steps.length === 0 ? (
        <p className={styles.quiet}>{words.nothing}</p>
      ) : (
        <ol className={styles.steps}>
          {steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      )}
    </Card>
  );
}
