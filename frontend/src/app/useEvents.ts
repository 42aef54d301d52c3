/** The one stream of events of a tab: it follows the run and the draft that are looked at. */
import { type Query, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
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

  // these outlive a stream: the next one, of another run or draft, goes on where it was
  const cursor = useRef("");
  const broken = useRef(false);
  const stale = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const again = useRef<ReturnType<typeof setInterval>>(undefined);

  useEffect(
    () => () => {
      clearTimeout(timer.current);
      clearInterval(again.current);
    },
    [],
  );

  useEffect(() => {
    if (!enabled) return;
    const readAgain = (...keys: string[]) => {
      for (const key of keys) stale.current.add(key);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        for (const key of stale.current) void queries.invalidateQueries({ queryKey: [key] });
        stale.current.clear();
      }, GATHER);
    };
    return subscribe(
      { run, draft, after: useLive.getState().sequence, since: cursor.current },
      {
        ...liveHandlers,
        heard: (at) => {
          cursor.current = at;
        },
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
          const isBack = yes && broken.current;
          broken.current = !yes;
          // another server fetches nothing that the one before did
          if (isBack) useHeard.getState().forget();
          // what was saved after the draft was read and before the stream began
          if (yes) void useEditor.getState().refresh();
          if (!isBack) return;
          void queries.invalidateQueries();
          // what was being asked when the server came back may still fail, and is asked again
          clearInterval(again.current);
          let calm = 0;
          again.current = setInterval(() => {
            const failed = { predicate: (one: Query) => one.state.status === "error" };
            calm = queries.getQueryCache().findAll(failed).length > 0 ? 0 : calm + 1;
            if (calm === CALM) clearInterval(again.current);
            else void queries.refetchQueries(failed);
          }, ASK_AGAIN);
        },
      },
    );
  }, [enabled, run, draft, queries]);
}
