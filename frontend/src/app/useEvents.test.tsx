import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, render } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Stream } from "~/api/testing";
import type { Weights } from "~/api/types";
import { useHeard } from "~/store/heard";
import { useLive } from "~/store/live";
import { useEvents } from "./useEvents";

const last = () => Stream.opened.at(-1) as Stream;
const say = (name: "open" | "error") => act(() => last().dispatchEvent(new Event(name)));
const goTo = (run: string) => act(() => useLive.getState().want(run));

function Page() {
  useEvents(true);
  return null;
}

let queries: QueryClient;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Stream);
  Stream.opened = [];
  queries = new QueryClient();
  useLive.getState().want("");
  render(
    <QueryClientProvider client={queries}>
      <Page />
    </QueryClientProvider>,
  );
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("whoever goes elsewhere while the server is away reads everything anew when it is back", () => {
  queries.setQueryData(["runs"], []);
  say("open");
  act(() => last().tell("run", { id: "a", state: "running" }, "7-0-0"));
  say("error");
  goTo("b");
  expect(last().url).toBe("/api/events?run=b&last=7-0-0");
  expect(queries.getQueryState(["runs"])?.isInvalidated).toBe(false);
  say("open");
  expect(queries.getQueryState(["runs"])?.isInvalidated).toBe(true);
});

test("news of a moment before going elsewhere still make the lists be read anew", () => {
  queries.setQueryData(["runs"], []);
  queries.setQueryData(["weights"], []);
  say("open");
  act(() => last().tell("run", { id: "c", state: "succeeded" }, "8-0-0"));
  act(() => last().tell("weights", { model: "resnet18", state: "here" }, "8-0-0"));
  goTo("b");
  act(() => vi.advanceTimersByTime(1_000));
  expect(queries.getQueryState(["runs"])?.isInvalidated).toBe(true);
  expect(queries.getQueryState(["weights"])?.isInvalidated).toBe(true);
});

test("weights are no more on their way when another server has taken over", () => {
  say("open");
  const fetching = { model: "resnet18", state: "fetching" } as Weights;
  act(() => last().tell("weights", fetching, "8-0-0"));
  goTo("b");
  say("open");
  expect(useHeard.getState().weights["resnet18"]).toEqual(fetching);
  say("error");
  say("open");
  expect(useHeard.getState().weights).toEqual({});
});
