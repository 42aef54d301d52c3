/** Rows of a virtual list: those in sight, and the one that the keyboard comes back to. */
import { defaultRangeExtractor, type Range } from "@tanstack/react-virtual";

export function withActive(range: Range, active: number): number[] {
  const rows = defaultRangeExtractor(range);
  if (active < 0 || active >= range.count || rows.includes(active)) return rows;
  return [...rows, active].sort((a, b) => a - b);
}
