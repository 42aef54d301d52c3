/** Rows of a list, evenly over it, so that every class has its turn; others with another turn. */
export function spread(count: number, wanted: number, turn: number): number[] {
  const number = Math.min(count, wanted);
  const stride = count / number;
  const rows = Array.from(
    { length: number },
    (_, index) =>
      Math.floor((index + 0.5) * stride + turn * (stride > 2 ? stride * 0.382 : 1)) % count,
  );
  return [...new Set(rows)];
}
