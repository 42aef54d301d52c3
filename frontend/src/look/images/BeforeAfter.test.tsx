import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WholeNumber } from "./BeforeAfter";

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

function Page({ asked }: { asked: number[] }) {
  const [seed, setSeed] = useState(1);
  const take = (value: number) => {
    asked.push(value);
    setSeed(value);
  };
  return <WholeNumber label="Seed" value={seed} least={0} onValue={take} />;
}

function field() {
  const asked: number[] = [];
  render(<Page asked={asked} />);
  const input = screen.getByLabelText<HTMLInputElement>("Seed");
  const type = (value: string) => fireEvent.change(input, { target: { value } });
  return { asked, input, type };
}

test("a number can be deleted and typed anew; pictures follow once the typing pauses", () => {
  const { asked, input, type } = field();
  type("");
  expect(input.value).toBe("");
  type("2");
  type("25");
  expect(asked).toEqual([]);
  act(() => vi.advanceTimersByTime(500));
  expect(asked).toEqual([25]);
  expect(input.value).toBe("25");
});

test("what is no number is put back when the field is left", () => {
  const { asked, input, type } = field();
  type("");
  fireEvent.blur(input);
  expect(input.value).toBe("1");
  expect(asked).toEqual([]);
});
