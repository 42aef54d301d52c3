import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { ScoringDialog } from "./ScoringDialog";

// the client takes both when it is made; a page has an address, a test has none
const { asked } = vi.hoisted(() => {
  const asked: string[] = [];
  const Bare = globalThis.Request;
  globalThis.Request = class extends Bare {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      super(typeof input === "string" ? new URL(input, "http://localhost") : input, init);
    }
  };
  globalThis.fetch = async (input) => {
    const { method, url } = input as Request;
    asked.push(`${method} ${new URL(url).pathname}`);
    return new Response(JSON.stringify({ draft: "d", differences: [] }));
  };
  return { asked };
});

afterEach(cleanup);

test("a scoring draft is made when it is asked for, and not anew when a server is back", async () => {
  const queries = new QueryClient();
  render(
    <QueryClientProvider client={queries}>
      <ScoringDialog run="r" onClose={() => undefined} />
    </QueryClientProvider>,
  );
  await act(() => queries.invalidateQueries());
  expect(asked).toEqual([]);
  fireEvent.click(screen.getByText("Make the draft"));
  await screen.findByText("Open it and choose the photos");
  await act(() => queries.invalidateQueries());
  expect(asked).toEqual(["POST /api/runs/r/scoring"]);
});
