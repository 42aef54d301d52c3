/** Order of the classes of an evaluation. */
import type { ClassFigure } from "~/look/types";

export type Column = "name" | "pictures" | "precision" | "recall" | "f1";

export interface Order {
  column: Column;
  descending: boolean;
}

function valueOfClass(row: ClassFigure, column: Column): string | number | null {
  if (column === "name") return row.name;
  return column === "pictures" ? row.pictures : row[column].value;
}

/** Classes in an order; those without a value come last either way. */
export function sortClasses(rows: readonly ClassFigure[], order: Order): ClassFigure[] {
  const sign = order.descending ? -1 : 1;
  return [...rows].sort((one, two) => {
    const a = valueOfClass(one, order.column);
    const b = valueOfClass(two, order.column);
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    if (typeof a === "string" || typeof b === "string") {
      return sign * String(a).localeCompare(String(b), "en", { numeric: true });
    }
    return sign * (a - b) || one.name.localeCompare(two.name, "en");
  });
}
