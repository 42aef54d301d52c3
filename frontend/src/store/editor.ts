/** The draft being edited: what the server holds, edits on their way to it, and the selection.
 *
 * Every edit shows at once and goes to the server, which answers with the draft after it; the
 * history is kept there. Edits are sent one after the other, each on the revision that the one
 * before gave. What the server refuses is taken back with its reason; what does not reach it stays
 * in the queue until it does, also after the draft was left: it opens again with its edits. */
import { create } from "zustand";
import { ApiError, ask, ConflictError, client } from "~/api/client";
import type { Conflict, DraftState, Edit, Failure } from "~/api/types";
import { applyAll } from "~/graph/document";
import { shared, sharedBy } from "~/graph/share";
import { t } from "~/messages";
import { toast } from "~/ui/Toast";
import { useCatalog } from "./catalog";
import { joined, mayBeTriedAgain, type QueueItem, Session } from "./queue";
import {
  beginCopy,
  editItem,
  renameItem,
  restoreItem,
  sendOnTheWayOut,
  stepItem,
  versionItem,
  wouldBeLost,
} from "./requests";

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
  /** Something asked of the open draft found out that somebody else had changed it. */
  conflicted: (id: string, conflict: Conflict) => void;
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

export const useEditor = create<EditorStore>((set, get) => {
  let session = new Session("");
  /** Drafts that were left while edits were on their way. */
  const left = new Set<Session>();
  const handers = new Set<() => void>();

  /** The server's draft with the edits that it does not have yet. */
  const shown = (): DraftState | null => {
    const { server } = session;
    const edits = session.edits();
    if (!server || edits.length === 0) return server;
    const written = edits.flatMap((edit) => (edit.kind === "set_text" ? [edit.text] : []));
    return {
      ...server,
      text: written.at(-1) ?? server.text,
      graph: applyAll(server.graph, edits, useCatalog.getState().byName),
    };
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

  /** Say of a draft that was left that its edits wait. */
  const tellOf = (mine: Session) => {
    const why = mine.conflict ?? mine.failure;
    if (!why) return;
    mine.told = true;
    toast(t.canvas.left.waits(mine.server?.name ?? "", why.message), "bad");
  };

  const failed = (mine: Session, item: QueueItem, error: unknown) => {
    item.sent = false;
    const first = mine.failure === null;
    if (error instanceof ConflictError) mine.conflict = error.conflict;
    else {
      const failure: Failure =
        error instanceof ApiError
          ? error.failure
          : { name: "Error", message: String(error), remedy: "", problems: [] };
      const status = error instanceof ApiError ? error.status : 0;
      const isGone = status === 404 && mine !== session;
      if (isGone) mine.clear();
      if (isGone || !mayBeTriedAgain(status)) {
        mine.drop(item);
        if (mine === session) show({ refused: { label: item.label, failure } });
        else toast(t.canvas.left.refused(mine.server?.name ?? "", failure.message), "bad");
        return;
      }
      mine.failure = failure;
      if (status === 0) {
        clearTimeout(mine.timer);
        const pause = RETRIES[Math.min(mine.tries, RETRIES.length - 1)];
        mine.timer = setTimeout(() => void pump(mine), pause);
        mine.tries += 1;
      }
    }
    const { failure, conflict } = mine;
    if (mine === session) set({ saving: "failed", failure: conflict ? null : failure, conflict });
    else if (first || conflict) tellOf(mine);
  };

  const pump = async (mine = session): Promise<void> => {
    if (mine.busy || mine.conflict) return;
    const item = mine.items[0];
    if (!item || !mine.server) return;
    mine.busy = true;
    item.sent = true;
    if (mine === session) set({ saving: "saving" });
    let reached = true;
    try {
      const answer = await item.call(mine.server);
      mine.server = answer;
      mine.drop(item);
      mine.failure = null;
      mine.tries = 0;
      const notice = answer.remarks.join(" ");
      if (mine === session) show({ failure: null, ...(notice && { notice }) });
      else if (mine.told && mine.items.length === 0) toast(t.canvas.left.saved(answer.name));
    } catch (error) {
      failed(mine, item, error);
      reached = !mine.items.includes(item);
    } finally {
      mine.busy = false;
    }
    if (mine.items.length === 0) left.delete(mine);
    if (mine.items.length > 0 && reached) await pump(mine);
    else if (mine === session && mine.heard > (mine.server?.revision ?? 0)) void get().refresh();
  };

  const queue = (item: QueueItem): Promise<void> => {
    const done = session.push(item);
    show({ saving: get().saving === "failed" ? "failed" : "saving", notice: "" });
    void pump();
    return done;
  };

  const afterTyping = (item: QueueItem): Promise<void> => {
    get().flush();
    return queue(item);
  };

  /** After a conflict: go on from their state. */
  const goOn = (keep: boolean) => {
    const { conflict } = session;
    if (!conflict) return;
    session.server = conflict.current;
    session.conflict = null;
    session.failure = null;
    if (!keep) session.clear();
    show({
      conflict: null,
      failure: null,
      saving: keep && session.items.length ? "saving" : "saved",
    });
    void pump();
  };

  /** Show another session; what is on its way for the one before goes on. */
  const turnTo = (next: Session) => {
    get().flush();
    if (session !== next && session.items.length > 0) {
      left.add(session);
      tellOf(session);
    }
    left.delete(next);
    session = next;
    const { failure, conflict } = next;
    set({
      draft: null,
      conflict,
      failure: conflict ? null : failure,
      refused: null,
      notice: "",
      pending: 0,
      saving: failure || conflict ? "failed" : "saved",
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
      get().flush();
      const kept = [session, ...left].find((one) => one.id === id && one.items.length > 0);
      turnTo(kept ?? new Session(id));
      const mine = session;
      if (kept) {
        show();
        await pump();
        return;
      }
      const draft = await ask(
        client.GET("/api/drafts/{draft}", { params: { path: { draft: id } } }),
      );
      mine.server = draft;
      if (mine === session) show();
    },
    close: () => turnTo(new Session("")),
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
    undo: () => afterTyping(stepItem(t.canvas.undo, "/undo")),
    redo: () => afterTyping(stepItem(t.canvas.redo, "/redo")),
    restore: (revision) => afterTyping(restoreItem(revision)),
    nameVersion: (name) => afterTyping(versionItem(name)),
    rename: (name) => queue(renameItem(name)),
    select: (steps) => set({ selected: steps }),
    conflicted: (id, conflict) => {
      if (id !== session.id || session.conflict) return;
      session.conflict = conflict;
      set({ conflict, saving: "failed", failure: null });
    },
    take: (draft) => {
      if (draft.id !== session.id) return;
      session.server = draft;
      show();
    },
    dismiss: () => set({ refused: null, notice: "" }),
    retry: () => {
      clearTimeout(session.timer);
      session.failure = null;
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
      if (!draft || mine !== session || mine.items.length) return;
      if (draft.revision > before.revision) {
        mine.server = draft;
        show({ notice: draft.text === before.text ? "" : t.canvas.conflict.taken });
      }
      // what another program wrote to the file is no revision yet
      await ask(
        client.GET("/api/drafts/{draft}/standing", { params: { path: { draft: mine.id } } }),
      ).catch((error: unknown) => {
        if (error instanceof ConflictError) get().conflicted(mine.id, error.conflict);
      });
    },
    takeTheirs: () => goOn(false),
    putOnTop: () => goOn(true),
    replacesTheirs: () =>
      session.items.some(
        (item) => item.kind === "edit" && item.edits.some((edit) => edit.kind === "set_text"),
      ),
    reloadFromDisk: () => {
      goOn(false);
      return afterTyping(stepItem(t.canvas.conflict.reload, "/reload"));
    },
    overwriteDisk: async () => {
      const { conflict } = get();
      if (!conflict) return;
      const waiting = [...session.items];
      session.server = conflict.current;
      session.conflict = null;
      session.failure = null;
      session.items.length = 0;
      set({ conflict: null, failure: null });
      const done = queue(stepItem(t.canvas.conflict.overwrite, "/overwrite"));
      session.items.push(...waiting);
      show();
      await done;
    },
    keepCopy: async () => {
      const { server } = session;
      const draft = get().draft;
      if (!server || !draft) throw new Error("no draft is open");
      const id = await beginCopy(server, draft, session.edits());
      session.clear();
      return id;
    },
    beforeSend: (hand) => {
      handers.add(hand);
      return () => handers.delete(hand);
    },
    wouldBeLost: () => [session, ...left].some(wouldBeLost),
    flush: (leaving = false) => {
      for (const hand of handers) hand();
      if (leaving) for (const one of [session, ...left]) sendOnTheWayOut(one);
    },
  };
});
