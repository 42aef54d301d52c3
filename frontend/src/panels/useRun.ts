/** A run as the server tells of it, and the run that a page looks at while it goes on. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { ask, client } from "~/api/client";
import { useRun } from "~/api/run";
import type { Run, RunSummary } from "~/api/types";
import { isOver, latest, useLive } from "~/store/live";

export { isOver };

/** The newest summary of a run: the events', or the run's own. */
export function useSummary(id: string): RunSummary | undefined {
  const told = useLive((state) => state.runs[id]);
  return latest(told, useRun(id).data?.summary);
}

/** Follow a run: once per page. Reads it anew whenever the events were interrupted, or told of
 * something that only the run itself tells: outputs, decisions, its end. */
export function useFollowedRun(id: string): Run | undefined {
  const queries = useQueryClient();
  const { data } = useRun(id);
  const openings = useLive((state) => state.openings);
  const changes = useLive((state) => state.changes);
  const state = useSummary(id)?.state;

  useEffect(() => useLive.getState().want(id), [id]);

  useEffect(() => {
    if (data) useLive.getState().look(data);
  }, [data]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each is a reason to read anew
  useEffect(() => {
    if (id === "") return;
    const timer = setTimeout(() => {
      void queries.invalidateQueries({ queryKey: ["run", id] });
    }, 150);
    return () => clearTimeout(timer);
  }, [id, openings, changes, state, queries]);

  const training = data?.steps.find((step) => step.trains && step.state !== "queued")?.name ?? "";
  const over = data ? isOver(data.summary.state) : false;
  // epochs that ended before the run was read, and were told after, are in its curve alone
  useEffect(() => {
    if (data && !over) void queries.invalidateQueries({ queryKey: ["curve", id] });
  }, [data, over, id, queries]);
  const curve = useQuery({
    queryKey: ["curve", id, training, openings, over],
    queryFn: () =>
      ask(
        client.GET("/api/runs/{run}/curve", {
          params: { path: { run: id }, query: { step: training } },
        }),
      ),
    enabled: id !== "" && training !== "",
    retry: false,
  });
  useEffect(() => {
    if (curve.data && data && useLive.getState().run === id) useLive.getState().curve(curve.data);
  }, [curve.data, data, id]);
  return data;
}
