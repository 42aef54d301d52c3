/** A grid of pictures of which only those in sight are there: fixed cells, arrow keys, a preview.
 *
 * One cell takes part in the tab order; arrows move it, Enter opens the preview, which goes on to the
 * pictures before and after. */
import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type KeyboardEvent,
  memo,
  type ReactNode,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { failureOf } from "~/look/Answered";
import { look as lookWords } from "~/messages/look";
import { cx } from "~/ui/cx";
import { Empty } from "~/ui/Empty";
import { FailureNotice } from "~/ui/Notice";
import { withActive } from "~/ui/withActive";
import { InSight } from "./inSight";
import styles from "./PictureGrid.module.css";
import { type Preview, PreviewDialog } from "./PreviewDialog";
import { type FetchPage, usePages } from "./usePages";
import {
  columnsFor,
  countOf,
  lineOf,
  linesOf,
  type Move,
  moved,
  placeOf,
  type Section,
} from "./window";

/** Lines that are drawn before they are in sight. */
const AHEAD = 5;
const gap = 8;
const headingHeight = 40;
const words = lookWords.grid;

const moves: Readonly<Record<string, Move>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
  Home: "start",
  End: "end",
  PageUp: "page-up",
  PageDown: "page-down",
};

export interface GridProps<T> {
  label: string;
  /** What the pages are remembered by. */
  name: readonly unknown[];
  sections: readonly Section[];
  fetchPage: FetchPage<T>;
  /** Least width of a cell's picture, which is square. */
  cell: number;
  /** Height of what stands below the picture. */
  caption: number;
  /** Inside of a cell: `index` counts over all; `side` is the picture's width in pixels. */
  render: (item: T | undefined, index: number, side: number) => ReactNode;
  /** What the cell's button is called. */
  nameOf: (item: T | undefined, index: number) => string;
  preview: (item: T | undefined, index: number) => Preview;
  /** Fills its parent's height; otherwise it is as high as needed, up to a limit. */
  fill?: boolean;
  emptyTitle?: string;
  emptyHint?: string;
}

export function PictureGrid<T>(props: GridProps<T>) {
  const { sections, cell, caption, fill = false, name } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [active, setActive] = useState(0);
  const [opened, setOpened] = useState(false);
  const focusWanted = useRef(false);

  const total = countOf(sections);
  const columns = columnsFor(width, cell, gap);
  const side = Math.max(cell / 2, Math.floor((width - gap * (columns - 1)) / columns));
  const lines = useMemo(() => linesOf(sections, columns), [sections, columns]);
  const rowHeight = side + caption + gap;
  const here = Math.min(active, Math.max(0, total - 1));

  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => (lines[at]?.kind === "heading" ? headingHeight : rowHeight),
    overscan: AHEAD,
    rangeExtractor: (range) => withActive(range, total > 0 ? lineOf(lines, here) : -1),
  });

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const measure = () => setWidth(element.clientWidth - 2 * 4);
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: heights follow from these
  useLayoutEffect(() => virtual.measure(), [rowHeight, lines]);

  // other pictures: from the top again
  const shownName = JSON.stringify([name, sections.map((section) => section.key)]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the pictures are others
  useEffect(() => {
    setActive(0);
    setOpened(false);
    scroller.current?.scrollTo({ top: 0 });
  }, [shownName]);

  const items = virtual.getVirtualItems();
  const seen = virtual.range;
  const isSeen = (line: number) =>
    seen === null || (line >= seen.startIndex && line <= seen.endIndex);
  // the active one is drawn wherever it is: pages are those of what is in sight
  const from = Math.max(0, (seen?.startIndex ?? 0) - AHEAD);
  const to = Math.max(0, Math.min(lines.length - 1, (seen?.endIndex ?? 0) + AHEAD));
  const pages = usePages(name, sections, lines, from, to, props.fetchPage);

  const goTo = useCallback(
    (index: number, focus: boolean) => {
      setActive(index);
      focusWanted.current = focus;
      virtual.scrollToIndex(lineOf(lines, index), { align: "auto" });
    },
    [lines, virtual],
  );

  useEffect(() => {
    if (!focusWanted.current || opened) return;
    const button = scroller.current?.querySelector<HTMLElement>(`[data-index="${here}"]`);
    if (!button) return;
    focusWanted.current = false;
    button.focus({ preventScroll: true });
  });

  const onKeyDown = (event: KeyboardEvent) => {
    const move = moves[event.key];
    if (!move || event.altKey || event.metaKey) return;
    event.preventDefault();
    const screen = Math.floor((scroller.current?.clientHeight ?? rowHeight) / rowHeight);
    goTo(moved(lines, here, move, total, screen), true);
  };

  const open = useCallback((index: number) => {
    setActive(index);
    setOpened(true);
  }, []);

  const itemAt = (index: number) => {
    const place = placeOf(sections, index);
    return pages.item(place.section, place.at);
  };

  return (
    <div className={cx(styles.grid, fill && styles.fill)}>
      {pages.error && <FailureNotice failure={failureOf(pages.error)} />}
      <div
        ref={scroller}
        className={styles.scroller}
        style={fill ? undefined : { blockSize: Math.min(520, virtual.getTotalSize() + 8) }}
      >
        {total === 0 ? (
          <Empty icon="images" title={props.emptyTitle ?? words.none}>
            {props.emptyHint ?? words.noneHint}
          </Empty>
        ) : (
          // biome-ignore lint/a11y/useSemanticElements: a table cannot leave out rows
          <div
            role="grid"
            aria-label={props.label}
            aria-rowcount={lines.length}
            aria-colcount={columns}
            tabIndex={-1}
            className={styles.lines}
            style={{ blockSize: virtual.getTotalSize() }}
            onKeyDown={onKeyDown}
          >
            {width > 0 &&
              items.map((row) => {
                const line = lines[row.index];
                if (!line) return null;
                const section = sections[line.section];
                return (
                  // biome-ignore lint/a11y/useSemanticElements: see above
                  <div
                    key={row.index}
                    role="row"
                    tabIndex={-1}
                    aria-rowindex={row.index + 1}
                    className={line.kind === "heading" ? styles.heading : styles.row}
                    style={{
                      blockSize: line.kind === "heading" ? headingHeight : rowHeight,
                      transform: `translateY(${row.start}px)`,
                    }}
                  >
                    {line.kind === "heading" ? (
                      // biome-ignore lint/a11y/useSemanticElements: see above
                      <div role="rowheader" tabIndex={-1} aria-colspan={columns}>
                        <strong>{section?.title}</strong>
                        <span>{words.shown(section?.count ?? 0)}</span>
                      </div>
                    ) : (
                      <InSight.Provider value={isSeen(row.index)}>
                        {Array.from({ length: line.length }, (_, column) => {
                          const index = line.first + column;
                          const item = pages.item(line.section, line.start + column);
                          return (
                            <GridCell
                              key={index}
                              index={index}
                              column={column}
                              side={side}
                              active={index === here}
                              name={props.nameOf(item, index)}
                              onOpen={open}
                              onFocus={setActive}
                              item={item}
                              render={
                                props.render as (i: unknown, n: number, s: number) => ReactNode
                              }
                            />
                          );
                        })}
                      </InSight.Provider>
                    )}
                  </div>
                );
              })}
          </div>
        )}
      </div>
      {opened && total > 0 && (
        <PreviewDialog
          preview={props.preview(itemAt(here), here)}
          index={here}
          total={total}
          onMove={(index) => goTo(index, false)}
          onClose={() => {
            focusWanted.current = true;
            setOpened(false);
          }}
        />
      )}
    </div>
  );
}

interface CellProps {
  index: number;
  column: number;
  side: number;
  active: boolean;
  name: string;
  item: unknown;
  render: (item: unknown, index: number, side: number) => ReactNode;
  onOpen: (index: number) => void;
  onFocus: (index: number) => void;
}

const GridCell = memo(function GridCell(props: CellProps) {
  const { index, side } = props;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table cannot leave out rows
    <div
      role="gridcell"
      tabIndex={-1}
      aria-colindex={props.column + 1}
      className={styles.cell}
      style={{ inlineSize: side }}
    >
      <button
        type="button"
        data-index={index}
        tabIndex={props.active ? 0 : -1}
        aria-label={props.name}
        className={styles.button}
        onClick={() => props.onOpen(index)}
        onFocus={() => props.onFocus(index)}
      >
        {props.render(props.item, index, side)}
      </button>
    </div>
  );
});
