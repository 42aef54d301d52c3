/** What each edit does to a pipeline as it is drawn, at once and without the server.
 *
 * The server applies the same edits to the file and has the last word; its answer replaces what is
 * worked out here. Nothing is changed in place, and what an edit does not touch stays the same object. */
import type { Binding, Component, Edit, Graph, GraphInput, GraphStep, Value } from "~/api/types";

export type Components = ReadonlyMap<string, Component>;

const shortNames: ReadonlyMap<string, string> = new Map(
  Object.entries({
    convert_to_image_directory: "convert",
    split_image_directory: "split",
    init_image_transformation: "transformation",
    apply_image_transformation: "apply",
    materialize_image_directory: "materialize",
    audit_images: "audit",
    train_pytorch_model: "train",
    score_image_model: "score",
    evaluate_model: "evaluate",
    model_report: "report",
    densenet: "model",
    resnet: "model",
    timm_model: "model",
  }),
);

/** A name that no step has yet, made from the component's. */
export function freeName(graph: Graph, component: string): string {
  const plain =
    shortNames.get(component) ??
    (component
      .toLowerCase()
      .replace(/[^a-z0-9_]+/g, "_")
      .replace(/^_+|_+$/g, "")
      .replace(/^\d/, "_$&")
      .slice(0, 60) ||
      "step");
  return free(plain, new Set(graph.steps.map((step) => step.name)));
}

/** A name that no input of the pipeline has yet. */
export function freeInput(graph: Graph, wanted: string): string {
  return free(wanted, new Set(graph.inputs.map((input) => input.name)));
}

function free(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  let number = 2;
  while (taken.has(`${wanted}_${number}`)) number += 1;
  return `${wanted}_${number}`;
}

/** The pipeline after some edits. */
export function applyAll(graph: Graph, edits: readonly Edit[], components: Components): Graph {
  return edits.reduce((after, edit) => applyEdit(after, edit, components), graph);
}

/** The pipeline after an edit; an edit that does not fit leaves it as it is. */
export function applyEdit(graph: Graph, edit: Edit, components: Components): Graph {
  switch (edit.kind) {
    case "add_step":
      return addStep(graph, edit, components);
    case "remove_steps":
      return removeSteps(graph, new Set(edit.steps));
    case "rename_step":
      return renameStep(graph, edit.step, edit.new);
    case "set_parameter":
      return setParameter(graph, edit.step, edit.name, edit.value, components);
    case "promote":
      return promote(graph, edit.step, edit.name, edit.input ?? "");
    case "connect":
      return bind(graph, edit.to_step, edit.to_port, {
        kind: "step",
        step: edit.from_step,
        port: edit.from_port,
      });
    case "connect_input":
      return bind(graph, edit.to_step, edit.to_port, { kind: "input", input: edit.input });
    case "disconnect":
      return withStep(graph, edit.to_step, (step) => ({
        ...step,
        inputs: without(step.inputs, edit.to_port),
      }));
    case "set_step":
      return setStep(graph, edit.step, edit.key, edit.value, components);
    case "set_head":
      return edit.key === "experiment_name" ? graph : { ...graph, [edit.key]: edit.value ?? "" };
    case "set_setting":
      return {
        ...graph,
        [edit.key]: edit.value ?? (edit.key === "default_compute" ? null : false),
      };
    case "set_input":
      return setInput(graph, edit);
    case "rename_input":
      return renameInput(graph, edit.name, edit.new);
    case "set_output":
      return setOutput(graph, edit.step, edit.port, edit.output, edit.path ?? null);
    case "move":
      return {
        ...graph,
        steps: graph.steps.map((step) => {
          const position = edit.positions[step.name];
          return position ? { ...step, position } : step;
        }),
      };
    case "set_notes":
      return { ...graph, notes: edit.notes };
    case "paste":
    case "set_text":
      return graph; // only the server reads YAML
  }
}

type Of<Kind extends Edit["kind"]> = Extract<Edit, { kind: Kind }>;

function without<T>(record: Record<string, T>, key: string): Record<string, T> {
  const { [key]: _, ...rest } = record;
  return rest;
}

function withStep(graph: Graph, name: string, change: (step: GraphStep) => GraphStep): Graph {
  return { ...graph, steps: graph.steps.map((step) => (step.name === name ? change(step) : step)) };
}

function defaults(component: Component | undefined): Record<string, Value | null> {
  const properties = (component?.parameters["properties"] ?? {}) as Record<
    string,
    { default?: Value | null }
  >;
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, schema.default ?? null]),
  );
}

function addStep(graph: Graph, edit: Of<"add_step">, components: Components): Graph {
  const component = components.get(edit.component);
  const name = edit.name || freeName(graph, edit.component);
  if (graph.steps.some((step) => step.name === name)) return graph;
  const parameters = edit.parameters ?? {};
  const inputs: Record<string, Binding> = Object.fromEntries(
    Object.entries(parameters).map(([key, value]) => [key, { kind: "value", value }]),
  );
  const step: GraphStep = {
    name,
    component: edit.component,
    version: component?.version ?? "",
    known: component !== undefined,
    why_unknown: "",
    title: component?.title ?? edit.component,
    display_name: "",
    comment: "",
    compute: null,
    inputs,
    outputs: {},
    effective: { ...defaults(component), ...parameters },
    position: edit.position ?? null,
  };
  return { ...graph, steps: [...graph.steps, step] };
}

function removeSteps(graph: Graph, gone: ReadonlySet<string>): Graph {
  const steps = graph.steps
    .filter((step) => !gone.has(step.name))
    .map((step) => {
      const left = Object.entries(step.inputs).filter(
        ([, bound]) => bound.kind !== "step" || !gone.has(bound.step),
      );
      return left.length === Object.keys(step.inputs).length
        ? step
        : { ...step, inputs: Object.fromEntries(left) };
    });
  return { ...graph, steps };
}

/** The same bindings, with another in the place of those that `change` answers for. */
function rebound(
  inputs: Record<string, Binding>,
  change: (bound: Binding) => Binding,
): Record<string, Binding> {
  let touched = false;
  const entries = Object.entries(inputs).map(([key, bound]): [string, Binding] => {
    const after = change(bound);
    touched ||= after !== bound;
    return [key, after];
  });
  return touched ? Object.fromEntries(entries) : inputs;
}

function renameStep(graph: Graph, old: string, name: string): Graph {
  if (old === name || graph.steps.some((step) => step.name === name)) return graph;
  const steps = graph.steps.map((step) => {
    const inputs = rebound(step.inputs, (bound) =>
      bound.kind === "step" && bound.step === old ? { ...bound, step: name } : bound,
    );
    if (step.name === old) return { ...step, name, inputs };
    return inputs === step.inputs ? step : { ...step, inputs };
  });
  return { ...graph, steps };
}

function setParameter(
  graph: Graph,
  name: string,
  parameter: string,
  value: Value | null,
  components: Components,
): Graph {
  return withStep(graph, name, (step) => {
    const standing = value ?? defaults(components.get(step.component))[parameter] ?? null;
    return {
      ...step,
      inputs:
        value === null
          ? without(step.inputs, parameter)
          : { ...step.inputs, [parameter]: { kind: "value", value } },
      effective: { ...step.effective, [parameter]: standing },
    };
  });
}

function promote(graph: Graph, name: string, parameter: string, wanted: string): Graph {
  const step = graph.steps.find((item) => item.name === name);
  const value = step?.effective[parameter];
  if (!step || value === undefined || value === null) return graph;
  const input = wanted || freeInput(graph, parameter);
  const entry: GraphInput = { name: input, kind: "value", type: "", path: null, value };
  const bound = bind(graph, name, parameter, { kind: "input", input });
  return graph.inputs.some((item) => item.name === input)
    ? bound
    : { ...bound, inputs: [...graph.inputs, entry] };
}

function bind(graph: Graph, step: string, port: string, binding: Binding): Graph {
  return withStep(graph, step, (item) => ({
    ...item,
    inputs: { ...item.inputs, [port]: binding },
  }));
}

function setStep(
  graph: Graph,
  name: string,
  key: Of<"set_step">["key"],
  value: string | null,
  components: Components,
): Graph {
  return withStep(graph, name, (step) => {
    switch (key) {
      case "display_name": {
        const title = value || (components.get(step.component)?.title ?? step.component);
        return { ...step, display_name: value ?? "", title };
      }
      case "comment":
        return { ...step, comment: value ?? "" };
      case "compute":
        return { ...step, compute: value };
      default:
        return step;
    }
  });
}

function setInput(graph: Graph, edit: Of<"set_input">): Graph {
  if (edit.remove) {
    return { ...graph, inputs: graph.inputs.filter((input) => input.name !== edit.name) };
  }
  const old = graph.inputs.find((input) => input.name === edit.name);
  const data = edit.data ?? true;
  const entry: GraphInput = {
    name: edit.name,
    kind: data ? "data" : "value",
    type: data ? old?.type || "uri_folder" : "",
    path: data ? (edit.path ?? old?.path ?? null) : null,
    value: data ? null : (edit.value ?? null),
  };
  const inputs = old
    ? graph.inputs.map((input) => (input === old ? entry : input))
    : [...graph.inputs, entry];
  return { ...graph, inputs };
}

function renameInput(graph: Graph, old: string, name: string): Graph {
  if (old === name || graph.inputs.some((input) => input.name === name)) return graph;
  return {
    ...graph,
    inputs: graph.inputs.map((input) => (input.name === old ? { ...input, name } : input)),
    steps: graph.steps.map((step) => {
      const inputs = rebound(step.inputs, (bound) =>
        bound.kind === "input" && bound.input === old ? { ...bound, input: name } : bound,
      );
      return inputs === step.inputs ? step : { ...step, inputs };
    }),
  };
}

function setOutput(
  graph: Graph,
  name: string,
  port: string,
  output: string,
  path: string | null,
): Graph {
  const after = withStep(graph, name, (step) => ({
    ...step,
    outputs: output ? { ...step.outputs, [port]: output } : without(step.outputs, port),
  }));
  if (!output || graph.outputs.some((item) => item.name === output)) return after;
  return { ...after, outputs: [...graph.outputs, { name: output, path }] };
}
