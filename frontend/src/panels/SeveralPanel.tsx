/** Several steps at once: how many, and what can be done to all of them. */
import type { Graph } from "~/api/types";
import { panel as panelWords } from "~/messages/panel";
import { Button } from "~/ui/Button";
import { Field } from "~/ui/Field";
import { Select } from "~/ui/Select";
import { plainTarget, targetChoices, useTargets } from "./ComputeTab";
import { send } from "./edits";
import styles from "./panel.module.css";

const words = panelWords.several;
const MIXED = "\u0000";

export function SeveralPanel({
  graph,
  selected,
  readOnly,
  onSelect,
}: {
  graph: Graph;
  selected: readonly string[];
  readOnly: boolean;
  onSelect: (step: string) => void;
}) {
  const { data: targets } = useTargets();
  const steps = graph.steps.filter((step) => selected.includes(step.name));
  const computes = new Set(steps.map((step) => plainTarget(step.compute)));
  const isMixed = computes.size > 1;
  const now = isMixed ? MIXED : ([...computes][0] ?? "");
  const inherited = plainTarget(graph.default_compute) || panelWords.compute.machine;
  return (
    <div className={styles["scroll"]}>
      <div className={styles["group"]}>
        {!readOnly && <p className={styles["quiet"]}>{words.hint}</p>}
        <ul className={styles["links"]}>
          {steps.map((step) => (
            <li key={step.name}>
              <Button look="quiet" size="small" onClick={() => onSelect(step.name)}>
                {step.title}
                <span className={styles["quiet"]}>{step.name}</span>
              </Button>
            </li>
          ))}
        </ul>
      </div>
      {!readOnly && (
        <div className={styles["group"]}>
          <Field label={words.compute}>
            {(control) => (
              <Select
                {...control}
                value={now}
                choices={[
                  ...(isMixed ? [{ value: MIXED, label: words.mixed, disabled: true }] : []),
                  { value: "", label: panelWords.compute.inherit(inherited) },
                  ...targetChoices(targets ?? [], isMixed ? "" : now),
                ]}
                onChoose={(value) =>
                  void send(
                    words.setAll,
                    steps.map((step) => ({
                      kind: "set_step",
                      step: step.name,
                      key: "compute",
                      value: value || null,
                    })),
                  )
                }
              />
            )}
          </Field>
          <Button
            icon="trash"
            look="danger"
            className={styles["start"]}
            onClick={() =>
              void send(words.removed(steps.length), [
                { kind: "remove_steps", steps: steps.map((step) => step.name) },
              ])
            }
          >
            {words.remove}
          </Button>
        </div>
      )}
    </div>
  );
}
