/** A confusion matrix: rows are labels, columns answers; a cell can be chosen. */
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { cx } from "~/ui/cx";
import styles from "./Matrix.module.css";
import { columnTotals, depth, isDeep, neighbour, rowShares, rowTotals } from "./matrix";

export interface MatrixWords {
  label: string;
  rows: string;
  columns: string;
  total: string;
  cell: (row: string, column: string, count: number, share: string) => string;
  share: (value: number) => string;
}

export function Matrix({
  classes,
  counts,
  shares: asShares,
  chosen,
  onChoose,
  words,
}: {
  classes: readonly string[];
  counts: readonly (readonly number[])[];
  /** Show shares of the row instead of counts. */
  shares: boolean;
  chosen: { row: number; column: number } | null;
  onChoose: (row: number, column: number) => void;
  words: MatrixWords;
}) {
  const [active, setActive] = useState({ row: 0, column: 0 });
  const body = useRef<HTMLTableSectionElement>(null);
  const shares = useMemo(() => rowShares(counts), [counts]);
  const rows = useMemo(() => rowTotals(counts), [counts]);
  const columns = useMemo(() => columnTotals(counts), [counts]);
  const upright = classes.length > 6;

  const onKey = (event: KeyboardEvent, row: number, column: number) => {
    const next = neighbour(row, column, event.key, classes.length);
    if (!next) return;
    event.preventDefault();
    setActive(next);
    body.current?.querySelector<HTMLElement>(`[data-cell="${next.row}:${next.column}"]`)?.focus();
  };

  return (
    <div className={styles.scroll}>
      <table
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a grid by the ARIA pattern
        role="grid"
        aria-label={words.label}
        className={cx(styles.matrix, upright && styles.many)}
      >
        <thead>
          <tr>
            <td className={styles.corner} />
            <th scope="colgroup" colSpan={classes.length} className={styles.axis}>
              {words.columns}
            </th>
            <td />
          </tr>
          <tr>
            <th scope="col" className={cx(styles.axis, styles.rowAxis)}>
              {words.rows}
            </th>
            {classes.map((name) => (
              <th key={name} scope="col" className={styles.column}>
                <span title={name} className={cx(upright && styles.upright)}>
                  {name}
                </span>
              </th>
            ))}
            <th scope="col" className={styles.total}>
              {words.total}
            </th>
          </tr>
        </thead>
        <tbody ref={body}>
          {classes.map((rowName, row) => (
            <tr key={rowName}>
              <th scope="row" className={styles.row} title={rowName}>
                {rowName}
              </th>
              {classes.map((columnName, column) => {
                const count = counts[row]?.[column] ?? 0;
                const share = shares[row]?.[column] ?? 0;
                const colour = depth(share);
                const picked = chosen?.row === row && chosen.column === column;
                return (
                  <td key={columnName}>
                    <button
                      type="button"
                      data-cell={`${row}:${column}`}
                      tabIndex={active.row === row && active.column === column ? 0 : -1}
                      className={cx(styles.cell, isDeep(colour) && styles.deep)}
                      style={{
                        backgroundColor: `color-mix(in srgb, var(${row === column ? "--accent" : "--bad"}) ${colour}%, var(--surface))`,
                      }}
                      aria-pressed={picked}
                      aria-label={words.cell(rowName, columnName, count, words.share(share))}
                      onFocus={() => setActive({ row, column })}
                      onKeyDown={(event) => onKey(event, row, column)}
                      onClick={() => onChoose(row, column)}
                    >
                      {count === 0 ? (
                        <span className={styles.nought}>0</span>
                      ) : asShares ? (
                        words.share(share)
                      ) : (
                        count
                      )}
                    </button>
                  </td>
                );
              })}
              <td className={styles.total}>{rows[row]}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" className={styles.row}>
              {words.total}
            </th>
            {classes.map((name, column) => (
              <td key={name} className={styles.total}>
                {columns[column]}
              </td>
            ))}
            <td className={styles.total}>{rows.reduce((sum, count) => sum + count, 0)}</td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}
