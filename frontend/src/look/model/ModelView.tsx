/** A model: what it is, how good it was, how it was trained, and a photo to try it on. */
import { Curves } from "~/charts/Curves";
import { Answered } from "~/look/Answered";
import { figure, words as inWords } from "~/look/format";
import { useArtifact, useCurve, useModel } from "~/look/queries";
import type { Model, ViewProps } from "~/look/types";
import { look as lookWords } from "~/messages/look";
import { buttonClass } from "~/ui/Button";
import { Section } from "~/ui/Card";
import { Icon } from "~/ui/Icon";
import { Table } from "~/ui/Table";
import styles from "./ModelView.module.css";
import { TryIt } from "./TryIt";

const words = lookWords.model;
const metricNames = lookWords.curves.names;
/** Said elsewhere on the page. */
const beside = new Set(["epoch", "learning_rate", "best_epoch"]);

export function ModelView({ artifact, run, step }: ViewProps) {
  const model = useModel(artifact);
  const made = useArtifact(artifact);
  const trained = model.data?.trained ?? false;
  // the curve is that of the step that made the model, also where it was reused
  const curve = useCurve(
    made.data?.run || run,
    made.data?.step || step,
    trained && !made.isPending,
  );
  return (
    <Answered query={model}>
      {(found) => (
        <div className={styles.view}>
          {found.trained && <TryIt artifact={artifact} />}
          <div className={styles.columns}>
            <div className={styles.column}>
              <Figures figures={found.figures} bestEpoch={found.best_epoch} />
              <Section
                title={words.facts}
                aside={
                  <a
                    href={`/api/models/${encodeURIComponent(artifact)}/download`}
                    download
                    title={words.downloadHelp}
                    className={buttonClass({ size: "small" })}
                  >
                    <Icon name="download" />
                    {words.download}
                  </a>
                }
              >
                <dl className={styles.facts}>
                  {found.facts.map(([name, value]) => (
                    <div key={name}>
                      <dt>{name}</dt>
                      <dd>{value}</dd>
                    </div>
                  ))}
                </dl>
              </Section>
            </div>
            <div className={styles.column}>
              <Section
                title={
                  found.classes.length > 0
                    ? words.classes(found.classes.length)
                    : lookWords.images.classes
                }
              >
                {found.classes.length === 0 ? (
                  <p className={styles.quiet}>{words.noClasses}</p>
                ) : (
                  <ul className={styles.classes}>
                    {found.classes.map((name) => (
                      <li key={name}>{name}</li>
                    ))}
                  </ul>
                )}
              </Section>
              {Object.keys(found.recipe).length > 0 && <Recipe recipe={found.recipe} />}
            </div>
          </div>
          {curve.data && curve.data.rows.length > 0 && (
            <Section title={words.history}>
              <Curves curves={[{ name: found.architecture, curve: curve.data }]} />
            </Section>
          )}
        </div>
      )}
    </Answered>
  );
}

function Figures({ figures, bestEpoch }: { figures: Model["figures"]; bestEpoch: number | null }) {
  const shown = Object.entries(figures).filter(
    ([name, value]) => value !== null && !beside.has(name),
  );
  if (shown.length === 0) return null;
  return (
    <Section
      title={words.figures}
      aside={bestEpoch !== null && <span>{words.bestEpoch(bestEpoch)}</span>}
    >
      <dl className={styles.figures}>
        {shown.map(([name, value]) => (
          <div key={name}>
            <dt>{metricNames[name] ?? inWords(name)}</dt>
            <dd>{figure(name, value)}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

/** A value of a recipe as it would be said. */
function said(value: unknown): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? words.on : words.off;
  if (Array.isArray(value)) return value.map(said).join(", ");
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([name, one]) => `${name} ${said(one)}`)
      .join(", ");
  }
  return String(value);
}

function Recipe({ recipe }: { recipe: Readonly<Record<string, unknown>> }) {
  return (
    <Section title={words.recipe}>
      <p className={styles.quiet}>{words.recipeHelp}</p>
      <Table caption={words.recipe} dense className={styles.recipe}>
        <thead>
          <tr>
            <th scope="col">{words.name}</th>
            <th scope="col">{words.value}</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(recipe).map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{inWords(name)}</th>
              <td>{said(value)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Section>
  );
}
