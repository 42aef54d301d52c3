import { expect, test } from "vitest";
import { t } from "~/messages";
import { catalog, empty, stepOf } from "./testing";
import {
  fits,
  fittingComponents,
  offersFor,
  openPorts,
  portsOf,
  refusal,
  sourcesFor,
} from "./types";

const graph = {
  ...empty,
  steps: [
    stepOf("convert", "convert"),
    stepOf("split", "split", { images: { kind: "step", step: "convert", port: "images" } }),
    stepOf("model", "resnet"),
    stepOf("train", "train", { training: { kind: "step", step: "split", port: "first" } }),
    stepOf("score", "score"),
  ],
};
const why = (from: string, fromPort: string, to: string, toPort: string) => {
  const found = refusal(graph, { from, fromPort, to, toPort }, catalog);
  return found && t.canvas.refused(found);
};

test("a trained model may be trained on, an untrained one may not be scored with", () => {
  expect(fits("ModelDirectory", "UntrainedModelDirectory")).toBe(true);
  expect(fits("UntrainedModelDirectory", "ModelDirectory")).toBe(false);
  expect(fits("ImageDirectory", "AnyDirectory")).toBe(false);
});

test("a wire is refused with what the port takes and what it would get", () => {
  expect(why("model", "untrained", "score", "dataset")).toBe(
    "dataset takes an image directory, this gives an untrained model.",
  );
  expect(why("convert", "images", "train", "untrained")).toBe(
    "untrained takes an untrained model or a trained model, this gives an image directory.",
  );
});

test("a wire to the step itself and one that closes a loop are refused", () => {
  expect(why("split", "first", "split", "images")).toMatch("its own output");
  const looped = {
    ...graph,
    steps: [
      stepOf("a", "split", { images: { kind: "step", step: "b", port: "first" } }),
      stepOf("b", "split"),
    ],
  };
  const wire = { from: "a", fromPort: "first", to: "b", toPort: "images" };
  expect(refusal(looped, wire, catalog)).toEqual({ why: "loop", step: "b" });
});

test("offers are exactly the wires that are not refused, open ports first", () => {
  const offers = offersFor(graph, "split", "second", catalog);
  expect(offers.map((offer) => `${offer.step.name}.${offer.port}`)).toEqual([
    "score.dataset",
    "train.training",
  ]);
  for (const offer of offers)
    expect(why("split", "second", offer.step.name, offer.port)).toBeNull();
  const sources = sourcesFor(graph, "train", "training", catalog);
  expect(sources.map((offer) => `${offer.step.name}.${offer.port}`)).toEqual([
    "convert.images",
    "split.first",
    "split.second",
  ]);
});

test("a dropped wire is offered the components that take or give its type", () => {
  const after = fittingComponents("ImageDirectory", "source", catalog.values());
  expect(after.map((item) => `${item.component.name}.${item.port}`)).toEqual([
    "split.images",
    "train.training",
    "score.dataset",
  ]);
  const before = fittingComponents("UntrainedModelDirectory", "target", catalog.values());
  expect(before.map((item) => item.component.name)).toEqual(["resnet", "train"]);
});

test("ports of an unknown component are those that its wires name", () => {
  const odd = stepOf("odd", "gone", { x: { kind: "step", step: "convert", port: "images" } });
  const wires = [{ from: "odd", fromPort: "y", to: "score", toPort: "dataset" }];
  const ports = portsOf(odd, undefined, wires);
  expect(ports.inputs.map((port) => port.name)).toEqual(["x"]);
  expect(ports.outputs.map((port) => port.name)).toEqual(["y"]);
  expect(
    openPorts(stepOf("train", "train"), catalog.get("train")).map((port) => port.name),
  ).toEqual(["untrained", "training"]);
});
