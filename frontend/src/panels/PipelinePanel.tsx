/** The pipeline itself, shown while no step is selected. */
import { useState } from "react";
import type { Graph, Problem } from "~/api/types";
import { freeInput } from "~/graph/document";
import { panel as panelWords } from "~/messages/panel";
import { Button, IconButton } from "~/ui/Button";
import { Field } from "~/ui/Field";
import { Icon } from "~/ui/Icon";
import { Select } from "~/ui/Select";
import { plainTarget, targetChoices, useTargets } from "./ComputeTab";
import { send } from "./edits";
import { FolderDialog, idOf } from "./FolderDialog";
import { InputValue, setInput } from "./InputValue";
import styles from "./panel.module.css";
import { Switch } from "./Switch";
import { TypedField } from "./TypedField";
import { shown } from "./words";

const words = panelWords.pipeline;

interface PipelineProps {
  draft: string;
  graph: Graph;
  problems: readonly Problem[];
  readOnly: boolean;
}

export function PipelinePanel(props: PipelineProps) {
  const { draft, graph, readOnly } = props;
  const head = (key: "display_name" | "description", label: string) => (text: string) =>
    send(words.set(label), [{ kind: "set_head", key, value: text || null }], `type head.${key}`);
  return (
    // what scrolls must be reachable, also where nothing in it is
    <div className={styles["scroll"]} tabIndex={readOnly ? 0 : undefined}>
      {!readOnly && (
        <div className={styles["group"]}>
          <TypedField
            id={`${draft}//display_name`}
            label={words.name}
            saved={graph.display_name}
            send={head("display_name", words.name)}
          />
          <TypedField
            id={`${draft}//description`}
            label={words.description}
            saved={graph.description}
            send={head("description", words.description)}
            long
          />
        </div>
      )}
      {readOnly && graph.description && <p>{graph.description}</p>}
      <Inputs {...props} />
      <Outputs {...props} />
      <Settings {...props} />
    </div>
  );
}

function Inputs({ draft, graph, problems, readOnly }: PipelineProps) {
  const [choosing, setChoosing] = useState("");
  const usedBy = (name: string) =>
    graph.steps.filter((step) =>
      Object.values(step.inputs).some((item) => item.kind === "input" && item.input === name),
    ).length;
  return (
    <section className={styles["group"]} aria-label={words.inputs}>
      <h3>{words.inputs}</h3>
      {graph.inputs.length === 0 && <p className={styles["quiet"]}>{words.noInputs}</p>}
      {graph.inputs.map((input) => {
        const problem = problems.find((item) => item.step === "" && item.name === input.name);
        const missing = input.kind === "data" && !input.path;
        const told =
          problem &&
          (missing
            ? words.chooseFirst
            : [problem.message, problem.remedy].filter(Boolean).join(" "));
        const error = problem?.severity === "error" ? told : undefined;
        if (readOnly) {
          return (
            <div key={input.name} className={styles["item"]}>
              <strong>{input.name}</strong>
              <span className={styles["quiet"]}>{input.path ?? shown(input.value)}</span>
            </div>
          );
        }
        const isData = input.kind === "data";
        return (
          <div key={input.name} className={styles["item"]}>
            <div className={styles["line"]}>
              <Icon name={isData ? "folder" : "parameters"} size={14} />
              <TypedField
                id={`${draft}//input name/${input.name}`}
                label={words.rename(input.name)}
                hideLabel
                className={styles["grow"]}
                saved={input.name}
                onlyWhenLeft
                wrong={(text) => (/^[A-Za-z_]\w*$/.test(text) ? "" : panelWords.step.nameWrong)}
                send={async (text) =>
                  /^[A-Za-z_]\w*$/.test(text) &&
                  send(words.rename(input.name), [
                    { kind: "rename_input", name: input.name, new: text },
                  ])
                }
              />
              <IconButton
                icon="trash"
                size="small"
                label={words.remove(input.name)}
                onClick={() =>
                  void send(words.remove(input.name), [
                    setInput(input.name, { data: isData, remove: true }),
                  ])
                }
              />
            </div>
            {isData ? (
              <>
                <TypedField
                  key={input.name}
                  id={`${draft}//path/${input.name}`}
                  label={words.folder}
                  accessibleName={words.pathOf(input.name)}
                  parameter={input.name}
                  hideLabel
                  saved={input.path ?? ""}
                  placeholder={words.notChosen}
                  hint={error ? undefined : told}
                  error={error}
                  send={(text) =>
                    send(
                      words.pathOf(input.name),
                      [setInput(input.name, { path: text || null })],
                      `type input.${input.name}`,
                    )
                  }
                />
                <div className={styles["line"]}>
                  <span className={`${styles["quiet"]} ${styles["grow"]}`}>
                    {words.used(usedBy(input.name))}
                  </span>
                  <Button
                    size="small"
                    icon="folderOpen"
                    aria-label={words.chooseFor(input.name)}
                    onClick={() => setChoosing(input.name)}
                  >
                    {words.choose}
                  </Button>
                </div>
              </>
            ) : (
              <>
                <InputValue
                  draft={draft}
                  graph={graph}
                  name={input.name}
                  value={input.value}
                  error={error}
                />
                <span className={styles["quiet"]}>{words.used(usedBy(input.name))}</span>
              </>
            )}
          </div>
        );
      })}
      {!readOnly && (
        <Button
          size="small"
          icon="plus"
          look="quiet"
          className={styles["start"]}
          onClick={() => void send(words.addData, [setInput(freeInput(graph, "photos"), {})])}
        >
          {words.addData}
        </Button>
      )}
      {choosing && (
        <FolderDialog
          title={panelWords.folders.title(choosing)}
          onClose={() => setChoosing("")}
          onChoose={(place) =>
            void send(words.chooseFor(choosing), [setInput(choosing, { folder: idOf(place) })])
          }
        />
      )}
    </section>
  );
}

function Outputs({ draft, graph, readOnly }: PipelineProps) {
  const giver = (output: string) => {
    for (const step of graph.steps) {
      for (const [port, name] of Object.entries(step.outputs)) {
        if (name === output) return { step: step.name, port };
      }
    }
    return null;
  };
  return (
    <section className={styles["group"]} aria-label={words.outputs}>
      <h3>{words.outputs}</h3>
      {graph.outputs.length === 0 && <p className={styles["quiet"]}>{words.noOutputs}</p>}
      {graph.outputs.map((output) => {
        const from = giver(output.name);
        return (
          <div key={output.name} className={styles["item"]}>
            <span className={styles["line"]}>
              <Icon name="output" size={14} />
              <strong className={styles["grow"]}>{output.name}</strong>
            </span>
            {from && (
              <span className={styles["quiet"]}>
                {panelWords.fields.boundStep(from.step, from.port)}
              </span>
            )}
            {readOnly || !from ? (
              <span className={styles["quiet"]}>{output.path ?? words.inStore}</span>
            ) : (
              <TypedField
                id={`${draft}//output/${output.name}`}
                label={words.outputPath(output.name)}
                hideLabel
                saved={output.path ?? ""}
                placeholder={words.inStore}
                send={(text) =>
                  send(
                    words.outputPath(output.name),
                    [{ kind: "set_output", ...from, output: output.name, path: text || null }],
                    `type output.${output.name}`,
                  )
                }
              />
            )}
          </div>
        );
      })}
    </section>
  );
}

function Settings({ graph, readOnly, problems }: PipelineProps) {
  const { data: targets } = useTargets();
  const set = plainTarget(graph.default_compute);
  const fallback = targets?.find((target) => target.default)?.name ?? panelWords.compute.machine;
  const problem = problems.find((item) => item.step === "" && /compute/.test(item.name));
  const change =
    (key: "force_rerun" | "continue_on_step_failure", label: string) => (on: boolean) =>
      void send(words.set(label), [{ kind: "set_setting", key, value: on || null }]);
  return (
    <section className={styles["group"]} aria-label={words.settings}>
      <h3>{words.settings}</h3>
      <Field label={words.target} error={problem?.message}>
        {(control) => (
          <Select
            {...control}
            data-parameter={problem?.name ?? "default_compute"}
            disabled={readOnly}
            value={set}
            choices={[
              { value: "", label: panelWords.fields.choiceOf(fallback, panelWords.fields.default) },
              ...targetChoices(targets ?? [], set),
            ]}
            onChoose={(value) =>
              void send(words.set(words.target), [
                { kind: "set_setting", key: "default_compute", value: value || null },
              ])
            }
          />
        )}
      </Field>
      <Toggle
        label={words.force}
        on={graph.force_rerun}
        disabled={readOnly}
        onChange={change("force_rerun", words.force)}
      />
      <Toggle
        label={words.goOn}
        on={graph.continue_on_step_failure}
        disabled={readOnly}
        onChange={change("continue_on_step_failure", words.goOn)}
      />
    </section>
  );
}

function Toggle({
  label,
  ...rest
}: {
  label: string;
  on: boolean;
  disabled: boolean;
  onChange: (on: boolean) => void;
}) {
  return (
    <Field label={label} className={`${styles["field"]} ${styles["row"]}`}>
      {(control) => <Switch {...control} {...rest} />}
    </Field>
  );
}
