/** Components and pipelines for tests: a small catalog like the real one, and random graphs. */
import * as fc from "fast-check";
import type { Binding, Component, Edit, Graph, GraphStep } from "~/api/types";

const port = (name: string, type: string, optional = false) => ({
  name,
  title: name,
  type,
  optional,
  help: "",
});

function component(
  name: string,
  inputs: readonly (readonly [string, string])[],
  outputs: readonly (readonly [string, string])[],
): Component {
  return {
    name,
    title: name,
    category: "Test",
    version: "1",
    summary: "",
    description: "",
    aliases: [],
    deterministic: true,
    differs_from_the_original: [],
    extra: "",
    inputs: inputs.map(([port_, type]) => port(port_, type)),
    outputs: outputs.map(([port_, type]) => port(port_, type)),
    parameters: { properties: { seed: { default: 1 } } },
  };
}

export const catalog: ReadonlyMap<string, Component> = new Map(
  [
    component("convert", [["photos", "AnyDirectory"]], [["images", "ImageDirectory"]]),
    component(
      "split",
      [["images", "ImageDirectory"]],
      [
        ["first", "ImageDirectory"],
        ["second", "ImageDirectory"],
      ],
    ),
    component("resnet", [], [["untrained", "UntrainedModelDirectory"]]),
    component(
      "train",
      [
        ["untrained", "UntrainedModelDirectory"],
        ["training", "ImageDirectory"],
      ],
      [["trained", "ModelDirectory"]],
    ),
    component(
      "score",
      [
        ["trained", "ModelDirectory"],
        ["dataset", "ImageDirectory"],
      ],
      [["scores", "ScoresDirectory"]],
    ),
  ].map((item) => [item.name, item]),
);

export const empty: Graph = {
  display_name: "",
  description: "",
  default_compute: null,
  force_rerun: false,
  continue_on_step_failure: false,
  inputs: [],
  outputs: [],
  steps: [],
  notes: [],
};

export function stepOf(
  name: string,
  component_: string,
  inputs: Record<string, Binding> = {},
): GraphStep {
  return {
    name,
    component: component_,
    version: "1",
    known: true,
    why_unknown: "",
    title: component_,
    display_name: "",
    comment: "",
    compute: null,
    inputs,
    outputs: {},
    effective: { seed: 1 },
    position: null,
  };
}

/** A pipeline from pairs "who needs whom", over ports that are named after them. */
export function graphOf(names: readonly string[], needs: readonly (readonly [string, string])[]) {
  const steps = names.map((name) => {
    const inputs = Object.fromEntries(
      needs
        .filter(([who]) => who === name)
        .map(([, whom], at): [string, Binding] => [
          `p${at}`,
          { kind: "step", step: whom, port: "out" },
        ]),
    );
    return stepOf(name, "custom", inputs);
  });
  return { ...empty, steps };
}

/** A random pipeline without loops whose steps stand in any order. */
export const anyGraph: fc.Arbitrary<Graph> = fc
  .integer({ min: 1, max: 24 })
  .chain((count) =>
    fc.record({
      count: fc.constant(count),
      wires: fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 3 * count }),
      places: fc.shuffledSubarray(
        Array.from({ length: count }, (_, at) => at),
        { minLength: count, maxLength: count },
      ),
    }),
  )
  .map(({ wires, places }) => {
    const names = places.map((at) => `s${at}`);
    const needs = wires.flatMap(([a, b]): [string, string][] =>
      a === b ? [] : [[`s${Math.max(a, b)}`, `s${Math.min(a, b)}`]],
    );
    return graphOf(names, needs);
  });

const word = fc.constantFrom("a", "b", "c", "convert", "split", "train", "nobody");
const portName = fc.constantFrom("images", "photos", "training", "trained", "first");

/** Edits as a user or another tab may send them, also such that do not fit. */
export const anyEdit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    kind: fc.constant("add_step" as const),
    component: fc.constantFrom(...catalog.keys(), "nothing_known"),
    name: fc.oneof(fc.constant(""), word),
    position: fc.constant(null),
    parameters: fc.constant({}),
  }),
  fc.record({
    kind: fc.constant("remove_steps" as const),
    steps: fc.array(word, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant("rename_step" as const), step: word, new: word }),
  fc.record({
    kind: fc.constant("connect" as const),
    from_step: word,
    from_port: portName,
    to_step: word,
    to_port: portName,
  }),
  fc.record({ kind: fc.constant("disconnect" as const), to_step: word, to_port: portName }),
  fc.record({
    kind: fc.constant("set_parameter" as const),
    step: word,
    name: fc.constant("seed"),
    value: fc.oneof(fc.constant(null), fc.integer()),
  }),
  fc.record({
    kind: fc.constant("promote" as const),
    step: word,
    name: fc.constant("seed"),
    input: fc.constant(""),
  }),
  fc.record({
    kind: fc.constant("move" as const),
    positions: fc.dictionary(word, fc.record({ x: fc.integer(), y: fc.integer() })),
  }),
  fc.record({ kind: fc.constant("rename_input" as const), name: word, new: word }),
);
