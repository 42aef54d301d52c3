/** What is on its way to the server, in order. */
import type { Conflict, DraftState, Edit, Failure } from "~/api/types";

interface Item {
  /** What the history calls it. */
  label: string;
  sent: boolean;
  call: (draft: DraftState) => Promise<DraftState>;
}

export interface EditItem extends Item {
  kind: "edit";
  merge: string;
  edits: Edit[];
}

export interface CallItem extends Item {
  kind: "call";
}

export type QueueItem = EditItem | CallItem;

/** An open draft: the server's newest state of it and what it does not have yet. */
export class Session {
  server: DraftState | null = null;
  readonly items: QueueItem[] = [];
  busy = false;
  /** Why the newest edits did not reach the server. */
  failure: Failure | null = null;
  conflict: Conflict | null = null;
  /** Whether it was said, after the draft was left, that its edits wait. */
  told = false;
  /** When it is tried again, and how often it was. */
  timer: ReturnType<typeof setTimeout> | undefined;
  tries = 0;
  /** Newest revision that an event told of. */
  heard = 0;
  private readonly waiting = new Map<QueueItem, (() => void)[]>();

  constructor(readonly id: string) {}

  push(item: QueueItem): Promise<void> {
    this.items.push(item);
    return this.done(item);
  }

  /** Resolves when an item is no longer on its way. */
  done(item: QueueItem): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.set(item, [...(this.waiting.get(item) ?? []), resolve]);
    });
  }

  drop(item: QueueItem): void {
    const at = this.items.indexOf(item);
    if (at >= 0) this.items.splice(at, 1);
    for (const resolve of this.waiting.get(item) ?? []) resolve();
    this.waiting.delete(item);
  }

  /** All edits that the server does not have. */
  edits(): Edit[] {
    return this.items.flatMap((item) => (item.kind === "edit" ? item.edits : []));
  }

  clear(): void {
    for (const item of [...this.items]) this.drop(item);
  }
}

/** Whether a call that failed is worth sending again: it did not reach the server, or the machine
 * could not; not, what the server understood and refused. */
export function mayBeTriedAgain(status: number): boolean {
  return status === 0 || status >= 500 || [401, 403, 404, 408, 429].includes(status);
}

/** What an edit sets, in one word; empty for an edit that adds to what was before. */
function target(edit: Edit): string {
  switch (edit.kind) {
    case "set_text":
    case "set_notes":
      return edit.kind;
    case "set_parameter":
      return `${edit.kind} ${edit.step} ${edit.name}`;
    case "set_step":
      return `${edit.kind} ${edit.step} ${edit.key}`;
    case "set_head":
    case "set_setting":
      return `${edit.kind} ${edit.key}`;
    case "set_input":
      return `${edit.kind} ${edit.name}`;
    default:
      return "";
  }
}

/** Edits of one entry of the history, without what later ones of them overwrite. */
export function joined(before: readonly Edit[], after: readonly Edit[]): Edit[] {
  const set = new Set(after.map(target).filter(Boolean));
  return [...before.filter((edit) => !set.has(target(edit))), ...after];
}
