import { expect, test } from "vitest";
import { useTheme } from "./theme";

test("the colours that are chosen are kept, and the system's again when that is chosen", () => {
  useTheme.getState().choose("dark");
  expect(document.documentElement.dataset["theme"]).toBe("dark");
  expect(localStorage.getItem("visionloom.theme")).toBe("dark");
  useTheme.getState().choose("system");
  expect(document.documentElement.dataset["theme"]).toBeUndefined();
});
