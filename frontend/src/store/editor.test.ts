import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { DraftState, Edit, Graph } from "~/api/types";
import { applyAll } from "~/graph/document";
import { empty } from "~/graph/testing";
import { useCatalog } from "./catalog";
import { useEditor } from "./editor";
import { joined } from "./queue";

// the client takes both when it is made; a page has an address, a test has none
const { route } = vi.hoisted(() => {
  const route: { to: typeof fetch } = { to: fetch };
  const Bare = globalThis.Request;
  globalThis.Request = class extends Bare {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      super(typeof input === "string" ? new URL(input, "http://localhost") : input, init);
    }
  };
  globalThis.fetch = (input, init) => route.to(input, init);
  return { route };
});

const editor = () => useEditor.getState();
const names = () => editor().draft?.graph.steps.map((step) => step.name);
const add = (name: string): Edit => ({
  kind: "add_step",
  component: "resnet",
  name,
  position: null,
  parameters: {},
});

interface Sent {
  path: string;
  method: string;
  body: { base?: number; label?: string; merge?: string; edits?: Edit[] };
}

/** A server of one draft that keeps its revisions, and can be slow, gone or unwilling. */
class FakeServer {
  revision = 1;
  graph: Graph = empty;
  text = "";
  sent: Sent[] = [];
  gone = false;
  refuse: ((edits: Edit[]) => boolean) | null = null;
  private waiting: (() => void)[] | null = null;

  state(): DraftState {
    return {
      id: "d",
      name: "Draft",
      file: "/d.yml",
      in_place: false,
      revision: this.revision,
      text: this.text || `revision ${this.revision}`,
      readable: true,
      graph: structuredClone(this.graph),
      problems: [],
      undo: null,
      redo: null,
      saved_at: 0,
      versions: [],
      last_run: "",
      changed_since: {},
      remarks: [],
    };
  }

  hold(): void {
    this.waiting = [];
  }

  release(): void {
    for (const go of this.waiting ?? []) go();
    this.waiting = null;
  }

  somebodyElse(edits: Edit[]): void {
    this.graph = applyAll(this.graph, edits, useCatalog.getState().byName);
    this.revision += 1;
  }

  fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = input instanceof Request ? input : null;
    const path = new URL(request?.url ?? String(input), "http://localhost").pathname;
    const method = request?.method ?? init?.method ?? "GET";
    const text = request ? await request.text() : String(init?.body ?? "");
    const body = text ? JSON.parse(text) : {};
    this.sent.push({ path, method, body });
    const held = this.waiting;
    if (held) await new Promise<void>((resolve) => held.push(resolve));
    if (this.gone) throw new TypeError("Failed to fetch");
    const answer = (status: number, value: unknown) =>
      new Response(JSON.stringify(value), {
        status,
        headers: { "Content-Type": "application/json" },
      });
    if (method === "GET") return answer(200, this.state());
    if (body.base !== undefined && body.base !== this.revision) {
      return answer(409, {
        name: "DraftConflictError",
        message: "Somebody else saved first.",
        remedy: "",
        where: "tab",
        current: this.state(),
      });
    }
    if (this.refuse?.(body.edits ?? [])) {
      return answer(422, { name: "UsageError", message: "No such thing.", remedy: "" });
    }
    for (const edit of body.edits ?? []) if (edit.kind === "set_text") this.text = edit.text;
    this.somebodyElse(body.edits ?? []);
    return answer(200, this.state());
  };
}

let server = new FakeServer();
const edits = () => server.sent.filter((call) => call.path.endsWith("/edits"));

beforeEach(async () => {
  server = new FakeServer();
  route.to = server.fetch;
  await editor().open("d");
});
afterEach(async () => {
  vi.useRealTimers();
  // what a test left unsaved is not the next one's
  server.gone = false;
  server.release();
  await editor().open("d");
  await vi.waitFor(() => {
    editor().takeTheirs();
    editor().retry();
    expect(editor().pending).toBe(0);
  });
  editor().close();
});

test("an edit shows at once, and is said to be saved when the server has it", async () => {
  server.hold();
  const done = editor().edit("Add a", [add("a")]);
  expect(names()).toEqual(["a"]);
  expect(editor().saving).toBe("saving");
  await vi.waitFor(() => expect(edits()).toHaveLength(1));
  server.release();
  await done;
  expect(editor().saving).toBe("saved");
  expect(editor().draft?.revision).toBe(2);
});

test("edits go one after the other, each on the revision that the one before gave", async () => {
  await Promise.all([editor().edit("1", [add("a")]), editor().edit("2", [add("b")])]);
  expect(edits().map((call) => call.body.base)).toEqual([1, 2]);
  expect(names()).toEqual(["a", "b"]);
});

test("typing that waits behind another edit becomes one request with the last word", async () => {
  server.hold();
  const first = editor().edit("Add", [add("a")]);
  await vi.waitFor(() => expect(edits()).toHaveLength(1));
  const typed = ["t", "te", "tex", "text"].map((text) =>
    editor().edit("Edit YAML", [{ kind: "set_text", text }], "yaml"),
  );
  server.release();
  await Promise.all([first, ...typed]);
  expect(edits()).toHaveLength(2);
  expect(edits()[1]?.body.edits).toEqual([{ kind: "set_text", text: "text" }]);
});

test("text that the server does not have yet is what is shown", async () => {
  const type = (text: string) => editor().edit("Edit YAML", [{ kind: "set_text", text }], "yaml");
  server.hold();
  const first = type("c");
  expect(editor().draft?.text).toBe("c");
  await vi.waitFor(() => expect(edits()).toHaveLength(1));
  const second = type("cd");
  server.release();
  await first;
  expect(editor().draft?.text).toBe("cd");
  await second;
  expect([editor().draft?.text, server.text]).toEqual(["cd", "cd"]);
});

test("text typed back to what the server still has is sent too", async () => {
  const before = editor().draft?.text ?? "";
  server.gone = true;
  void editor().edit("Edit YAML", [{ kind: "set_text", text: "c" }], "yaml");
  await vi.waitFor(() => expect(editor().saving).toBe("failed"));
  expect(editor().draft?.text).not.toBe(before);
});

test("what the server refuses is taken back with its reason, and later edits stay", async () => {
  server.refuse = (all) => all.some((edit) => edit.kind === "add_step" && edit.name === "bad");
  const refused = editor().edit("Add bad", [add("bad")]);
  const kept = editor().edit("Add good", [add("good")]);
  expect(names()).toEqual(["bad", "good"]);
  await Promise.all([refused, kept]);
  expect(names()).toEqual(["good"]);
  expect(editor().refused?.label).toBe("Add bad");
  expect(editor().refused?.failure.message).toBe("No such thing.");
  expect(editor().saving).toBe("saved");
});

test("without a server nothing is lost, and one press sends all of it", async () => {
  server.gone = true;
  const done = [editor().edit("1", [add("a")]), editor().edit("2", [add("b")])];
  await vi.waitFor(() => expect(editor().saving).toBe("failed"));
  expect(editor().failure?.name).toBe("NotReachable");
  expect(names()).toEqual(["a", "b"]);
  server.gone = false;
  editor().retry();
  await Promise.all(done);
  expect(server.graph.steps.map((step) => step.name)).toEqual(["a", "b"]);
  expect(editor().saving).toBe("saved");
  expect(editor().failure).toBeNull();
});

test("a server that comes back gets the edits without a press", async () => {
  vi.useFakeTimers();
  server.gone = true;
  const done = editor().edit("1", [add("a")]);
  await vi.waitFor(() => expect(editor().saving).toBe("failed"));
  server.gone = false;
  await vi.advanceTimersByTimeAsync(2_100);
  await done;
  expect(editor().saving).toBe("saved");
});

test("a draft that is left goes on saving, an undo that waits too", async () => {
  server.hold();
  void editor().edit("1", [add("a")]);
  void editor().edit("2", [{ kind: "set_text", text: "x".repeat(100_000) }]);
  void editor().undo();
  await vi.waitFor(() => expect(edits()).toHaveLength(1));
  editor().close();
  expect(editor().draft).toBeNull();
  server.release();
  await vi.waitFor(() => expect(server.sent.at(-1)?.path).toBe("/api/drafts/d/undo"));
  expect(edits().map((call) => call.body.base)).toEqual([1, 2]);
  expect(server.sent.at(-1)?.body.base).toBe(3);
  await vi.waitFor(() => expect(editor().wouldBeLost()).toBe(false));
});

test("edits that could not be saved are there again when the draft is opened again", async () => {
  vi.useFakeTimers();
  server.gone = true;
  void editor().edit("1", [add("a")]);
  await vi.waitFor(() => expect(editor().saving).toBe("failed"));
  void editor().edit("2", [add("b")]);
  editor().close();
  expect(editor().wouldBeLost()).toBe(true);
  await editor().open("d");
  expect(names()).toEqual(["a", "b"]);
  expect(editor().saving).toBe("failed");
  server.gone = false;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(editor().saving).toBe("saved");
  expect(server.graph.steps.map((step) => step.name)).toEqual(["a", "b"]);
});

test("edits of a draft that was left are sent when the server is back, the first one first", async () => {
  vi.useFakeTimers();
  server.gone = true;
  void editor().edit("1", [add("a")]);
  await vi.waitFor(() => expect(editor().saving).toBe("failed"));
  void editor().edit("2", [add("b")]);
  editor().close();
  server.gone = false;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(server.graph.steps.map((step) => step.name)).toEqual(["a", "b"]);
  expect(editor().wouldBeLost()).toBe(false);
});

test("a page that goes sends the edit that failed too", async () => {
  server.gone = true;
  void editor().edit("1", [add("a")]);
  await vi.waitFor(() => expect(editor().saving).toBe("failed"));
  void editor().edit("2", [add("b")]);
  expect(editor().wouldBeLost()).toBe(true);
  server.gone = false;
  editor().flush(true);
  await vi.waitFor(() => expect(server.graph.steps).toHaveLength(2));
});

test("an undo that waits would be lost with the page", async () => {
  server.hold();
  void editor().edit("1", [add("a")]);
  expect(editor().wouldBeLost()).toBe(false);
  void editor().undo();
  expect(editor().wouldBeLost()).toBe(true);
  server.release();
  await vi.waitFor(() => expect(editor().pending).toBe(0));
});

async function conflict(): Promise<void> {
  server.somebodyElse([add("theirs")]);
  void editor().edit("Add mine", [add("mine")]);
  await vi.waitFor(() => expect(editor().conflict).not.toBeNull());
}

test("a conflict overwrites nothing, and theirs can be taken", async () => {
  await conflict();
  expect(server.graph.steps.map((step) => step.name)).toEqual(["theirs"]);
  expect(names()).toEqual(["mine"]);
  editor().takeTheirs();
  expect(names()).toEqual(["theirs"]);
  expect(editor().conflict).toBeNull();
  expect(editor().pending).toBe(0);
});

test("a conflict that is left is asked about again when the draft is opened again", async () => {
  await conflict();
  editor().close();
  expect(editor().conflict).toBeNull();
  expect(editor().wouldBeLost()).toBe(true);
  await editor().open("d");
  expect(editor().conflict).not.toBeNull();
  expect(names()).toEqual(["mine"]);
  editor().putOnTop();
  await vi.waitFor(() => expect(editor().saving).toBe("saved"));
  expect(server.graph.steps.map((step) => step.name)).toEqual(["theirs", "mine"]);
});

test("after a conflict mine can be put on top of theirs", async () => {
  await conflict();
  editor().putOnTop();
  await vi.waitFor(() => expect(editor().saving).toBe("saved"));
  expect(server.graph.steps.map((step) => step.name)).toEqual(["theirs", "mine"]);
});

test("after a conflict mine can be kept as a draft of its own", async () => {
  await conflict();
  await editor().keepCopy();
  const begun = server.sent.find((call) => call.path === "/api/drafts" && call.method === "POST");
  expect(begun?.body).toMatchObject({ name: "Draft (my copy)", text: "revision 1" });
  expect(edits().at(-1)?.body.edits?.[0]).toEqual(add("mine"));
});

test("an edit of another tab is taken silently when nothing is pending, and said", async () => {
  server.somebodyElse([add("theirs")]);
  editor().heard("d", server.revision);
  await vi.waitFor(() => expect(names()).toEqual(["theirs"]));
  expect(editor().notice).not.toBe("");
});

test("the event of one's own edit asks for nothing", async () => {
  server.hold();
  const done = editor().edit("1", [add("a")]);
  await vi.waitFor(() => expect(edits()).toHaveLength(1));
  editor().heard("d", 2);
  server.release();
  await done;
  expect(server.sent.filter((call) => call.method === "GET")).toHaveLength(1);
  expect(editor().notice).toBe("");
});

test("a page that goes sends what was typed, on the revision that is to come", async () => {
  server.hold();
  void editor().edit("1", [add("a")]);
  await vi.waitFor(() => expect(edits()).toHaveLength(1));
  const end = editor().beforeSend(() => void editor().edit("2", [add("typed")]));
  editor().flush(true);
  end();
  await vi.waitFor(() => expect(edits()).toHaveLength(2));
  expect(edits()[1]?.body).toMatchObject({ base: 2, edits: [add("typed")] });
  server.release();
});

test("steps that an answer does not change stay the same objects", async () => {
  await editor().edit("1", [add("a")]);
  const before = editor().draft?.graph.steps[0];
  await editor().edit("2", [add("b")]);
  expect(editor().draft?.graph.steps[0]).toBe(before);
});

test("edits of one entry keep the last value of each field, in order", () => {
  const set = (value: number): Edit => ({ kind: "set_parameter", step: "a", name: "p", value });
  expect(joined([set(1), add("b")], [set(2)])).toEqual([add("b"), set(2)]);
});
