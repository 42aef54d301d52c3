import * as fc from "fast-check";
import { expect, test } from "vitest";
import { downstream, inOrder, neighbours, topological, towards, wiresOf } from "./order";
import { anyGraph, graphOf } from "./testing";

test("every step comes after those that it needs, whatever the order of the file", () => {
  fc.assert(
    fc.property(anyGraph, (graph) => {
      const order = topological(graph);
      expect([...order].sort()).toEqual(graph.steps.map((step) => step.name).sort());
      for (const { from, to } of wiresOf(graph)) {
        expect(order.indexOf(from)).toBeLessThan(order.indexOf(to));
      }
    }),
  );
});

test("an order that fits already is kept", () => {
  fc.assert(
    fc.property(anyGraph, (graph) => {
      const order = topological(graph);
      const steps = order.flatMap((name) => graph.steps.filter((step) => step.name === name));
      expect(topological({ ...graph, steps })).toEqual(order);
    }),
  );
});

test("steps of a loop are listed too, each once", () => {
  const graph = graphOf(
    ["a", "b", "c", "d"],
    [
      ["a", "b"],
      ["b", "a"],
      ["c", "b"],
    ],
  ); // prettier-ignore
  expect(topological(graph).sort()).toEqual(["a", "b", "c", "d"]);
});

test("down and up follow the wires, left and right reach every step", () => {
  fc.assert(
    fc.property(anyGraph, (graph) => {
      const names = graph.steps.map((step) => step.name);
      const near = neighbours(names, wiresOf(graph));
      const order = inOrder(names, near);
      let at = towards(undefined, "next", order, near);
      const seen = [at];
      for (let count = 1; count < order.length; count += 1) {
        at = towards(at, "next", order, near);
        seen.push(at);
      }
      expect(seen).toEqual(order);
      for (const name of order) {
        const after = near.after.get(name) ?? [];
        if (after.length) expect(after).toContain(towards(name, "forward", order, near));
        const before = near.before.get(name) ?? [];
        if (before.length) expect(before).toContain(towards(name, "back", order, near));
      }
    }),
  );
});

test("what comes after a step does not come before it", () => {
  fc.assert(
    fc.property(anyGraph, (graph) => {
      const names = graph.steps.map((step) => step.name);
      const { after } = neighbours(names, wiresOf(graph));
      for (const { from, to } of wiresOf(graph))
        expect(downstream(to, after).has(from)).toBe(false);
    }),
  );
});
