import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useView } from "~/store/view";
import { aligned } from "./edit";
import { actionFor, combination, listen } from "./keyboard";
import { action, actions } from "./registry";

let end = () => {};
beforeEach(() => {
  end = listen();
  useView.getState().set({ dialog: null });
});
afterEach(() => {
  end();
  document.body.replaceChildren();
});

function press(key: string, target: Element = document.body, init: KeyboardEventInit = {}) {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init });
  target.dispatchEvent(event);
  return event;
}

test("no two actions share a key or an id", () => {
  const keys = actions.flatMap((item) => item.keys);
  expect(keys).toEqual([...new Set(keys)]);
  const ids = actions.map((item) => item.id);
  expect(ids).toEqual([...new Set(ids)]);
  const labels = actions.map((item) => item.label);
  expect(labels).toEqual([...new Set(labels)]);
});

test("every key is written as the keyboard tells it", () => {
  for (const keys of actions.flatMap((item) => item.keys)) {
    const parts = keys === "+" ? ["+"] : keys.split("+");
    const key = parts.at(-1) ?? "";
    const event = new KeyboardEvent("keydown", {
      key: /^[A-Z]$/.test(key) && !parts.includes("Shift") ? key.toLowerCase() : key,
      shiftKey: parts.includes("Shift"),
      altKey: parts.includes("Alt"),
      ctrlKey: parts.includes("Mod"),
    });
    expect(actionFor(combination(event))?.keys).toContain(keys);
  }
});

test("a key does what its action says, and a question mark needs no Shift to be told", () => {
  press("a");
  expect(useView.getState().dialog).toEqual({ kind: "add" });
  press("?", document.body, { shiftKey: true });
  expect(useView.getState().dialog).toEqual({ kind: "help" });
});

test.each(["input", "textarea", "select"])("a %s keeps its keys", (tag) => {
  const field = document.body.appendChild(document.createElement(tag));
  expect(press("a", field).defaultPrevented).toBe(false);
  expect(press("z", field, { ctrlKey: true }).defaultPrevented).toBe(false);
  expect(useView.getState().dialog).toBeNull();
  // but not the one that would save the page as a file
  expect(press("s", field, { ctrlKey: true }).defaultPrevented).toBe(true);
  expect(useView.getState().dialog).toEqual({ kind: "version" });
});

test("an action that cannot be done now does nothing, and its key is not the browser's either", () => {
  const tidy = vi.spyOn(action("delete"), "perform");
  expect(press("Backspace").defaultPrevented).toBe(true);
  expect(tidy).not.toHaveBeenCalled();
});

test("steps are put in a line, or evenly apart along their longer side", () => {
  const at = { a: { x: 0, y: 0 }, b: { x: 10, y: 90 }, c: { x: 30, y: 400 } };
  expect(Object.values(aligned(at, "left")).map((place) => place.x)).toEqual([0, 0, 0]);
  expect(Object.values(aligned(at, "top")).map((place) => place.y)).toEqual([0, 0, 0]);
  expect(aligned(at, "distribute")["b"]).toEqual({ x: 10, y: 200 });
});
