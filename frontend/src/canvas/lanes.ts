/** A way round for wires that would run behind a step: down a free lane beside it. */
import type { Position } from "~/api/types";
import { GAP_Y, NODE_HEIGHT, NODE_WIDTH } from "~/graph/layout";
import { type Wire, wireId } from "~/graph/order";

/** How far a lane keeps from steps, and lanes from each other. */
const ROOM = 14;
const SAMPLES = 12;

type Places = Readonly<Record<string, Position>>;
/** Where a wire leaves and arrives, from the left edges of its steps. */
export type Ends = (wire: Wire) => readonly [number, number];

/** The x of the lane of each wire that needs one, by `wireId`.
 *
 * Only wires that pass a whole layer can run behind a step; the others are not looked at. */
export function lanesOf(
  wires: readonly Wire[],
  places: Places,
  ends: Ends,
): ReadonlyMap<string, number> {
  const boxes = Object.values(places).sort((a, b) => a.y - b.y);
  const lanes = new Map<string, number>();
  const taken: number[] = [];
  for (const wire of wires) {
    const from = places[wire.from];
    const to = places[wire.to];
    if (!from || !to || to.y - from.y < 2 * NODE_HEIGHT + GAP_Y) continue;
    const top = from.y + NODE_HEIGHT;
    const between = boxes.filter((box) => box.y < to.y - 1 && box.y + NODE_HEIGHT > top + 1);
    const [left, right] = ends(wire);
    const [start, end] = [from.x + left, to.x + right];
    if (!between.some((box) => meets(box, start, top, end, to.y))) continue;
    const lane = nearest(between, taken, start, end);
    taken.push(lane);
    lanes.set(wireId(wire.to, wire.toPort), lane);
  }
  return lanes;
}

/** Whether the curve from one port to another meets a box. */
function meets(box: Position, fromX: number, top: number, toX: number, bottom: number): boolean {
  for (let at = 1; at < SAMPLES; at += 1) {
    const t = at / SAMPLES;
    const x = fromX + (toX - fromX) * t * t * (3 - 2 * t);
    // the curve leaves and arrives upright, with half the height as its handles
    const y = top + (bottom - top) * (1.5 * t - 1.5 * t * t + t * t * t);
    const inside = x > box.x - ROOM / 2 && x < box.x + NODE_WIDTH + ROOM / 2;
    if (inside && y > box.y && y < box.y + NODE_HEIGHT) return true;
  }
  return false;
}

function nearest(
  boxes: readonly Position[],
  taken: readonly number[],
  from: number,
  to: number,
): number {
  const isFree = (x: number) =>
    boxes.every((box) => x <= box.x - ROOM + 1 || x >= box.x + NODE_WIDTH + ROOM - 1) &&
    taken.every((other) => Math.abs(other - x) >= ROOM - 1);
  let best = Number.NaN;
  let least = Number.POSITIVE_INFINITY;
  for (const box of boxes) {
    for (const [edge, away] of [
      [box.x - ROOM, -ROOM],
      [box.x + NODE_WIDTH + ROOM, ROOM],
    ] as const) {
      let x = edge;
      for (let tries = 0; tries < 4 && !isFree(x); tries += 1) x += away;
      const far = Math.abs(x - from) + Math.abs(x - to);
      if (isFree(x) && far < least) {
        best = x;
        least = far;
      }
    }
  }
  return Number.isNaN(best) ? Math.max(...boxes.map((box) => box.x)) + NODE_WIDTH + ROOM : best;
}

/** A path from a port down the lane to a port; empty where there is no room for the bends. */
export function lanePath(x: number, from: Position, to: Position): string {
  if (to.y - from.y < 2 * GAP_Y) return "";
  const half = GAP_Y / 2;
  const [start, end] = [from.y + GAP_Y, to.y - GAP_Y];
  return [
    `M${from.x},${from.y}`,
    `C${from.x},${from.y + half} ${x},${from.y + half} ${x},${start}`,
    `L${x},${end}`,
    `C${x},${to.y - half} ${to.x},${to.y - half} ${to.x},${to.y}`,
  ].join(" ");
}
