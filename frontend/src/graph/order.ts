/** The order of steps: each after what it needs, and otherwise as the file has them. */
import type { Graph } from "~/api/types";

export interface Wire {
  from: string;
  fromPort: string;
  to: string;
  toPort: string;
}

/** One word for a wire; an input port has one wire at most. */
export const wireId = (to: string, toPort: string): string => `${to}.${toPort}`;

/** Wires between steps that are there. */
export function wiresOf(graph: Graph): Wire[] {
  const known = new Set(graph.steps.map((step) => step.name));
  const wires: Wire[] = [];
  for (const step of graph.steps) {
    for (const [port, bound] of Object.entries(step.inputs)) {
      if (bound.kind === "step" && known.has(bound.step)) {
        wires.push({ from: bound.step, fromPort: bound.port, to: step.name, toPort: port });
      }
    }
  }
  return wires;
}

/** Steps that come directly after and before each. */
export interface Neighbours {
  after: ReadonlyMap<string, readonly string[]>;
  before: ReadonlyMap<string, readonly string[]>;
}

export function neighbours(names: readonly string[], wires: readonly Wire[]): Neighbours {
  const after = new Map<string, string[]>(names.map((name) => [name, []]));
  const before = new Map<string, string[]>(names.map((name) => [name, []]));
  for (const { from, to } of wires) {
    if (from === to) continue;
    const next = after.get(from);
    const last = before.get(to);
    if (next && !next.includes(to)) next.push(to);
    if (last && !last.includes(from)) last.push(from);
  }
  return { after, before };
}

/** Names in topological order, stable by their place in `names`; those of a loop come where they
 * stand once nothing else can come. */
export function inOrder(names: readonly string[], { after, before }: Neighbours): string[] {
  const place = new Map(names.map((name, index) => [name, index]));
  const waiting = new Map(names.map((name) => [name, before.get(name)?.length ?? 0]));
  const heap = new Heap();
  const done = new Set<string>();
  names.forEach((name, index) => {
    if (waiting.get(name) === 0) heap.push(index);
  });
  const order: string[] = [];
  let next = 0;
  while (order.length < names.length) {
    let index = heap.pop();
    if (index === undefined) {
      while (done.has(names[next] as string)) next += 1;
      index = next;
    }
    const name = names[index] as string;
    if (done.has(name)) continue;
    done.add(name);
    order.push(name);
    for (const follower of after.get(name) ?? []) {
      const left = (waiting.get(follower) ?? 0) - 1;
      waiting.set(follower, left);
      if (left === 0 && !done.has(follower)) heap.push(place.get(follower) as number);
    }
  }
  return order;
}

/** Names of a pipeline's steps in topological order. */
export function topological(graph: Graph): string[] {
  const names = graph.steps.map((step) => step.name);
  return inOrder(names, neighbours(names, wiresOf(graph)));
}

/** Everything that comes after a step, itself included. */
export function downstream(start: string, after: Neighbours["after"]): Set<string> {
  const found = new Set([start]);
  const open = [start];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const next of after.get(name) ?? []) {
      if (!found.has(next)) {
        found.add(next);
        open.push(next);
      }
    }
  }
  return found;
}

export type Direction = "next" | "previous" | "forward" | "back" | "first" | "last";

/** The step that an arrow key leads to: along a wire, or to the neighbour in the order. */
export function towards(
  from: string | undefined,
  direction: Direction,
  order: readonly string[],
  { after, before }: Neighbours,
): string | undefined {
  if (direction === "first") return order[0];
  if (direction === "last") return order.at(-1);
  const index = from === undefined ? -1 : order.indexOf(from);
  if (from === undefined || index < 0) return order[0];
  const rank = (names: readonly string[] | undefined) =>
    [...(names ?? [])].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  if (direction === "forward") return rank(after.get(from))[0] ?? order[index + 1] ?? from;
  if (direction === "back") return rank(before.get(from))[0] ?? order[Math.max(index - 1, 0)];
  return order[
    direction === "next" ? Math.min(index + 1, order.length - 1) : Math.max(index - 1, 0)
  ];
}

/** Smallest number first. */
class Heap {
  private readonly items: number[] = [];

  push(value: number): void {
    const { items } = this;
    let at = items.push(value) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((items[parent] as number) <= value) break;
      items[at] = items[parent] as number;
      at = parent;
    }
    items[at] = value;
  }

  pop(): number | undefined {
    const { items } = this;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && (items[child + 1] as number) < (items[child] as number)) {
        child += 1;
      }
      if ((items[child] as number) >= last) break;
      items[at] = items[child] as number;
      at = child;
    }
    items[at] = last;
    return top;
  }
}
