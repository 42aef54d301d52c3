/** Where steps stand when nobody has placed them: in layers along the data, top to bottom.
 *
 * Longest-path layers, a few sweeps of barycentre ordering, then each step as near to its
 * neighbours as its layer allows. Nearly linear in the number of wires, and stable: the same
 * pipeline gives the same picture. */
import type { Graph, Position } from "~/api/types";
import { inOrder, neighbours, wiresOf } from "./order";

export const NODE_WIDTH = 232;
export const NODE_HEIGHT = 68;
export const GAP_X = 40;
export const GAP_Y = 76;
export const GRID = 4;

export interface LayoutRequest {
  names: readonly string[];
  wires: readonly (readonly [from: number, to: number])[];
}

/** What the layout needs of a pipeline, small enough to hand to a worker. */
export function layoutRequest(graph: Graph): LayoutRequest {
  const names = graph.steps.map((step) => step.name);
  const index = new Map(names.map((name, at) => [name, at]));
  const wires = wiresOf(graph).map(
    ({ from, to }) => [index.get(from) as number, index.get(to) as number] as const,
  );
  return { names, wires };
}

/** A position for each step. */
export function layout({ names, wires }: LayoutRequest): Record<string, Position> {
  const named = wires.map(([from, to]) => ({
    from: names[from] as string,
    to: names[to] as string,
    fromPort: "",
    toPort: "",
  }));
  const near = neighbours(names, named);
  const order = inOrder(names, near);
  const layers = layered(order, near.before, near.after);
  sweep(layers, near.before, near.after);
  return placed(layers, near.before, near.after);
}

type Near = ReadonlyMap<string, readonly string[]>;

/** Layers by the longest path; a source stands right above what needs it first. */
function layered(order: readonly string[], before: Near, after: Near): string[][] {
  const rank = new Map<string, number>();
  for (const name of order) {
    let depth = 0;
    for (const other of before.get(name) ?? [])
      depth = Math.max(depth, (rank.get(other) ?? -1) + 1);
    rank.set(name, depth);
  }
  for (const name of [...order].reverse()) {
    const followers = after.get(name) ?? [];
    if ((before.get(name)?.length ?? 0) > 0 || followers.length === 0) continue;
    const nearest = Math.min(...followers.map((other) => rank.get(other) ?? 0));
    rank.set(name, Math.max(nearest - 1, 0));
  }
  const layers: string[][] = [];
  for (const name of order) {
    const depth = rank.get(name) ?? 0;
    while (layers.length <= depth) layers.push([]);
    layers[depth]?.push(name);
  }
  return layers;
}

/** Put each layer in the order of its neighbours' middles, downwards and upwards in turn. */
function sweep(layers: string[][], before: Near, after: Near): void {
  const place = new Map<string, number>();
  const number = (layer: readonly string[]) => {
    layer.forEach((name, at) => {
      place.set(name, at - (layer.length - 1) / 2);
    });
  };
  for (const layer of layers) number(layer);
  for (let round = 0; round < 4; round += 1) {
    const down = round % 2 === 0;
    const near = down ? before : after;
    for (let step = 0; step < layers.length; step += 1) {
      const layer = layers[down ? step : layers.length - 1 - step] as string[];
      const middle = new Map(layer.map((name) => [name, mean(near.get(name), place)]));
      const sorted = layer
        .map((name, at) => ({ name, at, to: middle.get(name) ?? place.get(name) ?? at }))
        .sort((a, b) => a.to - b.to || a.at - b.at);
      sorted.forEach(({ name }, at) => {
        layer[at] = name;
      });
      number(layer);
    }
  }
}

function mean(
  names: readonly string[] | undefined,
  place: ReadonlyMap<string, number>,
): number | null {
  let sum = 0;
  let count = 0;
  for (const name of names ?? []) {
    const at = place.get(name);
    if (at !== undefined) {
      sum += at;
      count += 1;
    }
  }
  return count ? sum / count : null;
}

/** Coordinates: each step at its neighbours' middle, pushed apart where two would overlap. */
function placed(layers: readonly string[][], before: Near, after: Near): Record<string, Position> {
  const pitch = NODE_WIDTH + GAP_X;
  const x = new Map<string, number>();
  for (const layer of layers) {
    layer.forEach((name, at) => {
      x.set(name, (at - (layer.length - 1) / 2) * pitch);
    });
  }
  for (let round = 0; round < 6; round += 1) {
    const down = round % 2 === 0;
    const near = down ? before : after;
    for (let step = 0; step < layers.length; step += 1) {
      const layer = layers[down ? step : layers.length - 1 - step] as string[];
      spread(layer, (name) => mean(near.get(name), x) ?? (x.get(name) as number), x, pitch);
    }
  }
  const left = Math.min(0, ...x.values());
  const positions: Record<string, Position> = {};
  layers.forEach((layer, depth) => {
    for (const name of layer) {
      positions[name] = {
        x: Math.round(((x.get(name) as number) - left) / GRID) * GRID,
        y: depth * (NODE_HEIGHT + GAP_Y),
      };
    }
  });
  return positions;
}

/** Put a layer's steps where they want to be, in their order and apart: blocks of steps that
 * would overlap move together to their common middle. */
function spread(
  layer: readonly string[],
  wish: (name: string) => number,
  x: Map<string, number>,
  pitch: number,
): void {
  const blocks: { first: number; count: number; sum: number }[] = [];
  layer.forEach((name, at) => {
    // wishes as if all steps stood at the block's first place
    let block = { first: at, count: 1, sum: wish(name) };
    for (let last = blocks.at(-1); last; last = blocks.at(-1)) {
      if (last.sum / last.count + last.count * pitch <= block.sum / block.count) break;
      blocks.pop();
      block = {
        first: last.first,
        count: last.count + block.count,
        sum: last.sum + block.sum - block.count * last.count * pitch,
      };
    }
    blocks.push(block);
  });
  for (const { first, count, sum } of blocks) {
    for (let at = 0; at < count; at += 1) {
      x.set(layer[first + at] as string, sum / count + at * pitch);
    }
  }
}

/** Positions of all steps: the pipeline's own, and for steps without one a free place that keeps
 * clear of the others. */
export function positionsOf(graph: Graph): Record<string, Position> {
  const own: Record<string, Position> = {};
  let open = 0;
  for (const step of graph.steps) {
    if (step.position) own[step.name] = step.position;
    else open += 1;
  }
  if (open === 0) return own;
  const made = layout(layoutRequest(graph));
  if (open === graph.steps.length) return made;
  const lowest = Math.max(...Object.values(own).map((at) => at.y)) + NODE_HEIGHT + GAP_Y;
  const left = Math.min(...Object.values(own).map((at) => at.x));
  const top = Math.min(
    ...graph.steps.filter((step) => !step.position).map((step) => made[step.name]?.y ?? 0),
  );
  for (const step of graph.steps) {
    const at = made[step.name];
    if (!step.position && at) own[step.name] = { x: left + at.x, y: lowest + at.y - top };
  }
  return own;
}

/** A free place for a new step, at or below the wanted one. */
export function freePlace(taken: readonly Position[], wanted: Position): Position {
  const at = {
    x: Math.round(wanted.x / GRID) * GRID,
    y: Math.round(wanted.y / GRID) * GRID,
  };
  const crowds = (x: number, y: number) =>
    taken.some(
      (other) =>
        Math.abs(other.x - x) < NODE_WIDTH + 16 && Math.abs(other.y - y) < NODE_HEIGHT + 32,
    );
  for (let ring = 0; ring < 60; ring += 1) {
    const y = at.y + Math.floor(ring / 5) * (NODE_HEIGHT + GAP_Y);
    const side = [0, 1, -1, 2, -2][ring % 5] as number;
    const x = at.x + side * (NODE_WIDTH + GAP_X);
    if (!crowds(x, y)) return { x, y };
  }
  return at;
}

/** Where a step goes that is added after another: below it. */
export function placeAfter(
  from: Position,
  taken: readonly Position[],
  end: "source" | "target" = "source",
): Position {
  const down = NODE_HEIGHT + GAP_Y;
  return freePlace(taken, { x: from.x, y: from.y + (end === "source" ? down : -down) });
}
