/** The steps in the order of the data, as a tree for eyes and screen readers alike. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useMemo, useRef } from "react";
import type { Graph, GraphStep, Problem } from "~/api/types";
import { topological } from "~/graph/order";
import { openPorts } from "~/graph/types";
import { t } from "~/messages";
import { useCatalog } from "~/store/catalog";
import { useEditor } from "~/store/editor";
import { useLive } from "~/store/live";
import { useView } from "~/store/view";
import { Empty } from "~/ui/Empty";
import { categoryIcon, Icon } from "~/ui/Icon";
import { StateBadge } from "~/ui/StateBadge";
import { withActive } from "~/ui/withActive";
import styles from "./draft.module.css";

const words = t.canvas.outlineTab;
const ROW = 44;

export default function Outline({
  graph,
  problems,
}: {
  graph: Graph;
  problems: readonly Problem[];
}) {
  const selected = useEditor((state) => state.selected);
  const frame = useRef<HTMLDivElement>(null);
  const steps = useMemo(() => {
    const byName = new Map(graph.steps.map((step) => [step.name, step]));
    return topological(graph).flatMap((name) => byName.get(name) ?? []);
  }, [graph]);
  const counts = useMemo(() => {
    const found = new Map<string, number>();
    for (const problem of problems) found.set(problem.step, (found.get(problem.step) ?? 0) + 1);
    return found;
  }, [problems]);
  const at = Math.max(
    0,
    steps.findIndex((step) => step.name === selected.at(-1)),
  );
  const rows = useVirtualizer({
    count: steps.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    overscan: 12,
    rangeExtractor: (range) => withActive(range, at),
  });

  const go = (index: number) => {
    const step = steps[Math.max(0, Math.min(index, steps.length - 1))];
    if (!step) return;
    useEditor.getState().select([step.name]);
    useView.getState().set({ wire: "" });
    useView.getState().canvas?.locate([step.name]);
    rows.scrollToIndex(steps.indexOf(step));
    requestAnimationFrame(() =>
      frame.current?.querySelector<HTMLElement>("[tabindex='0'][role=treeitem]")?.focus(),
    );
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") go(at + 1);
    else if (event.key === "ArrowUp") go(at - 1);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(steps.length - 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  if (steps.length === 0) return <Empty icon="outline" title={words.empty} />;
  return (
    <div ref={frame} className={styles.outline}>
      <div
        role="tree"
        tabIndex={-1}
        aria-label={words.label}
        style={{ blockSize: rows.getTotalSize(), position: "relative" }}
        onKeyDown={onKeyDown}
      >
        {rows.getVirtualItems().map((row) => {
          const step = steps[row.index];
          if (!step) return null;
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys
            <div
              key={step.name}
              role="treeitem"
              tabIndex={row.index === at ? 0 : -1}
              aria-selected={selected.includes(step.name)}
              aria-level={1}
              aria-setsize={steps.length}
              aria-posinset={row.index + 1}
              className={styles.outlineRow}
              style={{ transform: `translateY(${row.start}px)`, blockSize: ROW }}
              onClick={() => go(row.index)}
            >
              <Row step={step} problems={counts.get(step.name) ?? 0} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Row({ step, problems }: { step: GraphStep; problems: number }) {
  const component = useCatalog((state) => state.byName.get(step.component));
  const state = useLive((live) => live.steps[step.name]?.state);
  const open = openPorts(step, component).map((port) => port.title);
  const sources = [
    ...new Set(
      Object.values(step.inputs).flatMap((bound) => (bound.kind === "step" ? [bound.step] : [])),
    ),
  ];
  return (
    <>
      <Icon name={component ? categoryIcon(component.category) : "help"} />
      <span className={styles.outlineWords}>
        <span>{step.title}</span>
        <small>
          {open.length ? words.needs(open.join(", ")) : [step.name, ...sources].join(" ← ")}
        </small>
      </span>
      {problems > 0 && (
        <span className={styles.count}>
          <Icon name="warning" size={14} /> {problems}
          <span className="visually-hidden"> {t.canvas.problems}</span>
        </span>
      )}
      {state && <StateBadge bare state={state} />}
    </>
  );
}
