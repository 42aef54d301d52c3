/** Keys of the canvas: from step to step, moving, opening. */
import type { KeyboardEvent } from "react";
import { move } from "~/actions/edit";
import { openProperties } from "~/actions/registry";
import type { Position } from "~/api/types";
import { type Direction, type Neighbours, towards } from "~/graph/order";
import { t } from "~/messages";
import { useView } from "~/store/view";

const NUDGE = 20;

const directions: Readonly<Record<string, Direction>> = {
  ArrowDown: "forward",
  ArrowUp: "back",
  ArrowRight: "next",
  ArrowLeft: "previous",
  Home: "first",
  End: "last",
};

const nudges: Readonly<Record<string, Position>> = {
  ArrowDown: { x: 0, y: NUDGE },
  ArrowUp: { x: 0, y: -NUDGE },
  ArrowRight: { x: NUDGE, y: 0 },
  ArrowLeft: { x: -NUDGE, y: 0 },
};

export interface CanvasKeys {
  order: readonly string[];
  near: Neighbours;
  selected: readonly string[];
  readOnly: boolean;
  places: Readonly<Record<string, Position>>;
  onSelect: (steps: readonly string[]) => void;
  cancelDrag: () => boolean;
  sentence: (step: string) => string;
}

export function canvasKeys(canvas: CanvasKeys) {
  const { order, near, selected, places, onSelect } = canvas;
  const { say, canvas: handle, set } = useView.getState();

  const go = (direction: Direction, more: boolean) => {
    const name = towards(selected.at(-1), direction, order, near);
    if (name === undefined) return;
    const others = more ? selected.filter((item) => item !== name) : [];
    onSelect([...others, name]);
    set({ wire: "" });
    handle?.locate([name]);
    const place = t.canvas.node.position(order.indexOf(name) + 1, order.length);
    say(`${canvas.sentence(name)}. ${place}`);
  };

  const nudge = (by: Position) => {
    const moved = Object.fromEntries(
      selected.flatMap((name) => {
        const at = places[name];
        return at ? [[name, { x: at.x + by.x, y: at.y + by.y }]] : [];
      }),
    );
    if (Object.keys(moved).length === 0) return;
    move(moved, undefined, `nudge ${selected.join(" ")}`.slice(0, 200));
  };

  return (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget && event.key !== "Escape") return;
    const direction = directions[event.key];
    const by = nudges[event.key];
    if (event.key === "Escape") {
      if (!canvas.cancelDrag()) {
        onSelect([]);
        set({ wire: "" });
      }
    } else if (by && event.altKey) {
      if (!canvas.readOnly) nudge(by);
    } else if (direction && !event.ctrlKey && !event.metaKey && !event.altKey) {
      go(direction, event.shiftKey);
    } else if (event.key === "Enter" && selected.length && !event.ctrlKey && !event.metaKey) {
      openProperties();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
}
