/** Edits that are more than one line, used by actions, canvas, palette and dialogs. */
import type { Component, Edit, Graph, Position } from "~/api/types";
import { freeInput, freeName } from "~/graph/document";
import { freePlace, NODE_HEIGHT, NODE_WIDTH, placeAfter, positionsOf } from "~/graph/layout";
import { refusal } from "~/graph/types";
import { t } from "~/messages";
import { useCatalog } from "~/store/catalog";
import { useEditor } from "~/store/editor";
import { type LooseWire, useView } from "~/store/view";

export const graphNow = (): Graph | null => useEditor.getState().draft?.graph ?? null;

export const titleOf = (graph: Graph, name: string): string =>
  graph.steps.find((step) => step.name === name)?.title ?? name;

const edit = (label: string, edits: Edit[], merge = ""): Promise<void> =>
  useEditor.getState().edit(label, edits, merge);

/** Where steps stand on the canvas now. */
export function standing(graph: Graph): Readonly<Record<string, Position>> {
  return useView.getState().canvas?.positions() ?? positionsOf(graph);
}

/** The places of steps that have none in the layout yet, so that they keep what is seen. */
export function settled(graph: Graph): Edit[] {
  const open = graph.steps.filter((step) => !step.position);
  if (open.length === 0) return [];
  const at = standing(graph);
  const positions = Object.fromEntries(
    open.flatMap((step) => (at[step.name] ? [[step.name, at[step.name] as Position]] : [])),
  );
  return Object.keys(positions).length ? [{ kind: "move", positions }] : [];
}

/** Add a step: at a place, at the end of a loose wire, or below the selected step. */
export function addStep(
  component: Component,
  how: { at?: Position | undefined; wire?: LooseWire | undefined; port?: string | undefined } = {},
): string {
  const graph = graphNow();
  if (!graph) return "";
  const name = freeName(graph, component.name);
  const places = standing(graph);
  const taken = Object.values(places);
  const anchor = how.wire?.step ?? useEditor.getState().selected.at(-1);
  const from = anchor === undefined ? undefined : places[anchor];
  let position: Position;
  if (how.at) position = freePlace(taken, how.at);
  else if (from) position = placeAfter(from, taken, how.wire?.end);
  else {
    const middle = useView.getState().canvas?.middle() ?? { x: 0, y: 0 };
    const corner = { x: middle.x - NODE_WIDTH / 2, y: middle.y - NODE_HEIGHT / 2 };
    position = freePlace(taken, corner);
  }
  const edits: Edit[] = [
    ...settled(graph),
    { kind: "add_step", component: component.name, name, position, parameters: {} },
  ];
  if (how.wire && how.port) edits.push(wireEdit(how.wire, name, how.port));
  void edit(t.canvas.labels.add(component.title), edits);
  useEditor.getState().select([name]);
  const { say, canvas } = useView.getState();
  say(t.canvas.said.added(component.title));
  // it is drawn in the next frame
  requestAnimationFrame(() => canvas?.locate([name]));
  return name;
}

function wireEdit(wire: LooseWire, step: string, port: string): Edit {
  return wire.end === "source"
    ? {
        kind: "connect",
        from_step: wire.step,
        from_port: wire.port,
        to_step: step,
        to_port: port,
      }
    : {
        kind: "connect",
        from_step: step,
        from_port: port,
        to_step: wire.step,
        to_port: wire.port,
      };
}

/** Wire two ports; says why not where they do not fit. */
export function connect(from: string, fromPort: string, to: string, toPort: string): boolean {
  const graph = graphNow();
  if (!graph) return false;
  const components = useCatalog.getState().byName;
  const wire = { from, fromPort, to, toPort };
  const why = refusal(graph, wire, components);
  const { say } = useView.getState();
  if (why) {
    say(t.canvas.refused(why));
    return false;
  }
  void edit(t.canvas.labels.connect(titleOf(graph, from), titleOf(graph, to)), [
    { kind: "connect", from_step: from, from_port: fromPort, to_step: to, to_port: toPort },
  ]);
  const step = graph.steps.find((item) => item.name === to);
  const port = components.get(step?.component ?? "")?.inputs.find((item) => item.name === toPort);
  say(t.canvas.connect.done(titleOf(graph, from), titleOf(graph, to), port?.title ?? toPort));
  return true;
}

export function disconnect(to: string, toPort: string): void {
  const graph = graphNow();
  if (!graph) return;
  void edit(t.canvas.labels.disconnect(titleOf(graph, to)), [
    { kind: "disconnect", to_step: to, to_port: toPort },
  ]);
  useView.getState().set({ wire: "" });
  useView.getState().say(t.canvas.said.disconnected);
}

/** Bind a data port to an input of the pipeline; a new one where `input` is not there yet. */
export function connectInput(to: string, port: string, input: string | null): void {
  const graph = graphNow();
  if (!graph) return;
  const name = input ?? freeInput(graph, "photos");
  const edits: Edit[] = [];
  if (input === null) {
    edits.push({
      kind: "set_input",
      name,
      data: true,
      path: null,
      folder: "",
      value: null,
      remove: false,
    });
  }
  edits.push({ kind: "connect_input", input: name, to_step: to, to_port: port });
  void edit(t.canvas.labels.connect(name, titleOf(graph, to)), edits);
}

export function removeSteps(names: readonly string[], label?: string): void {
  const graph = graphNow();
  if (!graph || names.length === 0) return;
  const titles = names.map((name) => titleOf(graph, name));
  void edit(label ?? t.canvas.labels.delete(titles), [{ kind: "remove_steps", steps: [...names] }]);
  useEditor.getState().select([]);
  useView.getState().say(t.canvas.said.deleted(names.length));
}

/** Put steps elsewhere; what has no place in the layout yet gets the one that is seen. */
export function move(positions: Record<string, Position>, label?: string, merge = ""): void {
  const graph = graphNow();
  const names = Object.keys(positions);
  if (!graph || names.length === 0) return;
  const open = settled(graph).flatMap((item) => (item.kind === "move" ? [item.positions] : []));
  const titles = names.map((name) => titleOf(graph, name));
  void edit(
    label ?? t.canvas.labels.move(titles),
    [{ kind: "move", positions: Object.assign({}, ...open, positions) }],
    merge,
  );
}

export type Alignment = "left" | "top" | "distribute";

/** Positions of steps put in a line, or evenly apart along their longer side. */
export function aligned(
  at: Readonly<Record<string, Position>>,
  how: Alignment,
): Record<string, Position> {
  const entries = Object.entries(at);
  const xs = entries.map(([, place]) => place.x);
  const ys = entries.map(([, place]) => place.y);
  const left = Math.min(...xs);
  const top = Math.min(...ys);
  if (how === "left") {
    return Object.fromEntries(entries.map(([name, place]) => [name, { x: left, y: place.y }]));
  }
  if (how === "top") {
    return Object.fromEntries(entries.map(([name, place]) => [name, { x: place.x, y: top }]));
  }
  const width = Math.max(...xs) - left;
  const height = Math.max(...ys) - top;
  const axis = width >= height ? "x" : "y";
  const [start, span] = axis === "x" ? [left, width] : [top, height];
  const sorted = [...entries].sort(([, a], [, b]) => a[axis] - b[axis]);
  const gap = span / Math.max(sorted.length - 1, 1);
  return Object.fromEntries(
    sorted.map(([name, place], index) => [
      name,
      { ...place, [axis]: Math.round(start + index * gap) },
    ]),
  );
}

export function align(how: Alignment): void {
  const graph = graphNow();
  const { selected } = useEditor.getState();
  if (!graph || selected.length < 2) return;
  const places = standing(graph);
  const chosen = Object.fromEntries(
    selected.flatMap((name) => (places[name] ? [[name, places[name] as Position]] : [])),
  );
  const label = how === "distribute" ? t.canvas.labels.distribute : t.canvas.labels.align;
  move(aligned(chosen, how), label);
}
