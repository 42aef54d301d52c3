import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spread } from "./spread";

describe("rows to show", () => {
  it("lie evenly over the list", () => {
    expect(spread(100, 5, 0)).toEqual([10, 30, 50, 70, 90]);
    expect(spread(3, 5, 0)).toEqual([0, 1, 2]);
  });

  it("are others at another turn", () => {
    expect(spread(100, 5, 1)).not.toEqual(spread(100, 5, 0));
  });

  it("are always of the list and never twice", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.nat(200), (count, turn) => {
        const rows = spread(count, 5, turn);
        return (
          rows.length > 0 &&
          new Set(rows).size === rows.length &&
          rows.every((row) => row >= 0 && row < count)
        );
      }),
    );
  });
});
