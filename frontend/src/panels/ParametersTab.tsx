/** The form of a step, made from its component's declaration. */
import { useState } from "react";
import type { Component, Graph, GraphStep, Problem, Run } from "~/api/types";
import { panel as panelWords } from "~/messages/panel";
import { useCatalog } from "~/store/catalog";
import { cx } from "~/ui/cx";
import { Icon } from "~/ui/Icon";
import { type FieldRule, fieldsOf, isShown } from "./fields";
import { ParameterField } from "./ParameterField";
import styles from "./panel.module.css";
import { shown } from "./words";

const words = panelWords.fields;

interface FormProps {
  draft: string;
  step: GraphStep;
  component: Component;
  graph: Graph;
  problems: readonly Problem[];
  changed: readonly string[];
  run: Run | undefined;
}

/** What a parameter was in a run, in words; null when the step was not there. */
export function oldValue(run: Run | undefined, step: string, name: string): string | null {
  const before = run?.graph.steps.find((item) => item.name === step);
  if (!before) return null;
  const binding = before.inputs[name];
  if (binding?.kind === "value") return shown(binding.value);
  if (binding?.kind === "input") {
    const value = run?.graph.inputs.find((item) => item.name === binding.input)?.value;
    return value == null ? words.bound(binding.input) : shown(value);
  }
  return shown(before.effective[name] ?? null);
}

export function ParametersTab(props: FormProps) {
  const { step, component, graph, problems, changed, run } = props;
  const catalog = useCatalog((state) => state.catalog);
  const rules = fieldsOf(component);
  const groupOf = (advanced: boolean) => rules.filter((rule) => rule.advanced === advanced);
  const basic = groupOf(false);
  const advanced = groupOf(true);
  const needed = (rule: FieldRule) =>
    problems.some((problem) => problem.name === rule.name) || changed.includes(rule.name);
  const [open, setOpen] = useState(basic.length === 0);
  const isOpen = open || advanced.some((rule) => problems.some((item) => item.name === rule.name));
  if (rules.length === 0) return <p className={styles["quiet"]}>{words.none}</p>;

  const field = (rule: FieldRule) => {
    const used = isShown(rule, rules, step, graph);
    const kept = !used && (step.inputs[rule.name] !== undefined || needed(rule));
    return (
      <div
        key={rule.name}
        className={cx(styles["slot"], !used && !kept && styles["away"])}
        inert={!used && !kept}
      >
        <div>
          {(used || kept) && (
            <ParameterField
              draft={props.draft}
              rule={rule}
              step={step}
              graph={graph}
              catalog={catalog}
              problems={problems.filter((problem) => problem.name === rule.name)}
              old={changed.includes(rule.name) ? oldValue(run, step.name, rule.name) : undefined}
            />
          )}
          {kept && <p className={styles["quiet"]}>{words.unused}</p>}
        </div>
      </div>
    );
  };
  const set = advanced.filter((rule) => step.inputs[rule.name] !== undefined).length;
  return (
    <div className={styles["form"]}>
      {basic.map(field)}
      {advanced.length > 0 && (
        <details
          className={styles["advanced"]}
          open={isOpen}
          onToggle={(event) => setOpen(event.currentTarget.open)}
        >
          <summary>
            <Icon name="chevronRight" size={14} />
            {words.advanced(advanced.length)}
            {set > 0 && <span className={styles["quiet"]}>{words.advancedSet(set)}</span>}
          </summary>
          <div className={styles["form"]}>{isOpen && advanced.map(field)}</div>
        </details>
      )}
    </div>
  );
}

/** Parameters of a step that ran: what held, and which of it was set. */
export function ParametersOfRun({ step, component }: { step: GraphStep; component: Component }) {
  const rules = fieldsOf(component).filter(
    (rule) => rule.name in step.effective || step.inputs[rule.name],
  );
  if (rules.length === 0) return <p className={styles["quiet"]}>{words.none}</p>;
  return (
    <dl className={styles["facts"]}>
      {rules.map((rule) => {
        const binding = step.inputs[rule.name];
        const value = step.effective[rule.name];
        const text =
          value != null
            ? shown(value)
            : binding?.kind === "value"
              ? shown(binding.value)
              : shown(null);
        return (
          <div key={rule.name}>
            <dt>{rule.title}</dt>
            <dd>
              {binding ? <strong>{text}</strong> : <span>{text}</span>}
              {binding?.kind === "input" && (
                <span className={styles["quiet"]}>{words.bound(binding.input)}</span>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
