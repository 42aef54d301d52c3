/** One parameter of a step: its control, what holds while it is not set, and what is wrong with it. */
import { useId } from "react";
import type { Binding, Catalog, Graph, GraphStep, Problem, Value } from "~/api/types";
import { panel as panelWords } from "~/messages/panel";
import { IconButton } from "~/ui/Button";
import { cx } from "~/ui/cx";
import { type ControlProps, Field, TextInput } from "~/ui/Field";
import { Icon } from "~/ui/Icon";
import { Menu, type MenuEntry } from "~/ui/Menu";
import { Select } from "~/ui/Select";
import { send } from "./edits";
import { allowed, type FieldRule, placeholder, type StandIn, standIn, typed } from "./fields";
import { HelpButton } from "./HelpButton";
import styles from "./panel.module.css";
import { Switch } from "./Switch";
import { useTyped } from "./useTyped";
import { shown } from "./words";

const words = panelWords.fields;
const UNSET = "\u0000";

export interface ParameterFieldProps {
  draft: string;
  rule: FieldRule;
  step: GraphStep;
  graph: Graph;
  catalog: Catalog | null;
  problems: readonly Problem[];
  /** What it was in the last run, when that differs; null when it was not set. */
  old?: string | null | undefined;
}

export function ParameterField(props: ParameterFieldProps) {
  const { rule, step, graph, catalog, problems, old } = props;
  const binding = step.inputs[rule.name];
  const given = standIn(rule, step, catalog);
  const set = (value: Value | null, merge = "") =>
    send(
      words.set(rule.title),
      [{ kind: "set_parameter", step: step.name, name: rule.name, value }],
      merge,
    );
  const problem = problems.map((item) => [item.message, item.remedy].filter(Boolean).join(" "))[0];
  const shared = { ...props, binding, given, set, problem };
  const aside = (
    <span className={styles["aside"]}>
      {old !== undefined && <Changed old={old} />}
      <Help rule={rule} />
      <Menu
        label={words.more(rule.title)}
        size="small"
        look="quiet"
        alignEnd
        className={styles["mini"]}
        entries={actions(rule, step, graph, binding, given, set)}
      />
    </span>
  );
  if (binding?.kind === "input" || binding?.kind === "step") {
    return <Bound {...shared} binding={binding} aside={aside} />;
  }
  if (rule.kind === "boolean") return <SwitchField {...shared} aside={aside} />;
  if (rule.choices) return <ChoiceField {...shared} choices={rule.choices} aside={aside} />;
  return <TextField {...shared} aside={aside} />;
}

interface Shared extends ParameterFieldProps {
  binding: Binding | undefined;
  given: StandIn;
  set: (value: Value | null, merge?: string) => Promise<boolean>;
  problem: string | undefined;
  aside: React.ReactNode;
}

function setValue(binding: Binding | undefined): Value | null {
  return binding?.kind === "value" ? binding.value : null;
}

function TextField({ draft, rule, step, binding, given, set, problem, aside }: Shared) {
  const list = useId();
  const value = setValue(binding);
  const field = useTyped({
    id: `${draft}/${step.name}/${rule.name}`,
    saved: value === null ? "" : String(value),
    wrong: (text) => typed(rule, text).wrong,
    send: (text) => set(typed(rule, text).value, `type ${step.name}.${rule.name}`),
  });
  const nudge = (by: number) => {
    const from = Number(field.text === "" ? (given.value ?? 0) : field.text);
    if (Number.isInteger(from)) field.type(String(from + by));
  };
  const numeric = rule.kind !== "string";
  return (
    <Field
      label={rule.title}
      aside={aside}
      error={field.wrong || (field.dirty ? "" : problem)}
      hint={numeric ? allowedHint(rule) : undefined}
      className={cx(styles["field"], binding && styles["isSet"])}
    >
      {(control) => (
        <>
          <TextInput
            {...control}
            data-parameter={rule.name}
            inputMode={rule.kind === "integer" ? "numeric" : numeric ? "decimal" : "text"}
            className={numeric ? styles["number"] : undefined}
            value={field.text}
            placeholder={placeholder(rule, given)}
            list={rule.suggestions.length > 0 ? list : undefined}
            onChange={(event) => field.type(event.target.value)}
            onFocus={field.onFocus}
            onBlur={field.onBlur}
            onKeyDown={(event) => {
              field.onKeyDown(event);
              if (rule.kind !== "integer" || event.altKey || event.ctrlKey) return;
              if (event.key === "ArrowUp" || event.key === "ArrowDown") {
                event.preventDefault();
                nudge(event.key === "ArrowUp" ? 1 : -1);
              }
            }}
          />
          {rule.suggestions.length > 0 && (
            <datalist id={list}>
              {rule.suggestions.map((choice) => (
                <option key={choice} value={choice} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}

function allowedHint(rule: FieldRule): string | undefined {
  const hasRange = rule.minimum !== null || rule.maximum !== null || rule.above !== null;
  return hasRange ? allowed(rule) : undefined;
}

function ChoiceField({
  rule,
  binding,
  given,
  set,
  problem,
  aside,
  choices,
}: Shared & { choices: readonly string[] }) {
  const value = setValue(binding);
  // what a preset decides can also be set to the same; a plain default is the same as not set
  const byItself = rule.fallback === null || rule.presetDefault !== null;
  const offered = choices.map((choice) => ({
    value: choice,
    label:
      !byItself && choice === rule.fallback
        ? words.choiceOf(shown(choice), words.default)
        : shown(choice),
  }));
  const unknown = value !== null && !choices.includes(String(value));
  const first = unknown
    ? [{ value: String(value), label: String(value) }]
    : byItself
      ? [{ value: UNSET, label: placeholder(rule, given) || words.unset, disabled: rule.required }]
      : [];
  const now = value === null ? (byItself ? UNSET : String(rule.fallback)) : String(value);
  return (
    <Field
      label={rule.title}
      aside={aside}
      error={problem}
      className={cx(styles["field"], binding && styles["isSet"])}
    >
      {(control) => (
        <Select
          {...control}
          data-parameter={rule.name}
          choices={[...first, ...offered]}
          value={now}
          onChoose={(choice) =>
            void set(choice === UNSET || (!byItself && choice === rule.fallback) ? null : choice)
          }
        />
      )}
    </Field>
  );
}

function SwitchField({ rule, binding, given, set, problem, aside }: Shared) {
  const value = setValue(binding);
  const on = value === null ? given.value === true : value === true;
  const control = (props: ControlProps) => (
    <Switch
      {...props}
      data-parameter={rule.name}
      on={on}
      onChange={(next) => void set(next === rule.fallback ? null : next)}
    />
  );
  return (
    <Field
      label={rule.title}
      aside={aside}
      error={problem}
      className={cx(styles["field"], styles["row"], binding && styles["isSet"])}
    >
      {control}
    </Field>
  );
}

function Bound({
  rule,
  step,
  graph,
  binding,
  set,
  problem,
  aside,
}: Omit<Shared, "binding"> & { binding: Exclude<Binding, { kind: "value" }> }) {
  const input =
    binding.kind === "input" ? graph.inputs.find((item) => item.name === binding.input) : undefined;
  const value = input?.value ?? input?.path ?? null;
  const unbind = () => {
    // what it was bound to goes on to hold
    if (input?.value != null) return set(input.value);
    return send(words.unbind(rule.title), [
      { kind: "disconnect", to_step: step.name, to_port: rule.name },
    ]);
  };
  return (
    <Field
      label={rule.title}
      aside={aside}
      error={problem}
      className={cx(styles["field"], styles["isSet"])}
    >
      {(control) => (
        <div className={styles["pill"]}>
          <Icon name="link" size={14} />
          <output id={control.id} aria-describedby={control["aria-describedby"]}>
            {binding.kind === "input"
              ? words.bound(binding.input)
              : words.boundStep(binding.step, binding.port)}
            {value !== null && <strong>{shown(value)}</strong>}
          </output>
          <IconButton
            icon="close"
            size="small"
            label={words.unbind(rule.title)}
            className={styles["mini"]}
            onClick={() => void unbind()}
          />
        </div>
      )}
    </Field>
  );
}

function actions(
  rule: FieldRule,
  step: GraphStep,
  graph: Graph,
  binding: Binding | undefined,
  given: StandIn,
  set: (value: Value | null) => Promise<boolean>,
): MenuEntry[] {
  const standing = binding ? (rule.fallback ?? rule.presetDefault) : given.value;
  const entries: MenuEntry[] = [
    {
      label:
        standing === null || standing === undefined || standing === ""
          ? words.reset
          : words.resetTo(shown(standing)),
      icon: "reset",
      disabled: !binding || rule.required,
      onSelect: () => void set(null),
    },
  ];
  if (binding?.kind !== "input") {
    entries.push({
      label: words.promote,
      icon: "link",
      onSelect: () =>
        void send(words.promote, [
          { kind: "promote", step: step.name, name: rule.name, input: "" },
        ]),
    });
  }
  const others = graph.inputs.filter(
    (item) => item.kind === "value" && !(binding?.kind === "input" && binding.input === item.name),
  );
  if (others.length > 0) entries.push("separator");
  for (const item of others) {
    entries.push({
      label: words.bindTo(item.name),
      hint: item.value === null ? undefined : shown(item.value),
      onSelect: () =>
        void send(words.bindTo(item.name), [
          { kind: "connect_input", input: item.name, to_step: step.name, to_port: rule.name },
        ]),
    });
  }
  return entries;
}

function Changed({ old }: { old: string | null }) {
  const text = old === null ? words.changedNew : words.changed(old);
  return (
    <span className={styles["changed"]} title={text}>
      <span aria-hidden="true" className={styles["dot"]} />
      <span aria-hidden="true">{old === null ? words.wasUnset : words.was(old)}</span>
      <span className="visually-hidden">{text}</span>
    </span>
  );
}

function Help({ rule }: { rule: FieldRule }) {
  return (
    <HelpButton label={words.help(rule.title)}>
      <p>{rule.help}</p>
      {rule.explanation && <p>{rule.explanation}</p>}
      {rule.file && <p>{rule.file === "always" ? words.file : words.fileIfThere}</p>}
      {!rule.affectsResult && <p>{words.speedOnly}</p>}
      <dl>
        <dt>{words.range}</dt>
        <dd>{allowed(rule)}</dd>
        <dt>{words.inFile}</dt>
        <dd>
          <code>{rule.name}</code>
        </dd>
        {rule.aliases.length > 0 && (
          <>
            <dt>{words.originalNames}</dt>
            <dd>
              {rule.aliases.map((alias) => (
                <code key={alias}>{alias}</code>
              ))}
            </dd>
          </>
        )}
      </dl>
    </HelpButton>
  );
}
