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
  connected?: (yes: boolean) => void;
}

/** Subscribe; returns what ends it. `run` and `draft` are the ones looked at, `after` the newest
 * journal line that is known already. */
export function subscribe(
  wanted: { run?: string; draft?: string; after?: number },
  handlers: Handlers,
): () => void {
  const query = new URLSearchParams();
  if (wanted.run) query.set("run", wanted.run);
  if (wanted.draft) query.set("draft", wanted.draft);
  if (wanted.after) query.set("after", String(wanted.after));
  const source = new EventSource(`/api/events?${query}`);
  const listen = <T>(name: string, handler: ((value: T) => void) | undefined) => {
    if (handler) {
      source.addEventListener(name, (event) =>
        handler(JSON.parse((event as MessageEvent).data) as T),
      );
    }
  };
  listen("run", handlers.run);
  listen("journal", handlers.journal);
  listen("draft", handlers.draft);
  listen("weights", handlers.weights);
  source.addEventListener("open", () => handlers.connected?.(true));
  source.addEventListener("error", () => handlers.connected?.(false));
  return () => source.close();
}
