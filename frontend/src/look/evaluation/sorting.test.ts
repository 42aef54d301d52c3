import { describe, expect, it } from "vitest";
import type { ClassFigure } from "~/look/types";
import { sortClasses } from "./sorting";

const figure = (value: number | null) => ({
  name: "recall",
  title: "",
  value,
  low: null,
  high: null,
  count: null,
  total: null,
});
const row = (name: string, pictures: number, value: number | null): ClassFigure => ({
  name,
  pictures,
  precision: figure(value),
  recall: figure(value),
  f1: figure(value),
});
const rows = [
  row("bees", 20, 0.5),
  row("ants", 10, 0.9),
  row("class 10", 5, null),
  row("class 9", 7, 0.1),
];
const names = (sorted: ClassFigure[]) => sorted.map((one) => one.name);

describe("classes in order", () => {
  it("sorts names as people count", () => {
    expect(names(sortClasses(rows, { column: "name", descending: false }))).toEqual([
      "ants",
      "bees",
      "class 9",
      "class 10",
    ]);
  });

  it("puts a class without a value last in both directions", () => {
    const up = names(sortClasses(rows, { column: "recall", descending: false }));
    const down = names(sortClasses(rows, { column: "recall", descending: true }));
    expect(up).toEqual(["class 9", "bees", "ants", "class 10"]);
    expect(down).toEqual(["ants", "bees", "class 9", "class 10"]);
  });

  it("leaves the given rows as they are", () => {
    sortClasses(rows, { column: "pictures", descending: true });
    expect(rows[0]?.name).toBe("bees");
  });
});
