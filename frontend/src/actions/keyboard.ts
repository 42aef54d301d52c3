/** From keys to actions; text fields keep theirs. */
import { paste } from "./clipboard";
import { act, actions } from "./registry";
import type { Action } from "./types";

const mac = () => /mac|iphone|ipad/i.test(navigator.platform);

/** The combination of an event, as actions write it. */
export function combination(event: KeyboardEvent): string {
  const command = mac() ? event.metaKey : event.ctrlKey;
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  // signs such as ? need Shift on some keyboards and not on others
  const shift = event.shiftKey && (key.length > 1 || /[A-Z]/.test(key));
  return [shift ? "Shift" : "", event.altKey ? "Alt" : "", command ? "Mod" : "", key]
    .filter(Boolean)
    .join("+");
}

/** A combination as it is shown. */
export function shownKeys(keys: string): string {
  return keys === "+"
    ? "+"
    : keys
        .split("+")
        .map((key) => (key === "Mod" ? (mac() ? "⌘" : "Ctrl") : key))
        .join(" + ");
}

/** For `aria-keyshortcuts`. */
export function ariaKeys(keys: readonly string[]): string {
  return keys.map((key) => key.replace("Mod", mac() ? "Meta" : "Control")).join(" ");
}

function inText(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.matches("input:not([type=checkbox], [type=radio], [type=range]), textarea, select") ||
      target.closest("[data-own-keys]") !== null)
  );
}

/** Whether a widget with keys of its own has the focus: lists, menus, trees, dialogs. */
function inWidget(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest("dialog, [role=menu], [role=listbox], [role=dialog]") !== null
  );
}

const isPlain = (keys: string): boolean => !keys.includes("Mod+");

/** Whether plain keys are for the draft: nothing has the focus, or the canvas or the outline has.
 * Elsewhere they would act on what one does not look at. */
function isOpen(target: EventTarget | null): boolean {
  return (
    !(target instanceof HTMLElement) ||
    target.matches("body, h1") ||
    target.closest("[role=application], [role=tree]") !== null
  );
}

export function actionFor(keys: string, all: readonly Action[] = actions): Action | undefined {
  return all.find((action) => action.keys.includes(keys));
}

/** Listen for the whole page; returns what ends it. */
export function listen(): () => void {
  const keyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    const found = actionFor(combination(event));
    if (!found || found.event || inWidget(event.target)) return;
    const keys = combination(event);
    if (!found.everywhere && (inText(event.target) || (isPlain(keys) && !isOpen(event.target)))) {
      return;
    }
    event.preventDefault();
    act(found);
  };
  const clipboard = (event: ClipboardEvent) => {
    const found = actions.find((action) => action.event === event.type);
    if (!found || inText(event.target) || inWidget(event.target)) return;
    if (event.type !== "paste" && window.getSelection()?.isCollapsed === false) return;
    event.preventDefault();
    const text = event.clipboardData?.getData("text/plain");
    if (event.type === "paste") act({ ...found, perform: () => paste(text) });
    else act(found);
  };
  window.addEventListener("keydown", keyDown);
  for (const name of ["copy", "cut", "paste"] as const) document.addEventListener(name, clipboard);
  return () => {
    window.removeEventListener("keydown", keyDown);
    for (const name of ["copy", "cut", "paste"] as const) {
      document.removeEventListener(name, clipboard);
    }
  };
}
