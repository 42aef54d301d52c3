/** One stream of events per tab; it goes on where it left off after a break. */
import type { RunSummary } from "./types";

export interface JournalLine {
  seq: number;
  at: number;
  kind: "run" | "step" | "decision" | "log" | "progress" | "metrics" | "output";
  step?: string;
  attempt?: number;
  [field: string]: unknown;
}

export interface Handlers {
  run?: (run: RunSummary) => void;
  journal?: (line: JournalLine) => void;
  draft?: (change: { id: string; revision: number }) => void;
  weights?: (state: unknown) => void;
  /** Told at every opening, also one after a break, and at every break. */
  connected?: (yes: boolean) => void;
  /** Told whenever the server answers with something else; a stream does not tell with what. */
  refused?: () => void;
  /** Told where the stream is, for `since` of the next one. */
  heard?: (cursor: string) => void;
}

/** How long a hidden tab keeps its stream. A browser opens six connections to one server: with a
 * stream in each of six tabs, nothing else would get through. */
const HIDDEN_PAUSE = 10_000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 4_000;

/** Subscribe; returns what ends it. `run` and `draft` are the ones looked at; `since` is where
 * another stream was, of other ones perhaps.
 *
 * The browser itself opens the stream again after a break, and tells the server what it heard last.
 * It gives up when the server answers with an error (it is starting, or another program has its
 * port); then we go on trying. A tab that is hidden for a while lets go of its stream, and is told
 * what it missed when it is looked at again. */
export function subscribe(
  wanted: { run?: string; draft?: string; after?: number; since?: string },
  handlers: Handlers,
): () => void {
  const query = new URLSearchParams();
  if (wanted.run) query.set("run", wanted.run);
  if (wanted.draft) query.set("draft", wanted.draft);
  if (wanted.after) query.set("after", String(wanted.after));
  // of runs it goes on; lines and revisions are those of what is looked at now
  if (wanted.since) query.set("last", `${wanted.since.split("-")[0]}-${wanted.after ?? 0}-0`);
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hiding: ReturnType<typeof setTimeout> | undefined;
  let pause = FIRST_PAUSE;

  const open = () => {
    source = new EventSource(query.size > 0 ? `/api/events?${query}` : "/api/events");
    const listen = <T>(name: string, handler: ((value: T) => void) | undefined) => {
      source.addEventListener(name, (event) => {
        const { data, lastEventId } = event as MessageEvent<string>;
        query.set("last", lastEventId);
        handlers.heard?.(lastEventId);
        handler?.(JSON.parse(data) as T);
      });
    };
    listen("run", handlers.run);
    listen("journal", handlers.journal);
    listen("draft", handlers.draft);
    listen("weights", handlers.weights);
    source.addEventListener("open", () => {
      pause = FIRST_PAUSE;
      handlers.connected?.(true);
    });
    source.addEventListener("error", () => {
      handlers.connected?.(false);
      if (source.readyState !== EventSource.CLOSED) return;
      handlers.refused?.();
      clearTimeout(timer);
      timer = setTimeout(open, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    });
  };

  const close = () => {
    clearTimeout(timer);
    clearTimeout(hiding);
    source.close();
  };

  const look = () => {
    clearTimeout(hiding);
    if (document.visibilityState === "hidden") hiding = setTimeout(close, HIDDEN_PAUSE);
    else if (source.readyState === EventSource.CLOSED) {
      clearTimeout(timer);
      open();
    }
  };

  // a page that is kept for "back" would keep its connection, of which a browser has six
  const back = (event: PageTransitionEvent) => {
    if (event.persisted) look();
  };

  open();
  look();
  document.addEventListener("visibilitychange", look);
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", back);
  return () => {
    document.removeEventListener("visibilitychange", look);
    window.removeEventListener("pagehide", close);
    window.removeEventListener("pageshow", back);
    close();
  };
}
