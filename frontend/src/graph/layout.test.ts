import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Graph, Position } from "~/api/types";
import {
  freePlace,
  layout,
  layoutRequest,
  NODE_HEIGHT,
  NODE_WIDTH,
  placeAfter,
  positionsOf,
} from "./layout";
import { wiresOf } from "./order";
import { anyGraph, graphOf } from "./testing";

const overlap = (a: Position, b: Position) =>
  Math.abs(a.x - b.x) < NODE_WIDTH && Math.abs(a.y - b.y) < NODE_HEIGHT;

function expectApart(positions: Record<string, Position>): void {
  const all = Object.values(positions);
  all.forEach((a, at) => {
    for (const b of all.slice(at + 1)) expect(overlap(a, b)).toBe(false);
  });
}

test("no two steps overlap, and every wire runs downwards", () => {
  fc.assert(
    fc.property(anyGraph, (graph) => {
      const positions = layout(layoutRequest(graph));
      expectApart(positions);
      for (const { from, to } of wiresOf(graph)) {
        expect(positions[from]?.y).toBeLessThan(positions[to]?.y as number);
      }
      expect(layout(layoutRequest(graph))).toEqual(positions);
    }),
  );
});

test("a chain is one straight column", () => {
  const positions = layout(
    layoutRequest(
      graphOf(
        ["a", "b", "c"],
        [
          ["b", "a"],
          ["c", "b"],
        ],
      ),
    ),
  ); // prettier-ignore
  expect(new Set(Object.values(positions).map((at) => at.x)).size).toBe(1);
});

test("steps without a place keep clear of those that have one", () => {
  fc.assert(
    fc.property(anyGraph, fc.nat(), (graph, seed) => {
      const made = layout(layoutRequest(graph));
      const steps = graph.steps.map((step, at) =>
        (seed >> (at % 16)) % 2 ? { ...step, position: made[step.name] ?? null } : step,
      );
      const positions = positionsOf({ ...graph, steps });
      expect(Object.keys(positions).sort()).toEqual(steps.map((step) => step.name).sort());
      expectApart(positions);
      for (const step of steps) if (step.position) expect(positions[step.name]).toBe(step.position);
    }),
  );
});

test("a new step finds a free place below the one it follows", () => {
  const from = { x: 100, y: 100 };
  const taken: Position[] = [from];
  for (let count = 0; count < 20; count += 1) {
    const at = placeAfter(from, taken);
    expect(at.y).toBeGreaterThan(from.y);
    for (const other of taken) expect(overlap(at, other)).toBe(false);
    taken.push(at);
  }
  expect(freePlace([], { x: 13, y: 18 })).toEqual({ x: 12, y: 20 });
});

test("a thousand steps of a deep pipeline are laid out within a second", () => {
  const names = Array.from({ length: 1000 }, (_, at) => `s${at}`);
  const needs = names.flatMap((name, at): [string, string][] => {
    if (at === 0) return [];
    const far = at % 3 === 0 ? [[name, `s${Math.floor(at / 2)}`] as [string, string]] : [];
    return [[name, `s${at - 1 - (at % 2)}`] as [string, string], ...far].filter(
      ([who, whom]) => who !== whom && !whom.includes("-"),
    );
  });
  const graph: Graph = graphOf(names, needs);
  const start = performance.now();
  const positions = layout(layoutRequest(graph));
  expect(performance.now() - start).toBeLessThan(1_000);
  expect(Object.keys(positions)).toHaveLength(1_000);
});
