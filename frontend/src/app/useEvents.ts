/** The one stream of events of a tab: it follows the run and the draft that are looked at. */
import { type Query, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { subscribe } from "~/api/events";
import type { Weights } from "~/api/types";
import { useEditor } from "~/store/editor";
import { useHeard } from "~/store/heard";
import { liveHandlers, useLive } from "~/store/live";

/** How long changes of lists are gathered before they are read anew. */
const GATHER = 400;
const ASK_AGAIN = 2_000;
/** How many times nothing may have failed before that is believed. */
const CALM = 5;

export function useEvents(enabled: boolean): void {
  const run = useLive((state) => state.run);
  const draft = useEditor((state) => state.draft?.id ?? "");
  const queries = useQueryClient();

  // what other programs do to the file is no event
  useEffect(() => {
    const look = () => void useEditor.getState().refresh();
    window.addEventListener("focus", look);
    return () => window.removeEventListener("focus", look);
  }, []);

  useEffect(() => {
    if (!enabled) return;
    let broken = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let again: ReturnType<typeof setInterval> | undefined;
    const readAgain = (...keys: string[]) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        for (const key of keys) void queries.invalidateQueries({ queryKey: [key] });
      }, GATHER);
    };
    const end = subscribe(
      { run, draft, after: useLive.getState().sequence },
      {
        ...liveHandlers,
        run: (told) => {
          const known = useLive.getState().runs[told.id];
          liveHandlers.run(told);
          // a list holds what the store knows better; only what is new or has ended changes it
          if (!known || known.state !== told.state) readAgain("runs", "targets", "drafts");
        },
        draft: (change) => {
          useEditor.getState().heard(change.id, change.revision);
          readAgain("drafts");
        },
        weights: (state) => {
          const told = state as Weights;
          useHeard.getState().weight(told);
          if (told.state !== "fetching") readAgain("weights");
        },
        connected: (yes) => {
          liveHandlers.connected(yes);
          // what was saved after the draft was read and before the stream began
          if (yes) void useEditor.getState().refresh();
          if (yes && broken) {
            void queries.invalidateQueries();
            // what was being asked when the server came back may still fail, and is asked again
            clearInterval(again);
            let calm = 0;
            again = setInterval(() => {
              const failed = { predicate: (one: Query) => one.state.status === "error" };
              calm = queries.getQueryCache().findAll(failed).length > 0 ? 0 : calm + 1;
              if (calm === CALM) clearInterval(again);
              else void queries.refetchQueries(failed);
            }, ASK_AGAIN);
          }
          broken = !yes;
        },
      },
    );
    return () => {
      clearTimeout(timer);
      clearInterval(again);
      end();
    };
  }, [enabled, run, draft, queries]);
}
