/** The lines of a log, read page by page as they are looked at, and on as they are told. */
import { useCallback, useEffect, useRef, useState } from "react";
import { ask, client } from "~/api/client";
import type { LogLine } from "~/api/types";

const PAGE = 500;
const PAUSE = 1_000;
const AGAIN = 2_000;
const LARGEST = 5_000;

export interface LogChoice {
  run: string;
  step: string;
  search: string;
  output: boolean;
}

async function read(choice: LogChoice, offset: number, limit: number) {
  const { run, step, search, output } = choice;
  return ask(
    client.GET("/api/runs/{run}/log", {
      params: { path: { run }, query: { step, search, output, offset, limit } },
    }),
  );
}

/** All lines, as one text. */
export async function wholeLog(choice: LogChoice): Promise<string> {
  const lines: string[] = [];
  for (;;) {
    const page = await read(choice, lines.length, LARGEST);
    lines.push(...page.lines.map((line) => line.text));
    if (page.lines.length === 0 || lines.length >= page.total) return lines.join("\n");
  }
}

interface State {
  total: number | null;
  pages: Readonly<Record<number, readonly LogLine[]>>;
}

const nothing: State = { total: null, pages: {} };

export function useLog(choice: LogChoice, going: boolean, told: number) {
  const { run, step, search, output } = choice;
  const [state, setState] = useState<State>(nothing);
  const asked = useRef(new Set<number>());
  const token = useRef(0);
  const again = useRef<ReturnType<typeof setTimeout>>(undefined);

  const load = useCallback(
    async (page: number) => {
      const mine = token.current;
      asked.current.add(page);
      try {
        const answer = await read({ run, step, search, output }, page * PAGE, PAGE);
        if (mine !== token.current) return;
        setState((before) => ({
          total: answer.total,
          pages: { ...before.pages, [page]: answer.lines },
        }));
      } catch {
        // the server may be away: what is looked at is asked for again
        if (mine !== token.current) return;
        asked.current.delete(page);
        if (page === 0) {
          clearTimeout(again.current);
          again.current = setTimeout(() => mine === token.current && void load(0), AGAIN);
        }
      }
    },
    [run, step, search, output],
  );
  useEffect(
    () => () => {
      // what is still under way asks for nothing more
      token.current += 1;
      clearTimeout(again.current);
    },
    [],
  );

  useEffect(() => {
    token.current += 1;
    asked.current = new Set();
    setState(nothing);
    void load(0);
  }, [load]);

  /** Read the newest lines. */
  const total = state.total ?? 0;
  const more = useCallback(() => void load(Math.floor(total / PAGE)), [load, total]);

  useEffect(() => {
    if (!going) return;
    const timer = setInterval(more, PAUSE);
    return () => clearInterval(timer);
  }, [going, more]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: told and going are reasons to read on
  useEffect(() => {
    const timer = setTimeout(more, 80);
    return () => clearTimeout(timer);
  }, [told, going]);

  const lineAt = (index: number): LogLine | undefined => {
    const page = Math.floor(index / PAGE);
    if (!asked.current.has(page)) void load(page);
    return state.pages[page]?.[index % PAGE];
  };
  return { total: state.total, lineAt };
}
