import { describe, expect, it } from "vitest";
import { causesAndConsequences } from "./consequences";

const difference = (subject: string, step: string, before: string, after: string) => ({
  subject,
  step,
  name: "x",
  old: before,
  new: after,
});

describe("what differs between two runs", () => {
  it("tells the changed parameter from the results and inputs that follow from it", () => {
    const found = causesAndConsequences([
      difference("parameter", "train", "10", "8"),
      difference("result", "train", "aa", "bb"),
      difference("input", "score", "aa", "bb"),
      difference("input", "convert", "cc", "dd"),
    ]);
    expect(found.causes.map((one) => one.step)).toEqual(["train", "convert"]);
    expect(found.consequences.map((one) => one.step)).toEqual(["train", "score"]);
  });
});
