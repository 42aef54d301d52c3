import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, test, vi } from "vitest";
import { useLive } from "~/store/live";
import NotLetIn from "./NotLetIn";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function answerWith(status: number, message: string) {
  const failure = { name: "Refused", message, remedy: "", problems: [] };
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(failure), { status }));
}

const refused = () => render(<NotLetIn away={<p>The server is away.</p>} />);

test("a sign-in that ended is told as such", async () => {
  answerWith(401, "Not signed in.");
  refused();
  await screen.findByText("This browser is not signed in any more.");
});

test("too many pages are told in the server's words, with what helps", async () => {
  answerWith(429, "Too many pages are open: 8.");
  refused();
  await screen.findByText("Too many pages are open: 8.");
  screen.getByText(/^Close some of them/);
});

test("a server that is away is told as away, and asked again at the next refusal", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  refused();
  await screen.findByText("The server is away.");
  answerWith(401, "Not signed in.");
  act(() => useLive.getState().refuse());
  await screen.findByText("This browser is not signed in any more.");
});
