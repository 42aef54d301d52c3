/** What a step told and what its process printed: live, searchable, of any length. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useDeferredValue, useEffect, useRef, useState } from "react";
import type { StepState } from "~/api/types";
import { panel as panelWords } from "~/messages/panel";
import { useLive } from "~/store/live";
import { Button, IconButton } from "~/ui/Button";
import { Empty } from "~/ui/Empty";
import { SearchInput } from "~/ui/Field";
import { Icon } from "~/ui/Icon";
import { toast, toastFailure } from "~/ui/Toast";
import styles from "./log.module.css";
import { useLog, wholeLog } from "./useLog";

const words = panelWords.log;

/** Parts of a text, every second of which matches. */
export function marked(text: string, search: string): string[] {
  if (search === "") return [text];
  const parts: string[] = [];
  const low = text.toLowerCase();
  const wanted = search.toLowerCase();
  let from = 0;
  for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), text.slice(at, at + wanted.length));
    from = at + wanted.length;
  }
  parts.push(text.slice(from));
  return parts;
}

export function LogTab({
  run,
  step,
  state,
}: {
  run: string;
  step: string;
  state: StepState | undefined;
}) {
  if (run === "" || state === undefined) {
    return (
      <Empty icon="log" title={words.noRun}>
        {words.noRunHint}
      </Empty>
    );
  }
  return <Log key={`${run} ${step}`} run={run} step={step} state={state} />;
}

function Log({ run, step, state }: { run: string; step: string; state: StepState }) {
  const [typed, setTyped] = useState("");
  const [output, setOutput] = useState(false);
  const [follow, setFollow] = useState(true);
  const search = useDeferredValue(typed.trim());
  const told = useLive((live) => (live.run === run ? (live.steps[step]?.logged ?? 0) : 0));
  const going = state === "running" || state === "queued";
  const choice = { run, step, search, output };
  const { total, lineAt } = useLog(choice, going, told);
  const frame = useRef<HTMLDivElement>(null);
  const lines = useVirtualizer({
    count: total ?? 0,
    getScrollElement: () => frame.current,
    estimateSize: () => 20,
    overscan: 30,
  });

  useEffect(() => {
    if (follow && total) lines.scrollToIndex(total - 1, { align: "end" });
  }, [follow, total, lines]);

  // going up by hand ends following, coming to the end begins it again
  const byHand = useRef(0);
  const touched = () => {
    byHand.current = performance.now();
  };
  const onScroll = () => {
    const box = frame.current;
    if (!box || performance.now() - byHand.current > 800) return;
    setFollow(box.scrollHeight - box.scrollTop - box.clientHeight < 24);
  };

  return (
    <div className={styles["log"]}>
      <div className={styles["bar"]}>
        <SearchInput
          aria-label={words.search}
          placeholder={words.search}
          value={typed}
          className={styles["search"]}
          onChange={(event) => setTyped(event.target.value)}
        />
        <IconButton
          icon="arrowDown"
          label={words.follow}
          aria-pressed={follow}
          onClick={() => setFollow((now) => !now)}
        />
        <IconButton
          icon="copy"
          label={words.copy}
          onClick={() =>
            void wholeLog(choice)
              .then((text) => navigator.clipboard.writeText(text))
              .then(() => toast(words.copied), toastFailure)
          }
        />
      </div>
      <fieldset className={styles["which"]}>
        <legend className="visually-hidden">{words.which}</legend>
        <Button size="small" aria-pressed={!output} onClick={() => setOutput(false)}>
          {words.told}
        </Button>
        <Button size="small" aria-pressed={output} onClick={() => setOutput(true)}>
          {words.output}
        </Button>
        <span className={styles["count"]} role="status">
          {search !== "" && total !== null && words.found(total)}
        </span>
      </fieldset>
      <div
        ref={frame}
        role="log"
        aria-label={words.lines(step)}
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable
        tabIndex={0}
        className={styles["lines"]}
        onScroll={onScroll}
        onWheel={touched}
        onTouchMove={touched}
        onPointerDown={touched}
        onKeyDown={touched}
      >
        {total === 0 && (
          <p className={styles["none"]}>
            {search !== "" ? words.found(0) : output ? words.emptyOutput : words.empty}
          </p>
        )}
        <div style={{ blockSize: `${lines.getTotalSize()}px`, position: "relative" }}>
          {lines.getVirtualItems().map((item) => {
            const line = lineAt(item.index);
            return (
              <div
                key={item.key}
                ref={lines.measureElement}
                data-index={item.index}
                data-level={line?.level}
                className={styles["line"]}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {(line?.level === "warning" || line?.level === "error") && (
                  <>
                    <Icon name={line.level} size={14} />
                    <span className="visually-hidden">{words.levels[line.level]}</span>
                  </>
                )}
                <span>
                  {marked(line?.text ?? " ", search).map((part, index) =>
                    index % 2 === 1 ? (
                      // biome-ignore lint/suspicious/noArrayIndexKey: parts have only their place
                      <mark key={index}>{part}</mark>
                    ) : (
                      part
                    ),
                  )}
                </span>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
