import { beforeEach, expect, test, vi } from "vitest";
import { useSource } from "./source";
import { useTraining, type Wish } from "./training";

// the client takes both when it is made; a page has an address, a test has none
const { asked, answers } = vi.hoisted(() => {
  const asked: string[] = [];
  const answers: { next: (path: string) => Promise<Response> } = {
    next: () => Promise.reject(new Error("no answer")),
  };
  const Bare = globalThis.Request;
  globalThis.Request = class extends Bare {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      super(typeof input === "string" ? new URL(input, "http://localhost") : input, init);
    }
  };
  globalThis.fetch = (input) => {
    const path = new URL((input as Request).url).pathname;
    asked.push(`${(input as Request).method} ${path}`);
    return answers.next(path);
  };
  return { asked, answers };
});

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
const refusal = { name: "UsageError", message: "Not these.", remedy: "", problems: [] };

function wish(weights: Wish["weights"]): Wish {
  const source = { kind: "folder", name: "birds", id: "f", folder: null, pictures: 3 } as const;
  return {
    aim: "train",
    source,
    model: "resnet18",
    preset: "standard",
    from: "pretrained",
    weights,
  };
}

beforeEach(() => {
  asked.length = 0;
  useTraining.setState({ wish: null, busy: false, starting: false, failure: null });
});

test("a file of weights is sent once, however often the button is pressed", async () => {
  let answer: (response: Response) => void = () => undefined;
  answers.next = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  const sent = { kind: "send", file: new File(["w"], "resnet18.pth") } as const;
  const first = useTraining.getState().press(wish(sent));
  expect(useTraining.getState().busy).toBe(true);
  await useTraining.getState().press(wish(sent));
  await vi.waitFor(() => expect(asked).toEqual(["PUT /api/weights/resnet18"]));
  answer(json(refusal, 400));
  await first;
  expect(useTraining.getState()).toMatchObject({ busy: false, failure: { message: "Not these." } });
});

test("weights that nobody fetches any more are told instead of waited for", async () => {
  answers.next = async () => json([{ model: "resnet18", state: "absent", reason: "" }]);
  await useTraining.getState().press(wish({ kind: "wait" }));
  await vi.waitFor(() =>
    expect(useTraining.getState().failure?.message).toMatch(/could not be had/),
  );
  expect(useTraining.getState().busy).toBe(false);
});

test("other photos take back what was asked for with the ones before", async () => {
  answers.next = () => new Promise(() => undefined);
  void useTraining.getState().press(wish({ kind: "fetch" }));
  expect(useTraining.getState().busy).toBe(true);
  useSource.setState({ source: wish({ kind: "none" }).source });
  expect(useTraining.getState().busy).toBe(false);
});
