import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useEffect, useState } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useEditor } from "~/store/editor";
import { TypedField } from "./TypedField";

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

let number = 0;

interface Given {
  saved?: string;
  takes?: boolean;
  wrong?: (text: string) => string;
  onlyWhenLeft?: boolean;
}

interface ServerProps extends Required<Pick<Given, "wrong" | "onlyWhenLeft">> {
  id: string;
  text: string;
  take: (text: string) => boolean;
}

/** Keeps what it takes, and what others make of it. */
function Server({ text, take, ...rest }: ServerProps) {
  const [kept, setKept] = useState(text);
  useEffect(() => setKept(text), [text]);
  return (
    <TypedField
      {...rest}
      label="Epochs"
      saved={kept}
      send={async (next) => {
        const takes = take(next);
        if (takes) setKept(next);
        return takes;
      }}
    />
  );
}

/** A field, and what it sent. */
function field({ saved = "5", takes = true, wrong = () => "", onlyWhenLeft = false }: Given = {}) {
  const sent: string[] = [];
  const id = `draft/step/${number++}`;
  const draw = (text: string) => (
    <Server
      id={id}
      text={text}
      wrong={wrong}
      onlyWhenLeft={onlyWhenLeft}
      take={(next) => {
        sent.push(next);
        return takes;
      }}
    />
  );
  const view = render(draw(saved));
  const input = () => screen.getByLabelText<HTMLInputElement>("Epochs");
  const type = (text: string) => fireEvent.change(input(), { target: { value: text } });
  return { sent, view, input, type, draw };
}

const settle = (time = 0) => act(() => vi.advanceTimersByTimeAsync(time));
const notMuch = (text: string) => (Number(text) >= 1 ? "" : "Must be 1 or more.");

test("typing is sent once it pauses, not at each key", async () => {
  const { sent, type } = field();
  type("1");
  await settle(300);
  type("12");
  expect(sent).toEqual([]);
  await settle(700);
  expect(sent).toEqual(["12"]);
});

test("Enter and leaving send at once, and only once", async () => {
  const { sent, type, input } = field();
  fireEvent.focus(input());
  type("7");
  fireEvent.keyDown(input(), { key: "Enter" });
  fireEvent.blur(input());
  await settle(2_000);
  expect(sent).toEqual(["7"]);
  expect(input().value).toBe("7");
});

test("a wrong value stays where it was typed, with its reason, and is kept", async () => {
  const { sent, type, input } = field({ wrong: notMuch });
  fireEvent.focus(input());
  type("0");
  await settle(2_000);
  expect(sent).toEqual([]);
  expect(screen.queryByText("Must be 1 or more.")).toBeNull();
  fireEvent.blur(input());
  await settle();
  expect(input().value).toBe("0");
  expect(sent).toEqual(["0"]);
  screen.getByText("Must be 1 or more.");
  expect(input().getAttribute("aria-invalid")).toBe("true");
});

test("a field that goes away sends what was typed, to what it was typed for", async () => {
  const { sent, type, view } = field();
  type("9");
  view.unmount();
  expect(sent).toEqual(["9"]);
});

test("what must come first is sent before an undo, a run or a page that goes", () => {
  const { sent, type } = field();
  type("9");
  useEditor.getState().flush();
  expect(sent).toEqual(["9"]);
});

test("what the server refuses stays to be mended, also after the field was away", async () => {
  const { sent, type, input, view, draw } = field({ takes: false });
  fireEvent.focus(input());
  type("odd");
  fireEvent.blur(input());
  await settle();
  fireEvent.focus(input());
  fireEvent.blur(input());
  await settle();
  expect(sent).toEqual(["odd"]);
  expect(input().value).toBe("odd");
  view.unmount();
  render(draw("5"));
  expect(input().value).toBe("odd");
});

test("Escape takes back what was typed and not sent", async () => {
  const { sent, type, input } = field();
  fireEvent.focus(input());
  type("9");
  fireEvent.keyDown(input(), { key: "Escape" });
  fireEvent.blur(input());
  await settle(2_000);
  expect(input().value).toBe("5");
  expect(sent).toEqual([]);
});

test("a name is sent only when its field is left", async () => {
  const { sent, type, input } = field({ saved: "train", onlyWhenLeft: true });
  fireEvent.focus(input());
  type("train_2");
  await settle(2_000);
  expect(sent).toEqual([]);
  fireEvent.blur(input());
  expect(sent).toEqual(["train_2"]);
});

test("what others change is shown while nothing is typed", () => {
  const { view, input, draw } = field();
  view.rerender(draw("8"));
  expect(input().value).toBe("8");
});
