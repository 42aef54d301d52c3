import * as fc from "fast-check";
import { expect, test } from "vitest";
import { shared, sharedBy } from "./share";

test("the result is equal to the new value, and the old one where nothing changed", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (before, after) => {
      expect(shared(before, after)).toEqual(after);
      expect(shared(before, structuredClone(before))).toBe(before);
    }),
  );
});

test("a key that every object has is one like others", () => {
  const after = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}');
  expect(Object.keys(shared({}, after) as object)).toEqual(["__proto__", "constructor"]);
  expect(shared(after, structuredClone(after))).toBe(after);
});

test("entries of a list that others were put before stay the same objects", () => {
  const before = [
    { name: "a", at: { x: 1 } },
    { name: "b", at: { x: 2 } },
  ];
  const after = [{ name: "new", at: { x: 0 } }, ...structuredClone(before)];
  const result = sharedBy(before, after, (item) => item.name);
  expect(result).toEqual(after);
  expect(result[1]).toBe(before[0]);
  expect(result[2]).toBe(before[1]);
});
