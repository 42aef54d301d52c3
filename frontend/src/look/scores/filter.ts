/** Which scored pictures are asked for, in which order. */
import { ask, client } from "~/api/client";

export interface ScoreFilter {
  sort: "confidence" | "loss" | "file";
  descending: boolean;
  wrong: boolean;
  label: string;
  scored_label: string;
  search: string;
}

export const everyScore: ScoreFilter = {
  sort: "confidence",
  descending: false,
  wrong: false,
  label: "",
  scored_label: "",
  search: "",
};

/** A page of the scored pictures that match. */
export function scoresPage(
  artifact: string,
  filter: ScoreFilter,
  offset: number,
  limit: number,
  signal?: AbortSignal,
) {
  return ask(
    client.GET("/api/scores/{artifact}/items", {
      params: { path: { artifact }, query: { ...filter, offset, limit } },
      ...(signal && { signal }),
    }),
  );
}
