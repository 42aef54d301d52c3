import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, test, vi } from "vitest";
import type { Run, RunSummary } from "~/api/types";
import Story from "./Story";

// the client takes both when it is made; a page has an address, a test has none
vi.hoisted(() => {
  const Bare = globalThis.Request;
  globalThis.Request = class extends Bare {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      super(typeof input === "string" ? new URL(input, "http://localhost") : input, init);
    }
  };
  globalThis.fetch = async () => {
    const told = {
      name: "NotThere",
      message: "This result was cleaned up.",
      remedy: "Run it again.",
    };
    return new Response(JSON.stringify(told), { status: 404 });
  };
});

afterEach(cleanup);

test("an evaluation that was cleaned up is told instead of left blank", async () => {
  const summary = { id: "r", state: "succeeded" } as RunSummary;
  const output = { name: "evaluation", type: "EvaluationDirectory", artifact: "e" };
  const step = { name: "evaluate", state: "succeeded", outputs: [output] };
  const run = { summary, steps: [step], graph: { steps: [] } } as unknown as Run;
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={queries}>
      <Story run={run} summary={summary} onLog={() => undefined} />
    </QueryClientProvider>,
  );
  await screen.findByText("This result was cleaned up.");
  screen.getByText("Run it again.");
});
