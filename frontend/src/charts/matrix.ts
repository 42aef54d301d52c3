/** Arithmetic of confusion matrices. */

/** A matrix as shares of its rows; a row without pictures is all nought. */
export function rowShares(counts: readonly (readonly number[])[]): number[][] {
  return counts.map((row) => {
    const sum = row.reduce((total, count) => total + count, 0);
    return row.map((count) => (sum === 0 ? 0 : count / sum));
  });
}

export function rowTotals(counts: readonly (readonly number[])[]): number[] {
  return counts.map((row) => row.reduce((total, count) => total + count, 0));
}

export function columnTotals(counts: readonly (readonly number[])[]): number[] {
  return (counts[0] ?? []).map((_, column) =>
    counts.reduce((total, row) => total + (row[column] ?? 0), 0),
  );
}

/** Depth of a cell's colour in per cent. Nothing stays bare, a single mistake is seen, and the
 * depths between, on which neither dark nor light text can be read well, are left out. */
export function depth(share: number): number {
  if (share <= 0) return 0;
  if (share < 0.6) return Math.round(10 + 35 * (share / 0.6) ** 0.8);
  return Math.round(86 + 14 * ((Math.min(1, share) - 0.6) / 0.4));
}

/** Whether a cell of this depth is read better in the colour of text on colour. */
export function isDeep(depthOfCell: number): boolean {
  return depthOfCell > 60;
}

/** Where an arrow key leads in a grid of cells. */
export function neighbour(
  row: number,
  column: number,
  key: string,
  size: number,
): { row: number; column: number } | null {
  const clamp = (value: number) => Math.max(0, Math.min(size - 1, value));
  switch (key) {
    case "ArrowLeft":
      return { row, column: clamp(column - 1) };
    case "ArrowRight":
      return { row, column: clamp(column + 1) };
    case "ArrowUp":
      return { row: clamp(row - 1), column };
    case "ArrowDown":
      return { row: clamp(row + 1), column };
    case "Home":
      return { row, column: 0 };
    case "End":
      return { row, column: size - 1 };
    default:
      return null;
  }
}
