/** The draft being edited: what the server holds, edits on their way to it, and the selection.
 *
 * Every edit shows at once and goes to the server, which answers with the draft after it; the
 * history is kept there. Edits are sent one after the other, each on the revision that the one
 * before gave. What the server refuses is taken back with its reason; what does not reach it stays
 * in the queue until it does. */
import { create } from "zustand";
import { ApiError, ask, ConflictError, client } from "~/api/client";
import type { Conflict, DraftState, Edit, Failure } from "~/api/types";
import { applyAll } from "~/graph/document";
import { shared, sharedBy } from "~/graph/share";
import { t } from "~/messages";
import { useCatalog } from "./catalog";
import { type EditItem, joined, mayBeTriedAgain, type QueueItem, Session } from "./queue";

export type Saving = "saved" | "saving" | "failed";

export interface Refused {
  label: string;
  failure: Failure;
}

export interface EditorStore {
  draft: DraftState | null;
  saving: Saving;
  /** Why the newest edits did not reach the server. */
  failure: Failure | null;
  /** The edit that was taken back last, and why. */
  refused: Refused | null;
  conflict: Conflict | null;
  /** Something to say without asking, e.g. that another tab changed the draft. */
  notice: string;
  /** How many edits the server does not have yet. */
  pending: number;
  selected: readonly string[];
  open: (id: string) => Promise<void>;
  close: () => void;
  /** Apply edits as one entry of the history; resolves when the server has or refused them. */
  edit: (label: string, edits: Edit[], merge?: string) => Promise<void>;
  undo: () => Promise<void>;
  redo: () => Promise<void>;
  restore: (revision: number) => Promise<void>;
  nameVersion: (name: string) => Promise<void>;
  rename: (name: string) => Promise<void>;
  select: (steps: readonly string[]) => void;
  /** Take a newer state of the open draft. */
  take: (draft: DraftState) => void;
  dismiss: () => void;
  /** Send again what did not reach the server. */
  retry: () => void;
  /** An event says that the draft has a revision. */
  heard: (id: string, revision: number) => void;
  /** Ask for the newest state, unless edits are under way. */
  refresh: () => Promise<void>;
  takeTheirs: () => void;
  putOnTop: () => void;
  /** Whether `putOnTop` would put a whole text of mine in the place of theirs. */
  replacesTheirs: () => boolean;
  reloadFromDisk: () => Promise<void>;
  overwriteDisk: () => Promise<void>;
  /** Keep what is here as a draft of its own; its id. */
  keepCopy: () => Promise<string>;
  /** Called before the page goes: hands over what was typed and not yet made an edit. */
  beforeSend: (hand: () => void) => () => void;
  /** Whether something would be lost if the page went now: it cannot be sent on the way out. */
  wouldBeLost: () => boolean;
  /** Hand over what was typed; with `leaving`, send it so that it arrives though the page goes. */
  flush: (leaving?: boolean) => void;
}

const RETRIES = [2_000, 5_000, 10_000, 15_000] as const;
/** A request that outlives its page may have this many bytes, in all browsers together with others. */
const KEPT_ALIVE = 30_000;

export const useEditor = create<EditorStore>((set, get) => {
  let session = new Session("");
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;
  const handers = new Set<() => void>();

  /** The server's draft with the edits that it does not have yet. */
  const shown = (): DraftState | null => {
    const { server } = session;
    const edits = session.items.flatMap((item) => (item.kind === "edit" ? item.edits : []));
    if (!server || edits.length === 0) return server;
    return { ...server, graph: applyAll(server.graph, edits, useCatalog.getState().byName) };
  };

  /** The same draft with what did not change as the same objects, so that little is drawn anew. */
  const steady = (draft: DraftState): DraftState => {
    const before = get().draft;
    if (before?.id !== draft.id) return draft;
    const steps = sharedBy(before.graph.steps, draft.graph.steps, (step) => step.name);
    return shared(before, { ...draft, graph: { ...draft.graph, steps } });
  };

  const show = (more: Partial<EditorStore> = {}) => {
    const newest = shown();
    const draft = newest && steady(newest);
    const names = new Set(draft?.graph.steps.map((step) => step.name));
    const selected = get().selected.filter((name) => names.has(name));
    const pending = session.items.length;
    set({
      draft,
      pending,
      ...(selected.length === get().selected.length ? {} : { selected }),
      ...(pending === 0 && !get().conflict ? { saving: "saved", failure: null } : {}),
      ...more,
    });
  };

  const failed = (item: QueueItem, error: unknown) => {
    if (error instanceof ConflictError) {
      set({ conflict: error.conflict, saving: "failed" });
      return;
    }
    const failure: Failure =
      error instanceof ApiError
        ? error.failure
        : { name: "Error", message: String(error), remedy: "", problems: [] };
    const status = error instanceof ApiError ? error.status : 0;
    if (mayBeTriedAgain(status)) {
      set({ saving: "failed", failure });
      if (status === 0) {
        clearTimeout(timer);
        timer = setTimeout(() => void pump(), RETRIES[Math.min(tries, RETRIES.length - 1)]);
        tries += 1;
      }
      return;
    }
    session.drop(item);
    show({ refused: { label: item.label, failure } });
  };

  const pump = async (): Promise<void> => {
    const mine = session;
    if (mine.busy || get().conflict) return;
    const item = mine.items[0];
    if (!item || !mine.server) return;
    mine.busy = true;
    item.sent = true;
    set({ saving: "saving" });
    try {
      const answer = await item.call(mine.server);
      mine.server = answer;
      mine.drop(item);
      tries = 0;
      const notice = answer.remarks.join(" ");
      if (mine === session) show({ failure: null, ...(notice && { notice }) });
    } catch (error) {
      if (mine === session) failed(item, error);
      else mine.drop(item);
    } finally {
      mine.busy = false;
    }
    const stuck = mine === session && (get().failure !== null || get().conflict !== null);
    if (mine === session && mine.items.length > 0 && !stuck) await pump();
    else if (mine === session && mine.heard > (mine.server?.revision ?? 0)) void get().refresh();
  };

  const queue = (item: QueueItem): Promise<void> => {
    const done = session.push(item);
    show({ saving: get().saving === "failed" ? "failed" : "saving", notice: "" });
    void pump();
    return done;
  };

  const call = (
    label: string,
    path: "/undo" | "/redo" | "/reload" | "/overwrite",
  ): Promise<void> => {
    get().flush();
    return queue({
      kind: "call",
      label,
      sent: false,
      call: (draft) =>
        ask(
          client.POST(`/api/drafts/{draft}${path}`, {
            params: { path: { draft: draft.id } },
            body: { base: draft.revision },
          }),
        ),
    });
  };

  const editItem = (label: string, edits: Edit[], merge: string): EditItem => {
    const item: EditItem = {
      kind: "edit",
      label,
      merge,
      edits,
      sent: false,
      call: (draft) =>
        ask(
          client.POST("/api/drafts/{draft}/edits", {
            params: { path: { draft: draft.id } },
            body: { base: draft.revision, label: item.label, merge, edits: item.edits },
            keepalive: JSON.stringify(item.edits).length < KEPT_ALIVE,
          }),
        ),
    };
    return item;
  };

  /** After a conflict: go on from their state. */
  const goOn = (keep: boolean) => {
    const { conflict } = get();
    if (!conflict) return;
    session.server = conflict.current;
    if (!keep) session.clear();
    for (const item of session.items) item.sent = false;
    show({
      conflict: null,
      failure: null,
      saving: keep && session.items.length ? "saving" : "saved",
    });
    void pump();
  };

  const beginSession = (id: string) => {
    clearTimeout(timer);
    session = new Session(id);
    set({
      draft: null,
      conflict: null,
      failure: null,
      refused: null,
      notice: "",
      pending: 0,
      saving: "saved",
      selected: [],
    });
  };

  return {
    draft: null,
    saving: "saved",
    failure: null,
    refused: null,
    conflict: null,
    notice: "",
    pending: 0,
    selected: [],
    open: async (id) => {
      get().flush(true);
      beginSession(id);
      const mine = session;
      const draft = await ask(
        client.GET("/api/drafts/{draft}", { params: { path: { draft: id } } }),
      );
      mine.server = draft;
      if (mine === session) show();
    },
    close: () => {
      get().flush(true);
      beginSession("");
    },
    edit: (label, edits, merge = "") => {
      const last = session.items.at(-1);
      if (merge && last?.kind === "edit" && !last.sent && last.merge === merge) {
        last.edits = joined(last.edits, edits);
        last.label = label;
        show();
        return session.done(last);
      }
      return queue(editItem(label, edits, merge));
    },
    undo: () => call(t.canvas.undo, "/undo"),
    redo: () => call(t.canvas.redo, "/redo"),
    restore: (revision) => {
      get().flush();
      return queue({
        kind: "call",
        label: t.canvas.versions.restore,
        sent: false,
        call: (draft) =>
          ask(
            client.POST("/api/drafts/{draft}/restore", {
              params: { path: { draft: draft.id } },
              body: { base: draft.revision, revision },
            }),
          ),
      });
    },
    nameVersion: (name) => {
      get().flush();
      return queue({
        kind: "call",
        label: t.canvas.versions.save,
        sent: false,
        call: (draft) =>
          ask(
            client.POST("/api/drafts/{draft}/versions", {
              params: { path: { draft: draft.id } },
              body: { base: draft.revision, name },
            }),
          ),
      });
    },
    rename: (name) =>
      queue({
        kind: "call",
        label: t.canvas.rename,
        sent: false,
        call: (draft) =>
          ask(
            client.PUT("/api/drafts/{draft}/name", {
              params: { path: { draft: draft.id } },
              body: { name },
            }),
          ),
      }),
    select: (steps) => set({ selected: steps }),
    take: (draft) => {
      if (draft.id !== session.id) return;
      session.server = draft;
      show();
    },
    dismiss: () => set({ refused: null, notice: "" }),
    retry: () => {
      clearTimeout(timer);
      set({ failure: null });
      void pump();
    },
    heard: (id, revision) => {
      if (id !== session.id) return;
      session.heard = Math.max(session.heard, revision);
      const known = session.server?.revision ?? Number.POSITIVE_INFINITY;
      if (revision > known && session.items.length === 0) void get().refresh();
    },
    refresh: async () => {
      const mine = session;
      const before = mine.server;
      // what is typed and no edit yet was typed on what is shown: it goes out on that, and may
      // conflict, before anything newer is taken
      get().flush();
      if (!before || mine.items.length || get().conflict) return;
      const draft = await ask(
        client.GET("/api/drafts/{draft}", { params: { path: { draft: mine.id } } }),
      ).catch(() => null);
      if (mine === session) get().flush();
      if (!draft || mine !== session || mine.items.length || draft.revision <= before.revision) {
        return;
      }
      mine.server = draft;
      show({ notice: draft.text === before.text ? "" : t.canvas.conflict.taken });
    },
    takeTheirs: () => goOn(false),
    putOnTop: () => goOn(true),
    replacesTheirs: () =>
      session.items.some(
        (item) => item.kind === "edit" && item.edits.some((edit) => edit.kind === "set_text"),
      ),
    reloadFromDisk: () => {
      goOn(false);
      return call(t.canvas.conflict.reload, "/reload");
    },
    overwriteDisk: async () => {
      const { conflict } = get();
      if (!conflict) return;
      const waiting = [...session.items];
      session.server = conflict.current;
      session.items.length = 0;
      set({ conflict: null, failure: null });
      const done = call(t.canvas.conflict.overwrite, "/overwrite");
      for (const item of waiting) item.sent = false;
      session.items.push(...waiting);
      show();
      await done;
    },
    keepCopy: async () => {
      const { server } = session;
      const draft = get().draft;
      if (!server || !draft) throw new Error("no draft is open");
      const edits = session.items.flatMap((item) => (item.kind === "edit" ? item.edits : []));
      const created = await ask(
        client.POST("/api/drafts", {
          body: {
            name: t.canvas.conflict.copyName(draft.name),
            text: server.text,
            draft: "",
            run: "",
            template: "",
          },
        }),
      );
      const positions = Object.fromEntries(
        draft.graph.steps.flatMap((step) => (step.position ? [[step.name, step.position]] : [])),
      );
      const all: Edit[] = [...edits];
      if (Object.keys(positions).length) all.push({ kind: "move", positions });
      if (draft.graph.notes.length) all.push({ kind: "set_notes", notes: draft.graph.notes });
      if (all.length) {
        await ask(
          client.POST("/api/drafts/{draft}/edits", {
            params: { path: { draft: created.id } },
            body: {
              base: created.revision,
              label: t.canvas.conflict.copyLabel,
              merge: "",
              edits: all,
            },
          }),
        );
      }
      session.clear();
      return created.id;
    },
    beforeSend: (hand) => {
      handers.add(hand);
      return () => handers.delete(hand);
    },
    wouldBeLost: () => {
      const { saving, conflict } = get();
      if (session.items.length === 0) return false;
      const size = JSON.stringify(
        session.items.map((item) => (item.kind === "edit" && !item.sent ? item.edits : null)),
      ).length;
      return saving === "failed" || conflict !== null || size > KEPT_ALIVE;
    },
    flush: (leaving = false) => {
      for (const hand of handers) hand();
      if (!leaving || !session.server || get().conflict) return;
      const waiting = session.items.filter(
        (item): item is EditItem => item.kind === "edit" && !item.sent,
      );
      const last = waiting.at(-1);
      if (!last) return;
      for (const item of waiting) item.sent = true;
      // the one that is under way gives the next revision
      const base = session.server.revision + (session.busy ? 1 : 0);
      const edits = waiting.flatMap((item) => item.edits);
      void fetch(`/api/drafts/${encodeURIComponent(session.id)}/edits`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        credentials: "same-origin",
        keepalive: true,
        body: JSON.stringify({ base, label: last.label, merge: last.merge, edits }),
      }).catch(() => undefined);
    },
  };
});
