import fc from "fast-check";
import { expect, it } from "vitest";
import { lineChanges } from "./lineChanges";

it("tells what was added, removed and left", () => {
  expect(lineChanges("a\nb\nc", "a\nx\nc\nd").map((line) => `${line.change} ${line.text}`)).toEqual(
    ["same a", "removed b", "added x", "same c", "added d"],
  );
});

it("gives both texts back, whatever they are", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", "")).map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = lineChanges(before, after);
      const of = (other: string) =>
        lines
          .filter((line) => line.change !== other)
          .map((line) => line.text)
          .join("\n");
      expect(of("added")).toBe(before);
      expect(of("removed")).toBe(after);
    }),
  );
});
