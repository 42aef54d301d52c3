/** Where pictures stand in a grid of fixed cells, by arithmetic alone.
 *
 * A grid shows sections one after another (one section without a heading when it is not grouped).
 * A picture is known by its number over all sections; a line is a heading or a row of cells. */

export interface Section {
  key: string;
  /** Heading; none for a plain grid. */
  title?: string;
  count: number;
}

export type Line =
  | { kind: "heading"; section: number }
  | { kind: "cells"; section: number; start: number; length: number; first: number };

/** How many cells of a width fit beside each other; the gap is between cells only. */
export function columnsFor(width: number, cell: number, gap: number): number {
  return Math.max(1, Math.floor((width + gap) / (cell + gap)));
}

/** Every line of the grid, top to bottom. `start` counts inside the section, `first` over all. */
export function linesOf(sections: readonly Section[], columns: number): Line[] {
  const lines: Line[] = [];
  let first = 0;
  sections.forEach((section, index) => {
    if (section.count === 0) return;
    if (section.title !== undefined) lines.push({ kind: "heading", section: index });
    for (let start = 0; start < section.count; start += columns) {
      const length = Math.min(columns, section.count - start);
      lines.push({ kind: "cells", section: index, start, length, first: first + start });
    }
    first += section.count;
  });
  return lines;
}

export function countOf(sections: readonly Section[]): number {
  return sections.reduce((sum, section) => sum + section.count, 0);
}

/** Section and place in it of a picture; the last one when the number is too large. */
export function placeOf(
  sections: readonly Section[],
  index: number,
): { section: number; at: number } {
  let rest = index;
  for (let section = 0; section < sections.length; section += 1) {
    const count = sections[section]?.count ?? 0;
    if (rest < count) return { section, at: rest };
    rest -= count;
  }
  const last = Math.max(0, sections.length - 1);
  return { section: last, at: Math.max(0, (sections[last]?.count ?? 1) - 1) };
}

/** The line a picture stands in; found by halving. */
export function lineOf(lines: readonly Line[], index: number): number {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (firstFrom(lines, middle) <= index) low = middle;
    else high = middle - 1;
  }
  return lines[low]?.kind === "heading" ? Math.min(low + 1, lines.length - 1) : low;
}

function firstFrom(lines: readonly Line[], at: number): number {
  const line = lines[at]?.kind === "heading" ? lines[at + 1] : lines[at];
  return line?.kind === "cells" ? line.first : Number.POSITIVE_INFINITY;
}

/** Pages that hold the lines from `from` to `to`, and `ahead` more on both sides in a section. */
export function pagesFor(
  lines: readonly Line[],
  from: number,
  to: number,
  page: number,
  ahead: number,
  sections: readonly Section[],
): { section: number; page: number }[] {
  const spans = new Map<number, [number, number]>();
  for (let at = Math.max(0, from); at <= Math.min(to, lines.length - 1); at += 1) {
    const line = lines[at];
    if (line?.kind !== "cells") continue;
    const span = spans.get(line.section) ?? [line.start, line.start];
    spans.set(line.section, [
      Math.min(span[0], line.start),
      Math.max(span[1], line.start + line.length - 1),
    ]);
  }
  const wanted: { section: number; page: number }[] = [];
  for (const [section, [start, end]] of spans) {
    const last = Math.floor(((sections[section]?.count ?? 1) - 1) / page);
    const low = Math.max(0, Math.floor(start / page) - ahead);
    const high = Math.min(last, Math.floor(end / page) + ahead);
    for (let number = low; number <= high; number += 1) wanted.push({ section, page: number });
  }
  return wanted;
}

export type Move = "left" | "right" | "up" | "down" | "start" | "end" | "page-up" | "page-down";

/** Where a key leads from a picture. Up and down keep the column, also over headings. */
export function moved(
  lines: readonly Line[],
  index: number,
  move: Move,
  total: number,
  screen: number,
): number {
  switch (move) {
    case "left":
      return Math.max(0, index - 1);
    case "right":
      return Math.min(total - 1, index + 1);
    case "start":
      return 0;
    case "end":
      return total - 1;
    default: {
      const steps = move.startsWith("page") ? Math.max(1, screen) : 1;
      const down = move === "down" || move === "page-down";
      return vertical(lines, index, down ? steps : -steps);
    }
  }
}

function vertical(lines: readonly Line[], index: number, steps: number): number {
  let at = lineOf(lines, index);
  const here = lines[at];
  if (here?.kind !== "cells") return index;
  const column = index - here.first;
  let found = here;
  for (let left = Math.abs(steps); left > 0; left -= 1) {
    let next = at + Math.sign(steps);
    while (lines[next]?.kind === "heading") next += Math.sign(steps);
    const line = lines[next];
    if (line?.kind !== "cells") break;
    at = next;
    found = line;
  }
  return found === here ? index : found.first + Math.min(column, found.length - 1);
}

/** Side to ask the server for: few sizes, so that its cache and the browser's are hit. */
export function thumbnailSide(cell: number, density: number): number {
  const wanted = cell * Math.min(2, Math.max(1, density));
  return [96, 160, 256, 384, 512].find((side) => side >= wanted) ?? 512;
}
