/** A component's parameters as fields of a form, read from their JSON Schema. */
import type { Catalog, Component, Graph, GraphStep, Value } from "~/api/types";
import { panel as panelWords } from "~/messages/panel";
import { shown } from "./words";

export type Kind = "boolean" | "integer" | "number" | "string";

export interface FieldRule {
  name: string;
  title: string;
  help: string;
  explanation: string;
  kind: Kind;
  nullable: boolean;
  required: boolean;
  /** The values allowed; null where any may be typed. */
  choices: readonly string[] | null;
  suggestions: readonly string[];
  minimum: number | null;
  maximum: number | null;
  above: number | null;
  /** The value when nothing is set; null for none. */
  fallback: Value | null;
  presetDefault: Value | null;
  advanced: boolean;
  aliases: readonly string[];
  shownWhen: { parameter: string; equals: Value } | null;
  file: "" | "always" | "if-there";
  drawn: boolean;
  affectsResult: boolean;
}

interface Property {
  title?: string;
  description?: string;
  type?: string | string[];
  enum?: (string | null)[];
  examples?: string[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  default?: Value | null;
  "x-group"?: string;
  "x-affects-result"?: boolean;
  "x-preset-default"?: Value;
  "x-shown-when"?: { parameter: string; equals: Value };
  "x-aliases"?: string[];
  "x-explanation"?: string;
  "x-file"?: "always" | "if-there";
  "x-draws-when-empty"?: boolean;
}

/** The fields of a component, in the order of its declaration. */
export function fieldsOf(component: Component): FieldRule[] {
  const schema = component.parameters as {
    properties?: Record<string, Property>;
    required?: string[];
  };
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const types = Array.isArray(property.type) ? property.type : [property.type ?? "string"];
    const choices = property.enum?.filter((choice): choice is string => choice !== null);
    return {
      name,
      title: property.title ?? name,
      help: property.description ?? "",
      explanation: property["x-explanation"] ?? "",
      kind: (types.find((type) => type !== "null") ?? "string") as Kind,
      nullable: types.includes("null"),
      required: required.has(name),
      choices: choices ?? null,
      suggestions: property.examples ?? [],
      minimum: property.minimum ?? null,
      maximum: property.maximum ?? null,
      above: property.exclusiveMinimum ?? null,
      fallback: property.default ?? null,
      presetDefault: property["x-preset-default"] ?? null,
      advanced: property["x-group"] === "advanced",
      aliases: property["x-aliases"] ?? [],
      shownWhen: property["x-shown-when"] ?? null,
      file: property["x-file"] ?? "",
      drawn: property["x-draws-when-empty"] ?? false,
      affectsResult: property["x-affects-result"] ?? true,
    };
  });
}

/** A rule for a value of the pipeline, whose kind is that of its present value. */
export function freeRule(name: string, value: Value | null): FieldRule {
  const kind: Kind =
    typeof value === "boolean"
      ? "boolean"
      : typeof value === "number"
        ? Number.isInteger(value)
          ? "integer"
          : "number"
        : "string";
  return {
    name,
    title: name,
    help: "",
    explanation: "",
    kind,
    nullable: false,
    required: true,
    choices: null,
    suggestions: [],
    minimum: null,
    maximum: null,
    above: null,
    fallback: null,
    presetDefault: null,
    advanced: false,
    aliases: [],
    shownWhen: null,
    file: "",
    drawn: false,
    affectsResult: true,
  };
}

/** What kind of value a pipeline input holds: that of the parameter it is bound to. */
export function boundKind(
  graph: Graph,
  name: string,
  components: ReadonlyMap<string, Component>,
): Kind | null {
  for (const step of graph.steps) {
    const component = components.get(step.component);
    for (const [parameter, binding] of Object.entries(step.inputs)) {
      if (!component || binding.kind !== "input" || binding.input !== name) continue;
      const rule = fieldsOf(component).find((item) => item.name === parameter);
      if (rule) return rule.kind;
    }
  }
  return null;
}

/** The smallest positive number there is stands for "above 0" in a schema. */
const TINY = 1e-300;

function rangeWords(rule: FieldRule): string {
  const words = panelWords.fields.words;
  const { minimum, maximum } = rule;
  const above = minimum !== null && minimum > 0 && minimum < TINY ? 0 : rule.above;
  const least = above === 0 && rule.above === null ? null : minimum;
  if (least !== null && maximum !== null) return words.between(String(least), String(maximum));
  const parts = [];
  if (above !== null) parts.push(words.above(String(above)));
  if (least !== null) parts.push(words.least(String(least)));
  if (maximum !== null) parts.push(words.most(String(maximum)));
  return parts.join(words.and);
}

/** What may be given, in words: "a whole number, 1 or more". */
export function allowed(rule: FieldRule): string {
  const words = panelWords.fields.words;
  if (rule.choices) return words.oneOf(rule.choices.map((choice) => shown(choice)).join(", "));
  return [words[rule.kind], rangeWords(rule)].filter(Boolean).join(", ");
}

/** What a typed text stands for. A wrong one is still given, as it was typed: the file keeps it and
 * the checker finds it too, so that nothing that was typed is lost. */
export interface Typed {
  value: Value | null;
  /** Empty when it is right. */
  wrong: string;
}

export function typed(rule: FieldRule, text: string): Typed {
  const words = panelWords.fields.wrong;
  if (rule.kind === "string") {
    if (text !== "") return { value: text, wrong: "" };
    return { value: null, wrong: rule.required ? panelWords.fields.required : "" };
  }
  const trimmed = text.trim();
  if (trimmed === "")
    return { value: null, wrong: rule.required ? panelWords.fields.required : "" };
  const number = Number(trimmed);
  if (!Number.isFinite(number)) {
    if (/^[+-]?\d+,\d+$/.test(trimmed)) return { value: text, wrong: words.comma };
    return {
      value: text,
      wrong: rule.kind === "integer" ? words.integer(trimmed) : words.number(trimmed),
    };
  }
  if (rule.kind === "integer" && !Number.isInteger(number)) {
    return { value: number, wrong: words.integer(trimmed) };
  }
  const low =
    (rule.minimum !== null && number < rule.minimum) ||
    (rule.above !== null && number <= rule.above);
  const high = rule.maximum !== null && number > rule.maximum;
  return { value: number, wrong: low || high ? words.range(rangeWords(rule)) : "" };
}

/** The value a parameter has now; undefined when only a run knows it. */
function present(rule: FieldRule, step: GraphStep, graph: Graph): Value | null | undefined {
  const binding = step.inputs[rule.name];
  if (binding?.kind === "value") return binding.value;
  if (binding?.kind === "input") {
    const input = graph.inputs.find((item) => item.name === binding.input);
    return input?.value ?? undefined;
  }
  return rule.fallback;
}

/** Whether a field is used, given the values of the others. */
export function isShown(
  rule: FieldRule,
  rules: readonly FieldRule[],
  step: GraphStep,
  graph: Graph,
): boolean {
  const condition = rule.shownWhen;
  if (!condition) return true;
  const other = rules.find((item) => item.name === condition.parameter);
  if (!other) return true;
  if (!isShown(other, rules, step, graph)) return false;
  const value = present(other, step, graph);
  return value === undefined || value === condition.equals;
}

export interface StandIn {
  value: Value | null;
  whence: "preset" | "default";
}

/** The value that holds while a parameter is not set, and where it comes from. */
export function standIn(rule: FieldRule, step: GraphStep, catalog: Catalog | null): StandIn {
  if (rule.presetDefault === null && rule.fallback !== null) {
    return { value: rule.fallback, whence: "default" };
  }
  const binding = step.inputs[rule.name];
  const holds = step.effective[rule.name];
  const preset = step.effective["preset"] ?? presetOf(step);
  const given = typeof preset === "string" ? catalog?.presets[preset]?.[rule.name] : undefined;
  const ofPreset = isValue(given) ? given : undefined;
  // the step's own value says nothing of what would hold without it
  const value = binding === undefined ? (holds ?? ofPreset) : ofPreset;
  if (value != null) return { value, whence: ofPreset !== undefined ? "preset" : "default" };
  return { value: rule.presetDefault ?? rule.fallback, whence: "default" };
}

function presetOf(step: GraphStep): Value | null {
  const binding = step.inputs["preset"];
  return binding?.kind === "value" ? binding.value : null;
}

function isValue(value: unknown): value is Value {
  return ["string", "number", "boolean"].includes(typeof value);
}

/** What stands in an empty field. */
export function placeholder(rule: FieldRule, given: StandIn): string {
  if (given.value === null || given.value === "") {
    if (rule.drawn) return panelWords.fields.drawn;
    return rule.required ? "" : panelWords.fields.noLimit;
  }
  return panelWords.fields.choiceOf(shown(given.value), panelWords.fields[given.whence]);
}
