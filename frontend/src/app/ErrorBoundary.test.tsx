import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ErrorBoundary } from "./ErrorBoundary";

function Fails({ error }: { error: Error }): never {
  throw error;
}

const show = (error: Error) =>
  render(
    <ErrorBoundary>
      <Fails error={error} />
    </ErrorBoundary>,
  );
const buttons = () => screen.getAllByRole("button").map((button) => button.textContent);

// React tells the console of every error
beforeEach(() => vi.spyOn(console, "error").mockReturnValue());
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

test.each([
  // a style sheet that Vite wanted, and modules as Chromium, Firefox and Safari say it
  new Error("Unable to preload CSS for /assets/RunsPage-1.css"),
  new TypeError("Failed to fetch dynamically imported module: http://localhost/assets/a.js"),
  new TypeError("error loading dynamically imported module: http://localhost/assets/a.js"),
  new TypeError("Importing a module script failed."),
])("a part that does not come is asked for with the whole page: %s", (error) => {
  show(error);
  screen.getByText("A part of this page could not be loaded.");
  expect(buttons()).toEqual(["Load the page anew"]);
});

test("any other failure can be tried again, or the page loaded anew", () => {
  show(new Error("rows is undefined"));
  screen.getByText("rows is undefined");
  expect(buttons()).toEqual(["Try again", "Load the page anew"]);
});
