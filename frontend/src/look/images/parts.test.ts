import { describe, expect, it } from "vitest";
import type { Run } from "~/api/types";
import { imagesOf, partsOf } from "./parts";

const output = (port: string, artifact: string, type = "ImageDirectory") => ({
  port,
  artifact,
  type,
  digest: "",
  bytes: 0,
});
const run = {
  steps: [
    { name: "convert", outputs: [output("images", "a")] },
    { name: "split", outputs: [output("first", "b"), output("second", "c")] },
    { name: "again", outputs: [output("images", "a"), output("model", "m", "ModelDirectory")] },
  ],
} as unknown as Run;

describe("image directories of a run", () => {
  it("finds both parts of a split from either", () => {
    expect(partsOf(run, "c", "split").map((part) => part.artifact)).toEqual(["b", "c"]);
    expect(partsOf(run, "b", "").map((part) => part.port)).toEqual(["first", "second"]);
  });

  it("finds no parts of what was not split", () => {
    expect(partsOf(run, "a", "convert")).toEqual([]);
    expect(partsOf(run, "unknown", "")).toEqual([]);
  });

  it("names each image directory once", () => {
    expect(imagesOf(run).map((part) => part.artifact)).toEqual(["a", "b", "c"]);
  });
});
