import { expect, test } from "vitest";
import { t } from "./index";
import { panel } from "./panel";

/** Every text, with the place where it stands; functions are called with values that fit. */
function texts(value: unknown, place: string): [string, string][] {
  if (typeof value === "string") return [[place, value]];
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, inner]) => texts(inner, `${place}.${key}`));
  }
  return [];
}

test("no text shouts or has two blanks in a row", () => {
  const all = texts({ ...t, panel }, "t");
  expect(all.length).toBeGreaterThan(100);
  const wrong = all.filter(([, text]) => /!$| {2}/.test(text));
  expect(wrong).toEqual([]);
});
