import { render, screen } from "@testing-library/react";
import { createElement } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { catalog, empty, stepOf } from "~/graph/testing";
import { useCatalog } from "~/store/catalog";
import { useEditor } from "~/store/editor";
import { useView } from "~/store/view";
import { ToastArea } from "~/ui/Toast";
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

test.each(["tab", "switch"])("plain keys are not the draft's while a %s has the focus", (role) => {
  const place = document.body.appendChild(document.createElement("button"));
  place.setAttribute("role", role);
  expect(press("Backspace", place).defaultPrevented).toBe(false);
  press("a", place);
  expect(useView.getState().dialog).toBeNull();
  // those with Control still are
  press("k", place, { ctrlKey: true });
  expect(useView.getState().dialog).toEqual({ kind: "palette" });
});

test.each(["application", "tree"])("plain keys act from within the %s", (role) => {
  const part = document.body.appendChild(document.createElement("div"));
  part.setAttribute("role", role);
  press("a", part.appendChild(document.createElement("div")));
  expect(useView.getState().dialog).toEqual({ kind: "add" });
});

test("steps are deleted before a wire that was chosen earlier, which choosing steps lets go of", () => {
  const wired = stepOf("train", "train_pytorch_model", {
    untrained_model: { kind: "step", step: "model", port: "untrained_model" },
  });
  const sent: string[] = [];
  useCatalog.setState({ byName: catalog });
  const graph = { ...empty, steps: [stepOf("model", "densenet"), wired] };
  useEditor.setState({
    draft: { graph } as never,
    selected: [],
    edit: async (_, edits) => void sent.push(...edits.map((edit) => edit.kind)),
  });
  useView.getState().set({ wire: "train untrained_model" });
  useEditor.getState().select(["model"]);
  expect(useView.getState().wire).toBe("");
  press("Delete");
  expect(sent).toEqual(["remove_steps"]);
});

test("an action that fails says so", async () => {
  const failing = vi.spyOn(action("commands"), "perform");
  failing.mockRejectedValue(new Error("The clipboard is closed."));
  render(createElement(ToastArea));
  press("k", document.body, { ctrlKey: true });
  expect(await screen.findByText("The clipboard is closed.")).toBeTruthy();
  failing.mockRestore();
});

test("leaving a draft leaves nothing of how it was looked at", () => {
  const { set, leave } = useView.getState();
  set({ dialog: { kind: "palette" }, wire: "w", boxing: true, middleTab: "yaml" });
  leave();
  expect(useView.getState()).toMatchObject({
    dialog: null,
    wire: "",
    boxing: false,
    middleTab: "canvas",
    place: null,
  });
});
