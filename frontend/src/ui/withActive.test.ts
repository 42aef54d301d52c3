import { expect, test } from "vitest";
import { withActive } from "./withActive";

const range = { startIndex: 50, endIndex: 52, overscan: 1, count: 100 };

test("the row with the tab stop is drawn wherever the list is scrolled to", () => {
  expect(withActive(range, 3)).toEqual([3, 49, 50, 51, 52, 53]);
  expect(withActive(range, 99)).toEqual([49, 50, 51, 52, 53, 99]);
  expect(withActive(range, 51)).toEqual([49, 50, 51, 52, 53]);
});

test("a row that is no more is not drawn", () => {
  expect(withActive(range, 100)).toEqual([49, 50, 51, 52, 53]);
});
