/** What the home, runs and machine pages read. */
import { queryOptions } from "@tanstack/react-query";
import { ask, client } from "~/api/client";
import type { DraftSummary, Template } from "~/api/types";

export const machine = queryOptions({
  queryKey: ["machine"],
  queryFn: () => ask(client.GET("/api/machine")),
});
export const drafts = queryOptions({
  queryKey: ["drafts"],
  // the client's types lose that steps and wires are tuples
  queryFn: async () => (await ask(client.GET("/api/drafts"))) as DraftSummary[],
});
export const templates = queryOptions({
  queryKey: ["templates"],
  queryFn: async () => (await ask(client.GET("/api/templates"))) as Template[],
  staleTime: Number.POSITIVE_INFINITY,
});
export const weights = queryOptions({
  queryKey: ["weights"],
  queryFn: () => ask(client.GET("/api/weights")),
});
export const targets = queryOptions({
  queryKey: ["targets"],
  queryFn: () => ask(client.GET("/api/targets")),
});
export const storage = queryOptions({
  queryKey: ["storage"],
  queryFn: () => ask(client.GET("/api/storage")),
});
export const datasets = queryOptions({
  queryKey: ["datasets"],
  queryFn: () => ask(client.GET("/api/datasets")),
});
