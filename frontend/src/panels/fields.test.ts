import { expect, test } from "vitest";
import type { Catalog, Component, Graph, GraphStep } from "~/api/types";
import { empty, stepOf } from "~/graph/testing";
import { allowed, boundKind, fieldsOf, isShown, placeholder, standIn, typed } from "./fields";

const component: Component = {
  name: "train",
  title: "Train",
  category: "Model training",
  version: "1",
  summary: "",
  description: "",
  aliases: [],
  deterministic: true,
  differs_from_the_original: [],
  extra: "",
  inputs: [],
  outputs: [],
  parameters: {
    properties: {
      preset: {
        title: "Preset",
        type: "string",
        enum: ["original", "standard"],
        default: "original",
      },
      epochs: {
        title: "Epochs",
        type: ["integer", "null"],
        minimum: 1,
        default: null,
        "x-preset-default": 5,
      },
      rate: {
        title: "Rate",
        type: ["number", "null"],
        minimum: 2.2250738585072014e-308,
        default: null,
        "x-preset-default": 0.001,
      },
      momentum: { title: "Momentum", type: "number", minimum: 0, maximum: 0.9999, default: 0.9 },
      limit: { title: "Limit", type: ["number", "null"], exclusiveMinimum: 0, default: null },
      seed: { title: "Seed", type: ["integer", "null"], default: 1, "x-draws-when-empty": true },
      resize: { title: "Resize", type: "boolean", default: true },
      size: {
        title: "Size",
        type: "integer",
        minimum: 1,
        default: 256,
        "x-shown-when": { parameter: "resize", equals: true },
      },
      detail: {
        title: "Detail",
        type: "integer",
        default: 1,
        "x-shown-when": { parameter: "size", equals: 256 },
      },
      mode: { title: "Mode", type: "string", enum: ["a", "b"] },
      device: {
        title: "Device",
        type: "string",
        examples: ["auto", "cpu"],
        default: "auto",
        "x-group": "advanced",
      },
      weights: {
        title: "Weights",
        type: ["string", "null"],
        default: null,
        "x-file": "always",
        "x-aliases": ["w"],
        "x-explanation": "Longer.",
      },
    },
    required: ["mode"],
  },
};
const rules = fieldsOf(component);

function rule(name: string) {
  const found = rules.find((item) => item.name === name);
  if (!found) throw new Error(`no field ${name}`);
  return found;
}

function step(inputs: GraphStep["inputs"] = {}, effective: GraphStep["effective"] = {}): GraphStep {
  return {
    name: "train",
    component: "train",
    version: "1",
    known: true,
    why_unknown: "",
    title: "Train",
    display_name: "",
    comment: "",
    compute: null,
    inputs,
    outputs: {},
    effective,
    position: null,
  };
}

const graph: Graph = {
  display_name: "",
  description: "",
  default_compute: null,
  force_rerun: false,
  continue_on_step_failure: false,
  outputs: [],
  steps: [],
  notes: [],
  inputs: [
    { name: "on", kind: "value", type: "boolean", path: null, value: true },
    { name: "off", kind: "value", type: "boolean", path: null, value: false },
    { name: "open", kind: "value", type: "boolean", path: null, value: null },
  ],
};

test("a schema is read with all that a form shows", () => {
  expect(rules.map((item) => item.name)).toEqual(
    Object.keys(component.parameters["properties"] as object),
  );
  expect(rule("mode").required).toBe(true);
  expect(rule("epochs").nullable).toBe(true);
  expect(rule("device")).toMatchObject({
    advanced: true,
    choices: null,
    suggestions: ["auto", "cpu"],
  });
  expect(rule("weights")).toMatchObject({ file: "always", aliases: ["w"], explanation: "Longer." });
});

test("what is allowed is said in words", () => {
  expect(allowed(rule("epochs"))).toBe("a whole number, 1 or more");
  expect(allowed(rule("rate"))).toBe("a number, above 0");
  expect(allowed(rule("momentum"))).toBe("a number, from 0 to 0.9999");
  expect(allowed(rule("limit"))).toBe("a number, above 0");
  expect(allowed(rule("mode"))).toBe("one of a, b");
});

test.each([
  ["epochs", "12", 12],
  ["epochs", " 12 ", 12],
  ["epochs", "", null],
  ["rate", "1e-4", 0.0001],
  ["limit", "0.5", 0.5],
  ["device", "cuda:1", "cuda:1"],
])("%s takes %j", (name, text, value) => {
  expect(typed(rule(name), text)).toEqual({ value, wrong: "" });
});

test.each([
  ["epochs", "0", 0],
  ["epochs", "2.5", 2.5],
  ["epochs", "many", "many"],
  ["rate", "0,5", "0,5"],
  ["momentum", "1", 1],
  ["limit", "0", 0],
  ["mode", "", null],
])("%s says what is wrong with %j and gives it all the same", (name, text, value) => {
  const answer = typed(rule(name), text);
  expect(answer.wrong).not.toBe("");
  expect(answer.value).toBe(value);
});

test("a field is used while the one it depends on has the value, through several", () => {
  const used = (name: string, inputs: GraphStep["inputs"]) =>
    isShown(rule(name), rules, step(inputs), graph);
  expect(used("size", {})).toBe(true);
  expect(used("size", { resize: { kind: "value", value: false } })).toBe(false);
  expect(used("size", { resize: { kind: "input", input: "on" } })).toBe(true);
  expect(used("size", { resize: { kind: "input", input: "off" } })).toBe(false);
  expect(used("size", { resize: { kind: "input", input: "open" } })).toBe(true);
  expect(used("detail", { resize: { kind: "value", value: false } })).toBe(false);
  expect(used("detail", { size: { kind: "value", value: 64 } })).toBe(false);
});

test("an empty field shows the value of the preset, and whence it comes", () => {
  const catalog = {
    presets: { standard: { epochs: 12 }, original: { epochs: 5 } },
  } as unknown as Catalog;
  const given = standIn(rule("epochs"), step({}, { preset: "standard", epochs: 12 }), catalog);
  expect(given).toEqual({ value: 12, whence: "preset" });
  expect(placeholder(rule("epochs"), given)).toBe("12 (preset)");
  const set = step({ epochs: { kind: "value", value: 3 } }, { preset: "standard", epochs: 3 });
  expect(standIn(rule("epochs"), set, catalog).value).toBe(12);
  expect(placeholder(rule("seed"), { value: null, whence: "default" })).toBe(
    "drawn anew in each run",
  );
  expect(placeholder(rule("limit"), { value: null, whence: "default" })).toBe("none");
  expect(standIn(rule("momentum"), step(), null)).toEqual({ value: 0.9, whence: "default" });
});

test("an input is of the kind of the parameter that it is bound to, whatever its value is now", () => {
  const bound = stepOf("train", "train", { epochs: { kind: "input", input: "rounds" } });
  const pipeline = { ...empty, steps: [bound] };
  const known = new Map([["train", component]]);
  expect(boundKind(pipeline, "rounds", known)).toBe("integer");
  expect(boundKind(pipeline, "other", known)).toBeNull();
});
