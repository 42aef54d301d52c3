/** How the draft is looked at: panels, dialogs, what the canvas can be asked for. Panels are
 * remembered in the browser; the rest is nowhere. */
import { create } from "zustand";
import type { Position } from "~/api/types";
import { useEditor } from "./editor";

/** What a mounted canvas can be asked for. */
export interface CanvasHandle {
  fit: () => void;
  zoom: (by: "in" | "out") => void;
  /** Bring steps into sight. */
  locate: (steps: readonly string[]) => void;
  /** Where the middle of what is seen is. */
  middle: () => Position;
  /** Where steps stand, also those without a position of their own. */
  positions: () => Readonly<Record<string, Position>>;
  focus: () => void;
}

/** A wire that was dropped where nothing is, or begun with the keyboard. */
export interface LooseWire {
  step: string;
  port: string;
  type: string;
  end: "source" | "target";
}

export type Dialog =
  | { kind: "add"; at?: Position; wire?: LooseWire; screen?: { x: number; y: number } }
  | { kind: "connect"; step: string }
  | { kind: "palette" }
  | { kind: "help" }
  | { kind: "rename"; step: string }
  | { kind: "note"; index: number | null; at: Position }
  | { kind: "version" };

export type LeftTab = "palette" | "outline";
export type MiddleTab = "canvas" | "yaml";

interface Panels {
  left: boolean;
  right: boolean;
  bottom: boolean;
  leftSize: number;
  rightSize: number;
  bottomSize: number;
}

interface ViewStore {
  canvas: CanvasHandle | null;
  dialog: Dialog | null;
  leftTab: LeftTab;
  middleTab: MiddleTab;
  panels: Panels;
  /** The wire that is selected, by its `wireId`. */
  wire: string;
  /** Whether dragging on empty canvas selects instead of moving the canvas. */
  boxing: boolean;
  /** A sentence for screen readers. */
  said: string;
  /** Line and column that the YAML tab shall show. */
  place: { line: number; column: number } | null;
  set: (change: Partial<Omit<ViewStore, "set" | "panel" | "say" | "leave">>) => void;
  panel: (change: Partial<Panels>) => void;
  say: (sentence: string) => void;
  /** The draft is left: how it was looked at is nothing to the next page. */
  leave: () => void;
}

const KEY = "visionloom.panels";
const NARROW = 1_100;
const usual: Panels = {
  left: true,
  right: true,
  bottom: false,
  leftSize: 256,
  rightSize: 336,
  bottomSize: 168,
};

/** Whether panels lie over the canvas instead of beside it. */
const narrow = () => globalThis.innerWidth < NARROW;

/** Where panels would cover the canvas, none is open at first. */
const narrowed = (panels: Panels): Panels =>
  narrow() ? { ...panels, left: false, right: false } : panels;

function remembered(): Panels {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Panels>;
    const valid = Object.entries(kept).filter(
      ([name, value]) => typeof value === typeof usual[name as keyof Panels],
    );
    return narrowed({ ...usual, ...Object.fromEntries(valid) });
  } catch {
    return narrowed(usual);
  }
}

/** Panels go beside the canvas or over it as the window grows or shrinks. */
globalThis
  .matchMedia?.(`(width < ${NARROW}px)`)
  .addEventListener?.("change", () => useView.setState({ panels: remembered() }));

export const useView = create<ViewStore>((set, get) => ({
  canvas: null,
  dialog: null,
  leftTab: "palette",
  middleTab: "canvas",
  panels: remembered(),
  wire: "",
  boxing: false,
  said: "",
  place: null,
  set: (change) => set(change),
  panel: (change) => {
    const panels = { ...get().panels, ...change };
    // two would cover the canvas
    if (narrow() && change.left) panels.right = false;
    else if (narrow() && change.right) panels.left = false;
    set({ panels });
    try {
      localStorage.setItem(KEY, JSON.stringify(panels));
    } catch {
      // a browser that keeps nothing shows the usual panels
    }
  },
  leave: () =>
    set({ dialog: null, wire: "", boxing: false, middleTab: "canvas", place: null, said: "" }),
  // the same sentence twice is said twice
  say: (sentence) => set({ said: sentence === get().said ? `${sentence}\u00a0` : sentence }),
}));

// either steps are chosen or a wire is
useEditor.subscribe(({ selected }, before) => {
  if (selected !== before.selected && selected.length > 0) useView.setState({ wire: "" });
});
