/** What the editor asks of the server, each as an item of the queue. */
import { ask, client } from "~/api/client";
import type { DraftState, Edit } from "~/api/types";
import { t } from "~/messages";
import type { CallItem, EditItem, Session } from "./queue";

/** A request that outlives its page may have this many bytes, in all browsers together with others. */
const KEPT_ALIVE = 30_000;

export function editItem(label: string, edits: Edit[], merge: string): EditItem {
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
}

const item = (label: string, call: CallItem["call"]): CallItem => ({
  kind: "call",
  label,
  sent: false,
  call,
});

export const stepItem = (
  label: string,
  path: "/undo" | "/redo" | "/reload" | "/overwrite",
): CallItem =>
  item(label, (draft) =>
    ask(
      client.POST(`/api/drafts/{draft}${path}`, {
        params: { path: { draft: draft.id } },
        body: { base: draft.revision },
        keepalive: true,
      }),
    ),
  );

export const restoreItem = (revision: number): CallItem =>
  item(t.canvas.versions.restore, (draft) =>
    ask(
      client.POST("/api/drafts/{draft}/restore", {
        params: { path: { draft: draft.id } },
        body: { base: draft.revision, revision },
        keepalive: true,
      }),
    ),
  );

export const versionItem = (name: string): CallItem =>
  item(t.canvas.versions.save, (draft) =>
    ask(
      client.POST("/api/drafts/{draft}/versions", {
        params: { path: { draft: draft.id } },
        body: { base: draft.revision, name },
        keepalive: true,
      }),
    ),
  );

export const renameItem = (name: string): CallItem =>
  item(t.canvas.rename, (draft) =>
    ask(
      client.PUT("/api/drafts/{draft}/name", {
        params: { path: { draft: draft.id } },
        body: { name },
        keepalive: true,
      }),
    ),
  );

/** Whether something of a draft could not be sent on the way out. */
export function wouldBeLost({ items, failure, conflict }: Session): boolean {
  if (items.length === 0) return false;
  const size = JSON.stringify(
    items.map((one) => (one.kind === "edit" && !one.sent ? one.edits : null)),
  ).length;
  const waits = items.some((one) => one.kind === "call" && !one.sent);
  return failure !== null || conflict !== null || waits || size > KEPT_ALIVE;
}

/** Send what waits as one request that outlives the page. */
export function sendOnTheWayOut({ id, server, items, conflict, busy }: Session): void {
  if (!server || conflict) return;
  // what comes after an undo that was not sent has no revision to be made on
  const end = items.findIndex((one) => one.kind === "call" && !one.sent);
  const waiting = items
    .slice(0, end < 0 ? items.length : end)
    .filter((one): one is EditItem => one.kind === "edit" && !one.sent);
  const last = waiting.at(-1);
  if (!last) return;
  for (const one of waiting) one.sent = true;
  // the one that is under way gives the next revision
  const base = server.revision + (busy ? 1 : 0);
  const edits = waiting.flatMap((one) => one.edits);
  void fetch(`/api/drafts/${encodeURIComponent(id)}/edits`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    credentials: "same-origin",
    keepalive: true,
    body: JSON.stringify({ base, label: last.label, merge: last.merge, edits }),
  }).catch(() => undefined);
}

/** Begin a draft with the saved text of one, with what is shown of it put on top; its id. */
export async function beginCopy(
  server: DraftState,
  shown: DraftState,
  edits: readonly Edit[],
): Promise<string> {
  const created = await ask(
    client.POST("/api/drafts", {
      body: {
        name: t.canvas.conflict.copyName(shown.name),
        text: server.text,
        draft: "",
        run: "",
        template: "",
      },
    }),
  );
  const positions = Object.fromEntries(
    shown.graph.steps.flatMap((step) => (step.position ? [[step.name, step.position]] : [])),
  );
  const all: Edit[] = [...edits];
  if (Object.keys(positions).length) all.push({ kind: "move", positions });
  if (shown.graph.notes.length) all.push({ kind: "set_notes", notes: shown.graph.notes });
  if (all.length) {
    await ask(
      client.POST("/api/drafts/{draft}/edits", {
        params: { path: { draft: created.id } },
        body: { base: created.revision, label: t.canvas.conflict.copyLabel, merge: "", edits: all },
      }),
    );
  }
  return created.id;
}
