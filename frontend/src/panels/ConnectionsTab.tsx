/** What each port is wired to, and wiring by keyboard: only what fits is offered. */
import { useState } from "react";
import type {
  Component,
  Edit,
  Graph,
  GraphStep,
  InputPort,
  OutputPort,
  Problem,
} from "~/api/types";
import { freeInput } from "~/graph/document";
import { wiresOf } from "~/graph/order";
import { PHOTOS, sourcesFor } from "~/graph/types";
import { panel as panelWords } from "~/messages/panel";
import { useCatalog } from "~/store/catalog";
import { Button, IconButton } from "~/ui/Button";
import { Field, TextInput } from "~/ui/Field";
import { Icon } from "~/ui/Icon";
import { type Choice, Select } from "~/ui/Select";
import { send } from "./edits";
import { PortShape } from "./PortShape";
import styles from "./panel.module.css";
import { useTyped } from "./useTyped";

const words = panelWords.connections;
const OPEN = "";
const NEW = "new";

interface ConnectionsProps {
  draft: string;
  step: GraphStep;
  component: Component;
  graph: Graph;
  problems: readonly Problem[];
  readOnly: boolean;
  onSelect: (step: string) => void;
}

export function ConnectionsTab(props: ConnectionsProps) {
  const { component } = props;
  return (
    <>
      <div className={styles["group"]}>
        <h3>{words.inputs}</h3>
        {component.inputs.length === 0 && <p className={styles["quiet"]}>{words.noInputs}</p>}
        {component.inputs.map((port) => (
          <InputRow key={port.name} {...props} port={port} />
        ))}
      </div>
      <div className={styles["group"]}>
        <h3>{words.outputs}</h3>
        {component.outputs.length === 0 && <p className={styles["quiet"]}>{words.noOutputs}</p>}
        {component.outputs.map((port) => (
          <OutputRow key={port.name} {...props} port={port} />
        ))}
      </div>
    </>
  );
}

/** A choice with the step's name instead of its title: "apply_to_training: Output". */
function byName({ value, label }: Choice): string {
  return words.source(value.split(" ")[1] ?? "", label.split(": ").slice(1).join(": "));
}

/** What can be bound to an input port: outputs that fit, and inputs of the pipeline. */
function useChoices(step: GraphStep, port: InputPort, graph: Graph): Choice[] {
  const components = useCatalog((state) => state.byName);
  const choices: Choice[] = sourcesFor(graph, step.name, port.name, components).map((offer) => ({
    value: `step ${offer.step.name} ${offer.port}`,
    label: words.source(offer.step.title || offer.step.name, offer.title),
  }));
  // two steps of the same title are told apart by their names
  const seen = new Map<string, number>();
  for (const { label } of choices) seen.set(label, (seen.get(label) ?? 0) + 1);
  const told = choices.map((choice) =>
    (seen.get(choice.label) ?? 0) > 1 ? { ...choice, label: byName(choice) } : choice,
  );
  for (const input of graph.inputs) {
    if (input.kind === "data")
      told.push({ value: `input ${input.name}`, label: words.input(input.name) });
  }
  if (port.type === PHOTOS) told.push({ value: NEW, label: words.newInput });
  return told;
}

function InputRow({
  step,
  graph,
  port,
  problems,
  readOnly,
  onSelect,
}: ConnectionsProps & { port: InputPort }) {
  const choices = useChoices(step, port, graph);
  const binding = step.inputs[port.name];
  const now =
    binding?.kind === "step"
      ? `step ${binding.step} ${binding.port}`
      : binding?.kind === "input"
        ? `input ${binding.input}`
        : OPEN;
  // a wire that does not fit is shown, too
  const offered =
    now === OPEN || choices.some((choice) => choice.value === now)
      ? choices
      : [{ value: now, label: now.split(" ").slice(1).join(": ") }, ...choices];
  const problem = problems.find((item) => item.name === port.name);

  const connect = (choice: string) => {
    const [kind, name, from] = choice.split(" ");
    const to = { to_step: step.name, to_port: port.name };
    let edits: Edit[];
    if (choice === OPEN) edits = [{ kind: "disconnect", ...to }];
    else if (choice === NEW) {
      const input = freeInput(graph, "photos");
      edits = [
        {
          kind: "set_input",
          name: input,
          data: true,
          path: null,
          folder: "",
          value: null,
          remove: false,
        },
        { kind: "connect_input", input, ...to },
      ];
    } else if (kind === "input" && name) edits = [{ kind: "connect_input", input: name, ...to }];
    else if (name && from) edits = [{ kind: "connect", from_step: name, from_port: from, ...to }];
    else return;
    void send(choice === OPEN ? words.disconnect(port.title) : words.connect(port.title), edits);
  };

  const label = (
    <span className={styles["line"]}>
      <PortShape type={port.type} />
      {port.title}
      {port.optional && <span className={styles["quiet"]}>{words.optional}</span>}
    </span>
  );
  if (readOnly) {
    return (
      <div className={styles["item"]}>
        {label}
        <span className={styles["quiet"]}>
          {offered.find((choice) => choice.value === now)?.label ?? words.open}
        </span>
      </div>
    );
  }
  return (
    <Field
      label={label}
      error={problem && [problem.message, problem.remedy].filter(Boolean).join(" ")}
      hint={offered.length === 0 ? words.nothingFits(port.type) : undefined}
      className={styles["field"]}
    >
      {(control) => (
        <div className={styles["line"]}>
          <Select
            {...control}
            className={styles["grow"]}
            aria-label={words.from(port.title)}
            data-parameter={port.name}
            value={now}
            choices={[{ value: OPEN, label: words.open }, ...offered]}
            onChoose={connect}
          />
          {binding?.kind === "step" && (
            <IconButton
              icon="arrowRight"
              size="small"
              label={words.go(binding.step)}
              onClick={() => onSelect(binding.step)}
            />
          )}
          <IconButton
            icon="close"
            size="small"
            label={words.disconnect(port.title)}
            disabled={!binding}
            onClick={() => connect(OPEN)}
          />
        </div>
      )}
    </Field>
  );
}

function OutputRow({
  draft,
  step,
  graph,
  port,
  readOnly,
  onSelect,
}: ConnectionsProps & { port: OutputPort }) {
  const users = wiresOf(graph).filter(
    (wire) => wire.from === step.name && wire.fromPort === port.name,
  );
  const delivered = step.outputs[port.name];
  const [opened, setOpened] = useState(false);
  const isOpen = delivered !== undefined || opened;
  const deliver = (output: string, path?: string | null) =>
    send(output === "" ? words.undeliver(port.title) : words.deliver(port.title), [
      {
        kind: "set_output",
        step: step.name,
        port: port.name,
        output,
        ...(path === undefined ? {} : { path }),
      } as Edit,
    ]);
  const path = graph.outputs.find((item) => item.name === delivered)?.path ?? "";
  return (
    <div className={styles["item"]}>
      <span className={styles["line"]}>
        <PortShape type={port.type} />
        <span className={styles["grow"]}>{port.title}</span>
      </span>
      {users.length === 0 ? (
        <p className={styles["quiet"]}>{words.usedBy(0)}</p>
      ) : (
        <ul className={styles["links"]}>
          {users.map((wire) => (
            <li key={`${wire.to} ${wire.toPort}`}>
              <Button
                look="quiet"
                size="small"
                icon="arrowRight"
                aria-label={words.go(wire.to)}
                onClick={() => onSelect(wire.to)}
              >
                {words.source(wire.to, wire.toPort)}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {readOnly && delivered && (
        <p className={styles["line"]}>
          <Icon name="output" size={14} />
          {delivered}
          <span className={styles["quiet"]}>{path}</span>
        </p>
      )}
      {!readOnly && !isOpen && (
        <Button size="small" look="quiet" icon="output" onClick={() => setOpened(true)}>
          {words.deliver(port.title)}
        </Button>
      )}
      {!readOnly && isOpen && (
        <>
          <DeliveryName
            id={`${draft}/${step.name}/output/${port.name}`}
            title={port.title}
            saved={delivered ?? ""}
            focus={opened && delivered === undefined}
            send={(name) => deliver(name, path || null)}
          />
          {delivered !== undefined && (
            <DeliveryPath
              id={`${draft}/${step.name}/path/${port.name}`}
              saved={path}
              send={(text) => deliver(delivered, text || null)}
            />
          )}
          <Button
            size="small"
            look="quiet"
            icon="close"
            className={styles["start"]}
            onClick={() => {
              setOpened(false);
              if (delivered !== undefined) void deliver("");
            }}
          >
            {words.undeliver(port.title)}
          </Button>
        </>
      )}
    </div>
  );
}

interface TextProps {
  id: string;
  saved: string;
  send: (text: string) => Promise<boolean>;
}

function DeliveryName({ title, focus, ...typing }: TextProps & { title: string; focus: boolean }) {
  const field = useTyped({
    ...typing,
    onlyWhenLeft: true,
    wrong: (text) => (text === "" || /^[A-Za-z_]\w*$/.test(text) ? "" : panelWords.step.nameWrong),
  });
  return (
    <Field label={words.deliverAs} error={field.wrong}>
      {(control) => (
        <TextInput
          {...control}
          autoFocus={focus}
          aria-label={words.deliverName(title)}
          value={field.text}
          onChange={(event) => field.type(event.target.value)}
          onFocus={field.onFocus}
          onBlur={field.onBlur}
          onKeyDown={field.onKeyDown}
        />
      )}
    </Field>
  );
}

function DeliveryPath(typing: TextProps) {
  const field = useTyped({ ...typing, wrong: () => "" });
  return (
    <Field label={words.deliverPath} hint={words.deliverPathHint}>
      {(control) => (
        <TextInput
          {...control}
          value={field.text}
          placeholder={panelWords.pipeline.inStore}
          onChange={(event) => field.type(event.target.value)}
          onFocus={field.onFocus}
          onBlur={field.onBlur}
          onKeyDown={field.onKeyDown}
        />
      )}
    </Field>
  );
}
