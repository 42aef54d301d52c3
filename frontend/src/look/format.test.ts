import { describe, expect, it } from "vitest";
import * as format from "./format";

describe("numbers as people read them", () => {
  it("shows a fraction as a percentage and a missing one as a dash", () => {
    expect(format.percent(0.41666)).toBe("41.7\u00a0%");
    expect(format.percent(null)).toBe("–");
    expect(format.percent(Number.NaN)).toBe("–");
  });

  it("never rounds a probability up to certainty", () => {
    expect(format.probability(0.99999)).toBe(">99.9\u00a0%");
    expect(format.probability(1)).toBe("100.0\u00a0%");
    expect(format.probability(0.00001)).toBe("<0.1\u00a0%");
    expect(format.probability(0)).toBe("0.0\u00a0%");
  });

  it("keeps numbers short but never turns a small one into nought", () => {
    expect(format.number(0.001)).toBe("0.001");
    expect(format.number(0.00002)).toBe("2e-5");
    expect(format.number(12)).toBe("12");
    expect(format.number(3.14649)).toBe("3.146");
    expect(format.number(undefined)).toBe("–");
  });

  it("shows a change of a fraction in points and of another figure as it is", () => {
    expect(format.difference("top1_accuracy", 0.8, 0.85)).toBe("+5.0 points");
    expect(format.difference("valid_loss", 1.5, 1.25)).toBe("−0.25");
    expect(format.difference("valid_loss", 1, 1)).toBe("±0");
  });

  it("knows of which figures less is better", () => {
    expect(format.lessIsBetter("valid_loss")).toBe(true);
    expect(format.lessIsBetter("top1_accuracy")).toBe(false);
  });

  it("shows times in the unit that fits", () => {
    expect(format.seconds(0.0123)).toBe("12 ms");
    expect(format.seconds(75)).toBe("1 min 15 s");
  });
});
