/** A pipeline as nodes and edges of React Flow. What did not change stays the same object. */
import { type Edge, type Node, type NodeHandle, Position as Side } from "@xyflow/react";
import type { Graph, GraphStep, InputPort, Note, OutputPort, Position, Problem } from "~/api/types";
import type { Components } from "~/graph/document";
import { NODE_HEIGHT, NODE_WIDTH } from "~/graph/layout";
import { inOrder, neighbours, wireId, wiresOf } from "~/graph/order";
import { fits, kindOf, type PortKind, portsOf } from "~/graph/types";
import { t } from "~/messages";
import { lanesOf } from "./lanes";

export interface PortView {
  name: string;
  title: string;
  kind: PortKind;
  /** Kinds that fit, for the marks while a wire is drawn. */
  fitting: string;
  /** `bound`, `open` (needed) or `free` (may stay open). */
  state: "bound" | "open" | "free";
  tip: string;
  /** From the left edge. */
  x: number;
  /** The pipeline's input that is bound here, and the output that this is delivered to. */
  label: string;
  labelTip: string;
  missing: boolean;
}

export interface StepData extends Record<string, unknown> {
  step: GraphStep;
  category: string;
  inputs: readonly PortView[];
  outputs: readonly PortView[];
  errors: number;
  warnings: number;
  /** What the problems say, for the tip. */
  saying: string;
  changed: string;
  /** The step in a sentence, for screen readers. */
  sentence: string;
  readOnly: boolean;
}

export interface NoteData extends Record<string, unknown> {
  note: Note;
  index: number;
  readOnly: boolean;
}

export type StepFlowNode = Node<StepData, "step">;
export type NoteFlowNode = Node<NoteData, "note">;
export type FlowNode = StepFlowNode | NoteFlowNode;

/** A port's target; its shape is smaller. */
const HANDLE = 24;
export const NOTE_WIDTH = 200;
export const NOTE_HEIGHT = 104;
export const noteId = (index: number) => `note:${index}`;

export interface Drawing {
  graph: Graph;
  components: Components;
  problems: readonly Problem[];
  changed: Readonly<Record<string, readonly string[]>>;
  positions: Readonly<Record<string, Position>>;
  readOnly: boolean;
}

/** Names of steps in the order of the data, with their neighbours. */
export function reading(graph: Graph) {
  const names = graph.steps.map((step) => step.name);
  const near = neighbours(names, wiresOf(graph));
  return { order: inOrder(names, near), near };
}

/** The last folder of a path. */
const lastPart = (path: string) =>
  path
    .replace(/[/\\]+$/, "")
    .split(/[/\\]/)
    .at(-1) || path;

function spaced(count: number, index: number): number {
  return Math.round((NODE_WIDTH * (index + 1)) / (count + 1));
}

function inputView(drawing: Drawing, step: GraphStep, port: InputPort, x: number): PortView {
  const bound = step.inputs[port.name];
  const words = t.canvas.port;
  const state = bound ? "bound" : port.optional ? "free" : "open";
  const input =
    bound?.kind === "input" ? drawing.graph.inputs.find((item) => item.name === bound.input) : null;
  const note = state === "open" ? words.open : state === "free" ? words.optional : "";
  const path = input?.kind === "data" ? (input.path ?? "") : "";
  return {
    name: port.name,
    title: port.title,
    kind: kindOf(port.type),
    fitting: fittingKinds(port.type, "target"),
    state,
    tip: [words.input(port.title, port.type), note, port.help].filter(Boolean).join("\n"),
    x,
    label: input ? (path ? lastPart(path) : input.name) : "",
    labelTip: input ? t.canvas.node.input(input.name, path || t.canvas.node.noPhotos) : "",
    missing: input?.kind === "data" && !path,
  };
}

function outputView(step: GraphStep, port: OutputPort, used: boolean, x: number): PortView {
  const delivered = step.outputs[port.name] ?? "";
  return {
    name: port.name,
    title: port.title,
    kind: kindOf(port.type),
    fitting: fittingKinds(port.type, "source"),
    state: used || delivered ? "bound" : "free",
    tip: [t.canvas.port.output(port.title, port.type), port.help].filter(Boolean).join("\n"),
    x,
    label: delivered,
    labelTip: delivered ? t.canvas.node.output(delivered) : "",
    missing: false,
  };
}

const allTypes = [
  "ImageDirectory",
  "TransformationDirectory",
  "UntrainedModelDirectory",
  "ModelDirectory",
  "ScoresDirectory",
  "EvaluationDirectory",
  "ReportDirectory",
] as const;

function fittingKinds(type: string, end: "source" | "target"): string {
  return allTypes
    .filter((other) => (end === "target" ? fits(other, type) : fits(type, other)))
    .map(kindOf)
    .join(" ");
}

function sentenceOf(step: GraphStep, inputs: readonly PortView[], graph: Graph): string {
  const words = t.canvas.node;
  const open = inputs.filter((port) => port.state === "open").map((port) => port.title);
  const from = inputs.flatMap((port) => {
    const bound = step.inputs[port.name];
    if (bound?.kind === "step") {
      const title = graph.steps.find((item) => item.name === bound.step)?.title ?? bound.step;
      return [words.from(port.title, title, bound.port)];
    }
    return bound?.kind === "input" ? [words.fromInput(port.title, bound.input)] : [];
  });
  return [step.title, open.length ? words.needs(open) : "", ...from].filter(Boolean).join(", ");
}

/** Steps as nodes, in the order of the data. */
export function stepNodes(drawing: Drawing, old: ReadonlyMap<string, FlowNode>): StepFlowNode[] {
  const { graph, components } = drawing;
  const wires = wiresOf(graph);
  const used = new Set(wires.map((wire) => `${wire.from}.${wire.fromPort}`));
  const byStep = new Map<string, Problem[]>();
  for (const problem of drawing.problems) {
    if (problem.step) byStep.set(problem.step, [...(byStep.get(problem.step) ?? []), problem]);
  }
  const { order } = reading(graph);
  const steps = new Map(graph.steps.map((step) => [step.name, step]));
  return order.flatMap((name) => {
    const step = steps.get(name);
    if (!step) return [];
    const component = components.get(step.component);
    const ports = portsOf(step, component, wires);
    const inputs = ports.inputs.map((port, at) =>
      inputView(drawing, step, port, spaced(ports.inputs.length, at)),
    );
    const outputs = ports.outputs.map((port, at) =>
      outputView(step, port, used.has(`${name}.${port.name}`), spaced(ports.outputs.length, at)),
    );
    const problems = byStep.get(name) ?? [];
    const changed = drawing.changed[name];
    const data: StepData = {
      step,
      category: component?.category ?? "",
      inputs,
      outputs,
      errors: problems.filter((problem) => problem.severity === "error").length,
      warnings: problems.filter((problem) => problem.severity === "warning").length,
      saying: problems.map((problem) => problem.message).join("\n"),
      changed: changed ? t.canvas.node.changed(changed) : "",
      sentence: sentenceOf(step, inputs, graph),
      readOnly: drawing.readOnly,
    };
    const before = old.get(name);
    const position = drawing.positions[name] ?? { x: 0, y: 0 };
    const same = before?.type === "step" && sameData(before.data, data);
    if (same && samePlace(before.position, position)) return [before];
    return [
      {
        id: name,
        type: "step" as const,
        position,
        data: same ? before.data : data,
        width: NODE_WIDTH,
        height: NODE_HEIGHT,
        measured: { width: NODE_WIDTH, height: NODE_HEIGHT },
        handles: same && before.handles ? before.handles : handlesOf(inputs, outputs),
        selected: before?.selected ?? false,
        // what is drawn inside says what it is
        ariaRole: "presentation" as const,
        focusable: false,
      },
    ];
  });
}

function handlesOf(inputs: readonly PortView[], outputs: readonly PortView[]): NodeHandle[] {
  const handle = (port: PortView, type: "source" | "target"): NodeHandle => ({
    id: port.name,
    type,
    position: type === "target" ? Side.Top : Side.Bottom,
    x: port.x - HANDLE / 2,
    y: (type === "target" ? 0 : NODE_HEIGHT) - HANDLE / 2,
    width: HANDLE,
    height: HANDLE,
  });
  return [
    ...inputs.map((port) => handle(port, "target")),
    ...outputs.map((port) => handle(port, "source")),
  ];
}

const samePlace = (a: Position, b: Position) => a.x === b.x && a.y === b.y;

/** Two answers are made of the same parts. Ports are small: they are compared by their values. */
function sameData(a: StepData, b: StepData): boolean {
  return (
    a.step === b.step &&
    a.category === b.category &&
    a.errors === b.errors &&
    a.warnings === b.warnings &&
    a.saying === b.saying &&
    a.changed === b.changed &&
    a.sentence === b.sentence &&
    a.readOnly === b.readOnly &&
    samePorts(a.inputs, b.inputs) &&
    samePorts(a.outputs, b.outputs)
  );
}

function samePorts(a: readonly PortView[], b: readonly PortView[]): boolean {
  return (
    a.length === b.length &&
    a.every((port, at) => {
      const other = b[at];
      return (
        other !== undefined &&
        port.name === other.name &&
        port.state === other.state &&
        port.tip === other.tip &&
        port.label === other.label &&
        port.labelTip === other.labelTip
      );
    })
  );
}

export function noteNodes(
  notes: readonly Note[],
  readOnly: boolean,
  old: ReadonlyMap<string, FlowNode>,
): NoteFlowNode[] {
  return notes.map((note, index) => {
    const before = old.get(noteId(index));
    if (before?.type === "note" && before.data.note === note) return before;
    return {
      id: noteId(index),
      type: "note",
      position: { x: note.x, y: note.y },
      data: { note, index, readOnly },
      width: NOTE_WIDTH,
      height: NOTE_HEIGHT,
      measured: { width: NOTE_WIDTH, height: NOTE_HEIGHT },
      selectable: false,
      focusable: false,
      zIndex: -1,
      ariaRole: "note",
      ariaLabel: t.canvas.note.label(note.text),
    };
  });
}

/** Wires as edges, coloured by what runs through them. */
export function edgesOf(
  graph: Graph,
  components: Components,
  positions: Readonly<Record<string, Position>>,
  old: ReadonlyMap<string, Edge>,
): Edge[] {
  const wires = wiresOf(graph);
  const componentOf = new Map(graph.steps.map((step) => [step.name, step.component]));
  const portX = (ports: readonly { name: string }[] = [], name: string) => {
    const at = ports.findIndex((port) => port.name === name);
    return at < 0 ? NODE_WIDTH / 2 : spaced(ports.length, at);
  };
  const lanes = lanesOf(wires, positions, (wire) => [
    portX(components.get(componentOf.get(wire.from) ?? "")?.outputs, wire.fromPort),
    portX(components.get(componentOf.get(wire.to) ?? "")?.inputs, wire.toPort),
  ]);
  return wires.map((wire) => {
    const id = wireId(wire.to, wire.toPort);
    const lane = lanes.get(id);
    const component = components.get(componentOf.get(wire.from) ?? "");
    const type = component?.outputs.find((port) => port.name === wire.fromPort)?.type ?? "";
    const className = `wire wire-${kindOf(type)}`;
    const before = old.get(id);
    if (
      before?.source === wire.from &&
      before.sourceHandle === wire.fromPort &&
      before.className === className &&
      before.data?.["lane"] === lane
    ) {
      return before;
    }
    return {
      id,
      source: wire.from,
      sourceHandle: wire.fromPort,
      target: wire.to,
      targetHandle: wire.toPort,
      className,
      data: { lane },
      focusable: false,
      selected: false,
    };
  });
}
