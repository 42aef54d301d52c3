/** Items of a long list, fetched by pages around what is in sight and a page ahead. */
import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { type Line, pagesFor, type Section } from "./window";

export const pageSize = 200;

export interface Fetched<T> {
  /** The item at a place of a section, once it is here. */
  item: (section: number, at: number) => T | undefined;
  error: Error | null;
}

export type FetchPage<T> = (
  section: Section,
  offset: number,
  limit: number,
  signal: AbortSignal,
) => Promise<{ items: readonly T[] }>;

export function usePages<T>(
  name: readonly unknown[],
  sections: readonly Section[],
  lines: readonly Line[],
  from: number,
  to: number,
  fetchPage: FetchPage<T>,
): Fetched<T> {
  const wanted = pagesFor(lines, from, to, pageSize, 1, sections);
  const results = useQueries({
    queries: wanted.map(({ section, page }) => {
      const of = sections[section] as Section;
      return {
        queryKey: [...name, of.key, page],
        queryFn: ({ signal }: { signal: AbortSignal }) =>
          fetchPage(of, page * pageSize, pageSize, signal),
        staleTime: Number.POSITIVE_INFINITY,
        gcTime: 120_000,
      };
    }),
  });
  const pages = new Map<string, readonly T[]>();
  let error: Error | null = null;
  wanted.forEach(({ section, page }, index) => {
    const result = results[index];
    if (result?.data) pages.set(`${section}:${page}`, result.data.items);
    if (result?.error) error = result.error;
  });
  const item = (section: number, at: number) =>
    pages.get(`${section}:${Math.floor(at / pageSize)}`)?.[at % pageSize];
  return { item, error };
}

/** Sections made anew only when they are others, so that the lines are not. */
export function useSections(sections: readonly Section[]): readonly Section[] {
  const key = JSON.stringify(sections);
  return useMemo(() => JSON.parse(key) as readonly Section[], [key]);
}
