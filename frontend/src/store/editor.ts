/** The draft being edited: what the server holds, edits on their way to it, and the selection.
 *
 * Every edit goes to the server, which answers with the draft after it; the history is kept there.
 * Edits are sent one after the other, each on the revision that the one before gave. */
import { create } from "zustand";
import { ApiError, ask, ConflictError, client } from "~/api/client";
import type { Conflict, DraftState, Edit, Failure } from "~/api/types";

export type Saving = "saved" | "saving" | "failed";

interface EditorStore {
  draft: DraftState | null;
  saving: Saving;
  failure: Failure | null;
  conflict: Conflict | null;
  selected: readonly string[];
  open: (id: string) => Promise<void>;
  close: () => void;
  /** Apply edits as one entry of the history; resolves when the server has them. */
  edit: (label: string, edits: Edit[], merge?: string) => Promise<void>;
  undo: () => Promise<void>;
  redo: () => Promise<void>;
  select: (steps: readonly string[]) => void;
  /** Take a newer state of the open draft. */
  take: (draft: DraftState) => void;
  dismiss: () => void;
}

export const useEditor = create<EditorStore>((set, get) => {
  let queue: Promise<void> = Promise.resolve();

  const send = (call: (draft: DraftState) => Promise<DraftState>): Promise<void> => {
    queue = queue.then(async () => {
      const draft = get().draft;
      if (!draft || get().conflict) return;
      set({ saving: "saving", failure: null });
      try {
        get().take(await call(draft));
        set({ saving: "saved" });
      } catch (error) {
        if (error instanceof ConflictError) set({ conflict: error.conflict, saving: "failed" });
        else if (error instanceof ApiError) set({ failure: error.failure, saving: "failed" });
        else throw error;
      }
    });
    return queue;
  };

  return {
    draft: null,
    saving: "saved",
    failure: null,
    conflict: null,
    selected: [],
    open: async (id) => {
      set({ draft: null, conflict: null, failure: null, saving: "saved", selected: [] });
      set({
        draft: await ask(client.GET("/api/drafts/{draft}", { params: { path: { draft: id } } })),
      });
    },
    close: () => set({ draft: null, selected: [] }),
    edit: (label, edits, merge = "") =>
      send((draft) =>
        ask(
          client.POST("/api/drafts/{draft}/edits", {
            params: { path: { draft: draft.id } },
            body: { base: draft.revision, label, merge, edits },
          }),
        ),
      ),
    undo: () =>
      send((draft) =>
        ask(
          client.POST("/api/drafts/{draft}/undo", {
            params: { path: { draft: draft.id } },
            body: { base: draft.revision },
          }),
        ),
      ),
    redo: () =>
      send((draft) =>
        ask(
          client.POST("/api/drafts/{draft}/redo", {
            params: { path: { draft: draft.id } },
            body: { base: draft.revision },
          }),
        ),
      ),
    select: (steps) => set({ selected: steps }),
    take: (draft) => {
      const names = new Set(draft.graph.steps.map((step) => step.name));
      set((state) => ({ draft, selected: state.selected.filter((name) => names.has(name)) }));
    },
    dismiss: () => set({ failure: null }),
  };
});
