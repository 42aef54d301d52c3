import { expect, it } from "vitest";
import type { Graph, RunStep } from "~/api/types";
import { criticalPath } from "./critical";

const ran = (name: string, started: number | null, ended: number | null) =>
  ({ name, started, ended }) as RunStep;
const graph = (wires: Record<string, string[]>) =>
  ({
    steps: Object.entries(wires).map(([name, before]) => ({
      name,
      inputs: Object.fromEntries(
        before.map((step, index) => [`in${index}`, { kind: "step", step, port: "out" }]),
      ),
    })),
  }) as unknown as Graph;

it("follows the input that came last, back to the first step", () => {
  const steps = [ran("a", 0, 1), ran("slow", 0, 5), ran("c", 5, 6), ran("side", 1, 2)];
  const path = criticalPath(graph({ a: [], slow: [], c: ["a", "slow"], side: ["a"] }), steps);
  expect([...path]).toEqual(["c", "slow"]);
});

it("stops at steps that were reused, and is empty where nothing ran", () => {
  expect([
    ...criticalPath(graph({ a: [], b: ["a"] }), [ran("a", null, null), ran("b", 1, 2)]),
  ]).toEqual(["b"]);
  expect(criticalPath(graph({ a: [] }), [ran("a", null, null)]).size).toBe(0);
});

it("ends where steps need each other", () => {
  const steps = [ran("a", 0, 1), ran("b", 1, 2)];
  expect(criticalPath(graph({ a: ["b"], b: ["a"] }), steps).size).toBe(2);
});
