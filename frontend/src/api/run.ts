/** A run as the server tells of it; whoever looks at one shares the answer. */
import { useQuery } from "@tanstack/react-query";
import { ask, client } from "./client";

export function useRun(run: string) {
  return useQuery({
    queryKey: ["run", run],
    queryFn: ({ signal }) =>
      ask(client.GET("/api/runs/{run}", { params: { path: { run } }, signal })),
    enabled: run !== "",
  });
}
