import { expect, test } from "vitest";
import type { Position } from "~/api/types";
import { layout, NODE_HEIGHT, NODE_WIDTH } from "~/graph/layout";
import { wireId } from "~/graph/order";
import { type Ends, lanePath, lanesOf } from "./lanes";

const middles: Ends = () => [NODE_WIDTH / 2, NODE_WIDTH / 2];
const wire = (from: string, to: string, toPort = "in") => ({ from, fromPort: "out", to, toPort });
const chain = [wire("a", "b"), wire("b", "c")];
const column: Record<string, Position> = {
  a: { x: 0, y: 0 },
  b: { x: 0, y: 144 },
  c: { x: 0, y: 288 },
};

test("wires to the next layer go straight", () => {
  expect(lanesOf(chain, column, middles).size).toBe(0);
});

test("a wire past a step goes beside it, and a second one beside the first", () => {
  const lanes = lanesOf(
    [...chain, wire("a", "c", "past"), wire("a", "c", "other")],
    column,
    middles,
  );
  const [first, second] = [lanes.get(wireId("c", "past")), lanes.get(wireId("c", "other"))];
  for (const x of [first, second]) {
    expect(x === undefined || x < 0 || x > NODE_WIDTH).toBe(true);
    expect(x).toBeDefined();
  }
  expect(Math.abs((first ?? 0) - (second ?? 0))).toBeGreaterThan(10);
});

test("a wire that passes no step stays as it is", () => {
  const aside = { ...column, b: { x: 600, y: 144 } };
  expect(lanesOf([wire("a", "c", "past")], aside, middles).size).toBe(0);
});

test("no lane of the nine steps' own layout crosses a step", () => {
  const names = ["convert", "split", "make", "seen", "held", "model", "train", "score", "evaluate"];
  const wires = [
    wire("convert", "split"), wire("split", "seen"), wire("split", "held"), wire("make", "seen", "t"),
    wire("make", "held", "t"), wire("model", "train", "m"), wire("seen", "train"),
    wire("held", "train", "v"), wire("train", "score", "m"), wire("held", "score"),
    wire("score", "evaluate"),
  ]; // biome-ignore format: a table
  const index = new Map(names.map((name, at) => [name, at]));
  const places = layout({
    names,
    wires: wires.map((w) => [index.get(w.from) ?? 0, index.get(w.to) ?? 0] as const),
  });
  for (const [id, x] of lanesOf(wires, places, middles)) {
    const its = wires.find((w) => wireId(w.to, w.toPort) === id);
    const [top, bottom] = [places[its?.from ?? ""]?.y ?? 0, places[its?.to ?? ""]?.y ?? 0];
    for (const [name, box] of Object.entries(places)) {
      if (box.y <= top || box.y >= bottom) continue;
      expect(x <= box.x || x >= box.x + NODE_WIDTH, `${id} meets ${name}`).toBe(true);
    }
  }
});

test("there is no path where the bends have no room", () => {
  expect(lanePath(300, { x: 0, y: NODE_HEIGHT }, { x: 0, y: NODE_HEIGHT + 100 })).toBe("");
  expect(lanePath(300, { x: 0, y: 0 }, { x: 10, y: 400 })).toMatch(/^M0,0 C.* L300,324 C.*10,400$/);
});
