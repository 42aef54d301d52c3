import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnTotals, depth, isDeep, neighbour, rowShares, rowTotals } from "./matrix";

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
    expect(depth(0.001)).toBeGreaterThanOrEqual(10);
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

type Colour = [number, number, number];

/** Light and dark value of a variable of the tokens. */
function token(name: string): [Colour, Colour] {
  const css = readFileSync("src/ui/tokens.css", "utf8");
  const found = new RegExp(`--${name}: light-dark\\(#(\\w{6}), #(\\w{6})\\)`).exec(css);
  const parse = (hex = ""): Colour => [
    Number.parseInt(hex.slice(0, 2), 16),
    Number.parseInt(hex.slice(2, 4), 16),
    Number.parseInt(hex.slice(4, 6), 16),
  ];
  return [parse(found?.[1]), parse(found?.[2])];
}

function luminance(colour: Colour): number {
  const [r, g, b] = colour.map((value) => {
    const c = value / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as Colour;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: Colour, b: Colour): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

describe("the colours of a confusion matrix", () => {
  it.each([0, 1])("let every cell's text be read, in theme %i", (theme) => {
    const ground = token("surface")[theme] as Colour;
    const text = token("text")[theme] as Colour;
    const onColour = token("on-accent")[theme] as Colour;
    for (const name of ["accent", "bad"]) {
      const colour = token(name)[theme] as Colour;
      for (let share = 0; share <= 1; share += 0.01) {
        const part = depth(share) / 100;
        const mixed = colour.map((c, i) => part * c + (1 - part) * (ground[i] ?? 0)) as Colour;
        const written = isDeep(depth(share)) ? onColour : text;
        expect(contrast(mixed, written), `${name} at ${share}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });
});
