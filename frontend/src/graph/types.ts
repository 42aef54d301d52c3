/** Which wires fit, and why the others do not. The server's checker has the last word. */
import type { Component, Graph, GraphStep, InputPort, OutputPort } from "~/api/types";
import type { Refusal } from "~/messages/canvas";
import type { Components } from "./document";
import { downstream, neighbours, type Wire, wiresOf } from "./order";

/** Port type -> further types that it takes. */
const widening: ReadonlyMap<string, readonly string[]> = new Map([
  ["UntrainedModelDirectory", ["ModelDirectory"]],
]);

export const PHOTOS = "AnyDirectory";

/** Whether an output of a type may be wired to an input of a type. */
export function fits(given: string, wanted: string): boolean {
  return given === wanted || (widening.get(wanted)?.includes(given) ?? false);
}

export type PortKind =
  | "any"
  | "images"
  | "transformation"
  | "untrained"
  | "trained"
  | "scores"
  | "evaluation"
  | "report";

const kinds: ReadonlyMap<string, PortKind> = new Map(
  Object.entries({
    ImageDirectory: "images",
    TransformationDirectory: "transformation",
    UntrainedModelDirectory: "untrained",
    ModelDirectory: "trained",
    ScoresDirectory: "scores",
    EvaluationDirectory: "evaluation",
    ReportDirectory: "report",
  } as const),
);

/** The word that colour and shape of a type go by. */
export const kindOf = (type: string): PortKind => kinds.get(type) ?? "any";

/** Why a wire may not be drawn, or null. */
export function refusal(graph: Graph, wire: Wire, components: Components): Refusal | null {
  if (wire.from === wire.to) return { why: "same-step" };
  const output = outputOf(graph, wire.from, wire.fromPort, components);
  const input = inputOf(graph, wire.to, wire.toPort, components);
  if (!output || !input) return { why: "no-port" };
  if (!fits(output.type, input.type)) {
    const takes = [input.type, ...(widening.get(input.type) ?? [])];
    return { why: "type", takes, gives: output.type, port: input.title };
  }
  if (wouldLoop(graph, wire.from, wire.to)) return { why: "loop", step: wire.to };
  return null;
}

/** Whether `to` leads to `from` already. */
export function wouldLoop(graph: Graph, from: string, to: string): boolean {
  const names = graph.steps.map((step) => step.name);
  return downstream(to, neighbours(names, wiresOf(graph)).after).has(from);
}

const stepOf = (graph: Graph, name: string): GraphStep | undefined =>
  graph.steps.find((step) => step.name === name);

export function outputOf(
  graph: Graph,
  step: string,
  port: string,
  components: Components,
): OutputPort | undefined {
  const component = components.get(stepOf(graph, step)?.component ?? "");
  return component?.outputs.find((item) => item.name === port);
}

export function inputOf(
  graph: Graph,
  step: string,
  port: string,
  components: Components,
): InputPort | undefined {
  const component = components.get(stepOf(graph, step)?.component ?? "");
  return component?.inputs.find((item) => item.name === port);
}

/** Ports of a step as they are drawn: those of the catalog, or for an unknown component those that
 * its wires name. */
export function portsOf(
  step: GraphStep,
  component: Component | undefined,
  wires: readonly Wire[],
): { inputs: readonly InputPort[]; outputs: readonly OutputPort[] } {
  if (component) return component;
  const plain = (name: string) => ({ name, title: name, type: "", help: "", optional: true });
  const inputs = Object.entries(step.inputs)
    .filter(([, bound]) => bound.kind === "step")
    .map(([name]) => plain(name));
  const used = new Set(Object.keys(step.outputs));
  for (const wire of wires) if (wire.from === step.name) used.add(wire.fromPort);
  return { inputs, outputs: [...used].map(plain) };
}

/** A place that a wire may lead to or come from. */
export interface Offer {
  step: GraphStep;
  port: string;
  title: string;
  type: string;
  /** What is bound there now, which the new wire would replace. */
  taken: boolean;
}

/** Input ports that an output may be wired to, open ones first. */
export function offersFor(
  graph: Graph,
  from: string,
  fromPort: string,
  components: Components,
): Offer[] {
  const offers: Offer[] = [];
  for (const step of graph.steps) {
    for (const port of components.get(step.component)?.inputs ?? []) {
      const wire = { from, fromPort, to: step.name, toPort: port.name };
      if (refusal(graph, wire, components) === null) {
        const taken = Object.hasOwn(step.inputs, port.name);
        offers.push({ step, port: port.name, title: port.title, type: port.type, taken });
      }
    }
  }
  return offers.sort((a, b) => Number(a.taken) - Number(b.taken));
}

/** Output ports that an input may be wired from. */
export function sourcesFor(
  graph: Graph,
  to: string,
  toPort: string,
  components: Components,
): Offer[] {
  const offers: Offer[] = [];
  const now = stepOf(graph, to)?.inputs[toPort];
  for (const step of graph.steps) {
    for (const port of components.get(step.component)?.outputs ?? []) {
      const wire = { from: step.name, fromPort: port.name, to, toPort };
      if (refusal(graph, wire, components) === null) {
        const taken = now?.kind === "step" && now.step === step.name && now.port === port.name;
        offers.push({ step, port: port.name, title: port.title, type: port.type, taken });
      }
    }
  }
  return offers;
}

/** A component and its port that a dropped wire fits. */
export interface Fitting {
  component: Component;
  port: string;
  title: string;
}

/** Components that a wire dropped on empty space can go on with, each with its first port. */
export function fittingComponents(
  type: string,
  end: "source" | "target",
  components: Iterable<Component>,
): Fitting[] {
  const found: Fitting[] = [];
  for (const component of components) {
    const ports = end === "source" ? component.inputs : component.outputs;
    const port = ports.find((item) =>
      end === "source" ? fits(type, item.type) : fits(item.type, type),
    );
    if (port) found.push({ component, port: port.name, title: port.title });
  }
  return found;
}

/** Input ports of a step that must be bound and are not. */
export function openPorts(step: GraphStep, component: Component | undefined): InputPort[] {
  return (component?.inputs ?? []).filter(
    (port) => !port.optional && !Object.hasOwn(step.inputs, port.name),
  );
}
