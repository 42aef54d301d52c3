import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Edit, Graph, Value } from "~/api/types";
import { catalog, empty } from "~/graph/testing";
import { useCatalog } from "~/store/catalog";
import { useEditor } from "~/store/editor";
import { InputValue } from "./InputValue";

let sent: Edit[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  useCatalog.setState({ byName: catalog });
  useEditor.setState({
    edit: async (_, edits) => {
      sent.push(...edits);
    },
  });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const field = () => screen.getByRole<HTMLInputElement>("textbox");
const values = () => sent.map((edit) => (edit.kind === "set_input" ? edit.value : edit));

function draw(value: Value, graph: Graph = empty) {
  render(<InputValue draft="d" graph={graph} name={`rate ${value}`} value={value} error="" />);
  fireEvent.focus(field());
}

async function type(text: string) {
  fireEvent.change(field(), { target: { value: text } });
  await act(() => vi.advanceTimersByTimeAsync(1_000));
}

test("a number that is emptied and typed anew stays a number", async () => {
  draw(10);
  await type("");
  expect(values()).toEqual([]);
  await type("20");
  expect(values()).toEqual([20]);
});

test("half of a number is not sent, however long the pause", async () => {
  draw(0.5);
  await type("1e");
  expect(values()).toEqual([]);
  await type("1e-3");
  expect(values()).toEqual([0.001]);
});

test("an emptied number stays to be mended when the field is left", async () => {
  draw(7);
  await type("");
  fireEvent.blur(field());
  await act(() => vi.advanceTimersByTimeAsync(1_000));
  expect(values()).toEqual([]);
  expect(field().getAttribute("aria-invalid")).toBe("true");
});
