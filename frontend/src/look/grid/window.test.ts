import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  columnsFor,
  countOf,
  lineOf,
  linesOf,
  moved,
  pagesFor,
  placeOf,
  type Section,
  thumbnailSide,
} from "./window";

const grouped: Section[] = [
  { key: "a", title: "ants", count: 5 },
  { key: "b", title: "bees", count: 0 },
  { key: "c", title: "wasps", count: 3 },
];
const plain = (count: number): Section[] => [{ key: "", count }];

describe("the grid's arithmetic", () => {
  it("fits as many cells as there is room for, and at least one", () => {
    expect(columnsFor(1000, 100, 8)).toBe(9);
    expect(columnsFor(1072, 100, 8)).toBe(10);
    expect(columnsFor(20, 100, 8)).toBe(1);
  });

  it("gives headings only to sections with pictures", () => {
    expect(linesOf(grouped, 4)).toEqual([
      { kind: "heading", section: 0 },
      { kind: "cells", section: 0, start: 0, length: 4, first: 0 },
      { kind: "cells", section: 0, start: 4, length: 1, first: 4 },
      { kind: "heading", section: 2 },
      { kind: "cells", section: 2, start: 0, length: 3, first: 5 },
    ]);
  });

  it("knows a picture's section and place", () => {
    expect(placeOf(grouped, 4)).toEqual({ section: 0, at: 4 });
    expect(placeOf(grouped, 5)).toEqual({ section: 2, at: 0 });
    expect(placeOf(grouped, 99)).toEqual({ section: 2, at: 2 });
  });

  it("finds for every picture the line it stands in", () => {
    const sections = fc.array(fc.nat(40), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        sections,
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (counts, columns, title) => {
          const made = counts.map((count, i) => ({
            key: String(i),
            count,
            ...(title ? { title: String(i) } : {}),
          }));
          const lines = linesOf(made, columns);
          for (let index = 0; index < countOf(made); index += 1) {
            const line = lines[lineOf(lines, index)];
            if (line?.kind !== "cells") return false;
            if (index < line.first || index >= line.first + line.length) return false;
          }
          return true;
        },
      ),
    );
  });

  it("asks for the pages in sight and those beside them, and none that are not there", () => {
    const sections = plain(20_000);
    const lines = linesOf(sections, 8);
    expect(pagesFor(lines, 0, 5, 200, 1, sections).map((p) => p.page)).toEqual([0, 1]);
    expect(pagesFor(lines, 1250, 1255, 200, 1, sections).map((p) => p.page)).toEqual([49, 50, 51]);
    expect(pagesFor(lines, 2495, 2499, 200, 1, sections).map((p) => p.page)).toEqual([98, 99]);
    expect(pagesFor(lines, 0, 5, 200, 0, grouped)).toHaveLength(0 + 1);
  });

  it("moves up and down in a column, over headings, and stops at the ends", () => {
    const lines = linesOf(grouped, 4);
    expect(moved(lines, 1, "down", 8, 3)).toBe(4);
    expect(moved(lines, 4, "down", 8, 3)).toBe(5);
    expect(moved(lines, 7, "up", 8, 3)).toBe(4);
    expect(moved(lines, 7, "down", 8, 3)).toBe(7);
    expect(moved(lines, 0, "up", 8, 3)).toBe(0);
    expect(moved(lines, 0, "left", 8, 3)).toBe(0);
    expect(moved(lines, 7, "right", 8, 3)).toBe(7);
    expect(moved(lines, 3, "end", 8, 3)).toBe(7);
    expect(moved(lines, 1, "page-down", 8, 2)).toBe(6);
  });

  it("never leads to a picture that is not there", () => {
    const moves = ["left", "right", "up", "down", "start", "end", "page-up", "page-down"] as const;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.constantFrom(...moves), { maxLength: 30 }),
        (count, columns, path) => {
          const lines = linesOf(plain(count), columns);
          let at = 0;
          for (const move of path) {
            at = moved(lines, at, move, count, 5);
            if (at < 0 || at >= count) return false;
          }
          return true;
        },
      ),
    );
  });

  it("asks for thumbnails in few sizes", () => {
    expect(thumbnailSide(120, 1)).toBe(160);
    expect(thumbnailSide(120, 2)).toBe(256);
    expect(thumbnailSide(600, 2)).toBe(512);
  });
});
