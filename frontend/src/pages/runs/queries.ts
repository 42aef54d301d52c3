/** Lists of runs. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { ask, client } from "~/api/client";

export interface Filters {
  state: string;
  kind: string;
  search: string;
}

const PAGE = 50;

export const newest = queryOptions({
  queryKey: ["runs", "newest"],
  queryFn: () => ask(client.GET("/api/runs", { params: { query: { limit: 6 } } })),
});

export const runs = (filters: Filters) =>
  infiniteQueryOptions({
    queryKey: ["runs", filters],
    queryFn: ({ pageParam }) =>
      ask(
        client.GET("/api/runs", {
          params: { query: { ...filters, before: pageParam, limit: PAGE } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => (last.more ? last.runs.at(-1)?.id : undefined),
    placeholderData: (before) => before,
  });
