/** Everything a user can do on the draft page. */
import { topological, wireId, wiresOf } from "~/graph/order";
import { tidied } from "~/graph/tidy";
import { t } from "~/messages";
import { useEditor } from "~/store/editor";
import { useView } from "~/store/view";
import { toastFailure } from "~/ui/Toast";
import { copySelected, cutSelected, duplicateSelected, paste } from "./clipboard";
import { align, disconnect, graphNow, move, removeSteps } from "./edit";
import type { Action } from "./types";

const words = t.canvas.actions;
const editor = () => useEditor.getState();
const view = () => useView.getState();
const chosen = () => editor().selected;
const one = () => chosen().length === 1;
const some = () => chosen().length > 0;
const several = () => chosen().length > 1;
const always = () => true;
const onCanvas = () => view().canvas !== null;

/** Asks the run bar to run the draft. */
export const RUN_EVENT = "visionloom:run";

async function deleteChosen(): Promise<void> {
  const { wire } = view();
  const graph = graphNow();
  const found = graph ? wiresOf(graph).find((item) => wireId(item.to, item.toPort) === wire) : null;
  if (some()) removeSteps(chosen());
  else if (found) disconnect(found.to, found.toPort);
}

async function tidy(): Promise<void> {
  const graph = graphNow();
  if (!graph || graph.steps.length === 0) return;
  move(await tidied(graph), t.canvas.labels.tidy);
  requestAnimationFrame(() => view().canvas?.fit());
}

async function history(which: "undo" | "redo"): Promise<void> {
  const label = editor().draft?.[which];
  await editor()[which]();
  if (label)
    view().say(which === "undo" ? t.canvas.said.undone(label) : t.canvas.said.redone(label));
}

/** Steps in the order of the data, for "select all" as for the arrow keys. */
function selectAll(): void {
  const graph = graphNow();
  if (!graph) return;
  const order = topological(graph);
  editor().select(order);
  view().say(t.canvas.said.selected(order.length));
}

export const actions: readonly Action[] = [
  {
    id: "add",
    label: words.add,
    group: "edit",
    icon: "plus",
    keys: ["A", "/"],
    enabled: always,
    perform: () => view().set({ dialog: { kind: "add" }, middleTab: "canvas" }),
  },
  {
    id: "connect",
    label: words.connect,
    group: "edit",
    icon: "wire",
    keys: ["C"],
    enabled: one,
    perform: () => view().set({ dialog: { kind: "connect", step: chosen()[0] ?? "" } }),
  },
  {
    id: "rename",
    label: words.rename,
    group: "edit",
    icon: "edit",
    keys: ["F2"],
    enabled: one,
    perform: () => view().set({ dialog: { kind: "rename", step: chosen()[0] ?? "" } }),
  },
  {
    id: "delete",
    label: words.delete,
    group: "edit",
    icon: "trash",
    keys: ["Delete", "Backspace"],
    enabled: () => some() || view().wire !== "",
    perform: deleteChosen,
  },
  {
    id: "duplicate",
    label: words.duplicate,
    group: "edit",
    icon: "copy",
    keys: ["Mod+D"],
    enabled: some,
    perform: duplicateSelected,
  },
  {
    id: "copy",
    label: words.copy,
    group: "edit",
    icon: "copy",
    keys: ["Mod+C"],
    event: "copy",
    enabled: some,
    perform: async () => void (await copySelected()),
  },
  {
    id: "cut",
    label: words.cut,
    group: "edit",
    icon: "cut",
    keys: ["Mod+X"],
    event: "cut",
    enabled: some,
    perform: cutSelected,
  },
  {
    id: "paste",
    label: words.paste,
    group: "edit",
    icon: "paste",
    keys: ["Mod+V"],
    event: "paste",
    enabled: always,
    perform: () => paste(),
  },
  {
    id: "undo",
    label: words.undo,
    group: "edit",
    icon: "undo",
    keys: ["Mod+Z"],
    enabled: () => Boolean(editor().draft?.undo) || editor().pending > 0,
    perform: () => history("undo"),
  },
  {
    id: "redo",
    label: words.redo,
    group: "edit",
    icon: "redo",
    keys: ["Shift+Mod+Z", "Mod+Y"],
    enabled: () => Boolean(editor().draft?.redo),
    perform: () => history("redo"),
  },
  {
    id: "note",
    label: words.note,
    group: "edit",
    icon: "note",
    keys: ["N"],
    enabled: onCanvas,
    perform: () => {
      const at = view().canvas?.middle() ?? { x: 0, y: 0 };
      view().set({ dialog: { kind: "note", index: null, at } });
    },
  },
  {
    id: "select-all",
    label: words.selectAll,
    group: "edit",
    keys: ["Mod+A"],
    enabled: () => (graphNow()?.steps.length ?? 0) > 0,
    perform: selectAll,
  },
  {
    id: "tidy",
    label: words.tidy,
    group: "arrange",
    icon: "tidy",
    keys: ["T"],
    enabled: () => (graphNow()?.steps.length ?? 0) > 1,
    perform: tidy,
  },
  {
    id: "align-left",
    label: words.alignLeft,
    group: "arrange",
    icon: "alignLeft",
    keys: ["Shift+L"],
    enabled: several,
    perform: () => align("left"),
  },
  {
    id: "align-top",
    label: words.alignTop,
    group: "arrange",
    icon: "alignTop",
    keys: ["Shift+T"],
    enabled: several,
    perform: () => align("top"),
  },
  {
    id: "distribute",
    label: words.distribute,
    group: "arrange",
    icon: "distribute",
    keys: ["Shift+D"],
    enabled: () => chosen().length > 2,
    perform: () => align("distribute"),
  },
  {
    id: "fit",
    label: words.fit,
    group: "view",
    icon: "fit",
    keys: ["F"],
    enabled: onCanvas,
    perform: () => view().canvas?.fit(),
  },
  {
    id: "zoom-in",
    label: words.zoomIn,
    group: "view",
    icon: "zoomIn",
    keys: ["+"],
    enabled: onCanvas,
    perform: () => view().canvas?.zoom("in"),
  },
  {
    id: "zoom-out",
    label: words.zoomOut,
    group: "view",
    icon: "zoomOut",
    keys: ["-"],
    enabled: onCanvas,
    perform: () => view().canvas?.zoom("out"),
  },
  {
    id: "locate",
    label: words.locate,
    group: "view",
    icon: "target",
    keys: ["L"],
    enabled: some,
    perform: () => view().canvas?.locate(chosen()),
  },
  {
    id: "properties",
    label: words.properties,
    group: "view",
    keys: ["P"],
    enabled: always,
    perform: openProperties,
  },
  {
    id: "yaml",
    label: words.yaml,
    group: "view",
    icon: "code",
    keys: ["Y"],
    enabled: always,
    perform: () => view().set({ middleTab: view().middleTab === "canvas" ? "yaml" : "canvas" }),
  },
  {
    id: "left",
    label: words.left,
    group: "view",
    keys: ["["],
    enabled: always,
    perform: () => view().panel({ left: !view().panels.left }),
  },
  {
    id: "right",
    label: words.right,
    group: "view",
    keys: ["]"],
    enabled: always,
    perform: () => view().panel({ right: !view().panels.right }),
  },
  {
    id: "bottom",
    label: words.bottom,
    group: "view",
    keys: ["B"],
    enabled: always,
    perform: () => view().panel({ bottom: !view().panels.bottom }),
  },
  {
    id: "version",
    label: words.version,
    group: "draft",
    icon: "versions",
    keys: ["Mod+S"],
    everywhere: true,
    enabled: always,
    perform: () => view().set({ dialog: { kind: "version" } }),
  },
  {
    id: "run",
    label: words.run,
    group: "draft",
    icon: "run",
    keys: ["Mod+Enter"],
    everywhere: true,
    enabled: () => (graphNow()?.steps.length ?? 0) > 0,
    perform: () => void window.dispatchEvent(new CustomEvent(RUN_EVENT)),
  },
  {
    id: "commands",
    label: words.commands,
    group: "view",
    icon: "search",
    keys: ["Mod+K"],
    everywhere: true,
    enabled: always,
    perform: () => view().set({ dialog: { kind: "palette" } }),
  },
  {
    id: "help",
    label: words.help,
    group: "view",
    icon: "help",
    keys: ["?"],
    enabled: always,
    perform: () => view().set({ dialog: { kind: "help" } }),
  },
];

/** Show the properties and put the focus there. */
export function openProperties(): void {
  view().panel({ right: true });
  requestAnimationFrame(() => {
    const panel = document.querySelector<HTMLElement>("[data-panel=right]");
    const first = panel?.querySelector<HTMLElement>(
      "[role=tab][aria-selected=true], input, select, textarea, button",
    );
    (first ?? panel)?.focus();
  });
}

const byId = new Map(actions.map((action) => [action.id, action]));

/** An action by its id.
 * @throws Error when there is none: a slip in the program. */
export function action(id: string): Action {
  const found = byId.get(id);
  if (!found) throw new Error(`no action ${id}`);
  return found;
}

/** Do it if it can be done now, and say what fails. */
export function act({ enabled, perform: go }: Pick<Action, "enabled" | "perform">): void {
  if (enabled()) void (async () => go())().catch(toastFailure);
}

export function perform(id: string): void {
  act(action(id));
}
