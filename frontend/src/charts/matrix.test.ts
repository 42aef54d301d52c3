import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnTotals, depth, neighbour, rowShares, rowTotals } from "./matrix";

const counts = [
  [8, 2, 0],
  [0, 0, 0],
  [1, 1, 2],
];

describe("confusion matrices", () => {
  it("takes shares of the row, and nought of a class without pictures", () => {
    expect(rowShares(counts)).toEqual([
      [0.8, 0.2, 0],
      [0, 0, 0],
      [0.25, 0.25, 0.5],
    ]);
  });

  it("adds up rows and columns to the same whole", () => {
    expect(rowTotals(counts)).toEqual([10, 0, 4]);
    expect(columnTotals(counts)).toEqual([9, 3, 2]);
  });

  it("colours more for more, nothing for nothing, and a single mistake so that it is seen", () => {
    expect(depth(0)).toBe(0);
    expect(depth(0.001)).toBeGreaterThanOrEqual(12);
    expect(depth(1)).toBe(100);
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(fc.property(share, share, (a, b) => (a <= b ? depth(a) <= depth(b) : true)));
  });

  it("stays inside with the arrow keys", () => {
    expect(neighbour(0, 0, "ArrowUp", 3)).toEqual({ row: 0, column: 0 });
    expect(neighbour(0, 0, "ArrowRight", 3)).toEqual({ row: 0, column: 1 });
    expect(neighbour(2, 1, "End", 3)).toEqual({ row: 2, column: 2 });
    expect(neighbour(2, 1, "a", 3)).toBeNull();
  });
});
