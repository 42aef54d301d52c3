import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { subscribe } from "./events";
import { Stream } from "./testing";

function show(state: "visible" | "hidden") {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
  document.dispatchEvent(new Event("visibilitychange"));
}

const last = () => Stream.opened.at(-1) as Stream;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Stream);
  Stream.opened = [];
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("a tab that stays hidden lets go of its stream and goes on where it was", () => {
  const lines: number[] = [];
  const end = subscribe({ run: "a", after: 3 }, { journal: (line) => lines.push(line.seq) });
  expect(last().url).toBe("/api/events?run=a&after=3");
  last().tell("journal", { seq: 4 }, "7-4-0");
  show("hidden");
  vi.advanceTimersByTime(60_000);
  expect(last().readyState).toBe(Stream.CLOSED);
  expect(Stream.opened).toHaveLength(1);
  show("visible");
  expect(Stream.opened).toHaveLength(2);
  expect(last().url).toBe("/api/events?run=a&after=3&last=7-4-0");
  expect(lines).toEqual([4]);
  end();
  expect(last().readyState).toBe(Stream.CLOSED);
});

test("a page that is kept for Back holds no connection and goes on when it is shown again", () => {
  const end = subscribe({ run: "a" }, {});
  window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
  expect(last().readyState).toBe(Stream.CLOSED);
  window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  expect(Stream.opened).toHaveLength(2);
  expect(last().readyState).toBe(1);
  end();
});

test("a tab that is hidden for a moment keeps its stream", () => {
  const end = subscribe({}, {});
  show("hidden");
  vi.advanceTimersByTime(5_000);
  show("visible");
  vi.advanceTimersByTime(60_000);
  expect(Stream.opened).toHaveLength(1);
  expect(last().readyState).toBe(1);
  end();
  show("visible");
  expect(Stream.opened).toHaveLength(1);
});

test("a tab that was opened in the background lets go too", () => {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  const end = subscribe({}, {});
  vi.advanceTimersByTime(60_000);
  expect(last().readyState).toBe(Stream.CLOSED);
  end();
});

test("a stream the server refused is tried again, not while the tab is hidden", () => {
  const told: boolean[] = [];
  const refused = vi.fn();
  const end = subscribe({}, { connected: (yes) => told.push(yes), refused });
  last().dispatchEvent(new Event("error"));
  expect(refused).not.toHaveBeenCalled();
  last().close();
  last().dispatchEvent(new Event("error"));
  expect(refused).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(600);
  expect(Stream.opened).toHaveLength(2);
  show("hidden");
  vi.advanceTimersByTime(20_000);
  last().dispatchEvent(new Event("open"));
  expect(told).toEqual([false, false, true]);
  expect(Stream.opened).toHaveLength(2);
  end();
});

test("a stream of another run goes on where the one before it was", () => {
  const heard: string[] = [];
  const end = subscribe({ run: "b", after: 2, since: "7-40-3" }, { heard: (at) => heard.push(at) });
  expect(last().url).toBe("/api/events?run=b&after=2&last=7-2-0");
  last().tell("run", { id: "b" }, "8-2-0");
  expect(heard).toEqual(["8-2-0"]);
  end();
});
