import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Graph } from "~/api/types";
import { applyAll, applyEdit, freeName } from "./document";
import { anyEdit, catalog, empty, stepOf } from "./testing";

const names = (graph: Graph) => graph.steps.map((step) => step.name);

test("random edits never name a step twice, nor leave a wire to a step that was taken away", () => {
  fc.assert(
    fc.property(fc.array(anyEdit, { maxLength: 40 }), (edits) => {
      const graph = applyAll(empty, edits, catalog);
      expect(new Set(names(graph)).size).toBe(graph.steps.length);
      const removed = edits.flatMap((edit, at) =>
        edit.kind === "remove_steps" ? [{ at, steps: edit.steps }] : [],
      );
      for (const { at, steps } of removed) {
        const after = applyAll(empty, edits.slice(0, at + 1), catalog);
        const bound = after.steps.flatMap((step) => Object.values(step.inputs));
        for (const input of bound) {
          if (input.kind === "step") expect(steps).not.toContain(input.step);
        }
      }
    }),
  );
});

test("an edit changes nothing in place, and steps that it does not touch stay the same objects", () => {
  fc.assert(
    fc.property(fc.array(anyEdit, { maxLength: 20 }), anyEdit, (edits, last) => {
      const before = applyAll(empty, edits, catalog);
      const copy = structuredClone(before);
      const after = applyEdit(before, last, catalog);
      expect(before).toEqual(copy);
      for (const step of after.steps) {
        const old = before.steps.find((item) => item.name === step.name);
        if (old && JSON.stringify(old) === JSON.stringify(step) && last.kind === "remove_steps") {
          expect(step).toBe(old);
        }
      }
    }),
  );
});

test("wires follow a step that is renamed", () => {
  const graph = {
    ...empty,
    steps: [
      stepOf("a", "convert"),
      stepOf("b", "split", { images: { kind: "step", step: "a", port: "images" } }),
    ],
  };
  const after = applyEdit(graph, { kind: "rename_step", step: "a", new: "photos" }, catalog);
  expect(after.steps[1]?.inputs["images"]).toEqual({
    kind: "step",
    step: "photos",
    port: "images",
  });
  // a name that is taken is refused by the server; here nothing happens until it says so
  expect(applyEdit(graph, { kind: "rename_step", step: "a", new: "b" }, catalog)).toBe(graph);
});

test("a parameter that is left out goes back to its default", () => {
  const graph = { ...empty, steps: [stepOf("a", "train")] };
  const set = applyEdit(
    graph,
    { kind: "set_parameter", step: "a", name: "seed", value: 7 },
    catalog,
  );
  expect(set.steps[0]?.effective["seed"]).toBe(7);
  const out = applyEdit(
    set,
    { kind: "set_parameter", step: "a", name: "seed", value: null },
    catalog,
  );
  expect(out.steps[0]?.inputs).toEqual({});
  expect(out.steps[0]?.effective["seed"]).toBe(1);
});

test("a parameter that becomes an input of the pipeline takes its present value along", () => {
  const graph = { ...empty, steps: [stepOf("a", "train")] };
  const after = applyEdit(graph, { kind: "promote", step: "a", name: "seed", input: "" }, catalog);
  expect(after.inputs).toEqual([{ name: "seed", kind: "value", type: "", path: null, value: 1 }]);
  expect(after.steps[0]?.inputs["seed"]).toEqual({ kind: "input", input: "seed" });
});

test("new steps get short names that nobody has, and that the file allows", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 30 }), { maxLength: 12 }), (components) => {
      let graph = empty;
      for (const component of components) {
        const name = freeName(graph, component);
        expect(name).toMatch(/^[a-z_][a-z0-9_]*$/);
        expect(names(graph)).not.toContain(name);
        graph = { ...graph, steps: [...graph.steps, stepOf(name, component)] };
      }
    }),
  );
  expect(freeName(empty, "train_pytorch_model")).toBe("train");
});
