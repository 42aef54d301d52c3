/** Where a pointer let go, and what of. */
import type { Graph } from "~/api/types";
import type { Components } from "~/graph/document";
import type { Wire } from "~/graph/order";
import { refusal } from "~/graph/types";
import type { Refusal } from "~/messages/canvas";

/** What a component that is dragged from the palette goes by. */
export const PALETTE_TYPE = "application/x-visionloom-component";

export function pointOf(event: MouseEvent | TouchEvent): { x: number; y: number } {
  const point = "changedTouches" in event ? event.changedTouches[0] : event;
  return { x: point?.clientX ?? 0, y: point?.clientY ?? 0 };
}

type Onto = { kind: "wire"; wire: Wire } | { kind: "refused"; why: Refusal };

/** The port that a wire takes which was dropped on a step's box: the first open one that fits, or
 * the first that fits; null when it was dropped on nothing. */
export function dropTarget(
  at: { x: number; y: number },
  graph: Graph,
  mine: { step: string; port: string },
  end: "source" | "target",
  components: Components,
): Onto | null {
  const node = document
    .elementFromPoint(at.x, at.y)
    ?.closest<HTMLElement>(".react-flow__node-step");
  const name = node?.dataset["id"];
  const step = graph.steps.find((item) => item.name === name);
  if (!step || !name) return null;
  const component = components.get(step.component);
  const ports = (end === "source" ? component?.inputs : component?.outputs) ?? [];
  const wires = ports.map((port): Wire => {
    return end === "source"
      ? { from: mine.step, fromPort: mine.port, to: name, toPort: port.name }
      : { from: name, fromPort: port.name, to: mine.step, toPort: mine.port };
  });
  const fitting = wires.filter((wire) => refusal(graph, wire, components) === null);
  const wire = fitting.find((item) => !(item.toPort in step.inputs)) ?? fitting[0];
  if (wire) return { kind: "wire", wire };
  const first = wires[0];
  const why = first ? refusal(graph, first, components) : null;
  return { kind: "refused", why: why ?? { why: "no-port" } };
}
