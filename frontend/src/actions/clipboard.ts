/** Copy and paste as YAML text, by the browser's clipboard and, where that is closed, an own one. */
import { ask, client } from "~/api/client";
import { t } from "~/messages";
import { useEditor } from "~/store/editor";
import { saved } from "~/store/saved";
import { useView } from "~/store/view";
import { graphNow, removeSteps, settled, titleOf } from "./edit";

let own = "";

async function textOf(names: readonly string[]): Promise<string> {
  const { draft } = useEditor.getState();
  if (!draft || names.length === 0) return "";
  // the server copies from what it has
  if (!(await saved())) throw new Error(t.canvas.notCopied);
  const { text } = await ask(
    client.POST("/api/drafts/{draft}/copy", {
      params: { path: { draft: draft.id } },
      body: { steps: [...names] },
    }),
  );
  return text;
}

/** Copy the selected steps; whether there were any. */
export async function copySelected(): Promise<boolean> {
  const { selected } = useEditor.getState();
  const text = await textOf(selected);
  if (!text) return false;
  own = text;
  await navigator.clipboard?.writeText(text).catch(() => undefined);
  useView.getState().say(t.canvas.said.copied(selected.length));
  return true;
}

export async function cutSelected(): Promise<void> {
  const { selected } = useEditor.getState();
  const graph = graphNow();
  if (!graph || !(await copySelected())) return;
  removeSteps(selected, t.canvas.labels.cut(selected.map((name) => titleOf(graph, name))));
}

/** Paste YAML text, or what is in the clipboard. */
export async function paste(given?: string): Promise<void> {
  const text = given || (await navigator.clipboard?.readText?.().catch(() => "")) || own;
  if (!text.trim()) {
    useView.getState().say(t.canvas.said.nothingToPaste);
    return;
  }
  await add(text, t.canvas.labels.paste);
}

export async function duplicateSelected(): Promise<void> {
  const { selected } = useEditor.getState();
  const graph = graphNow();
  if (!graph) return;
  const titles = selected.map((name) => titleOf(graph, name));
  const text = await textOf(selected);
  if (text) await add(text, t.canvas.labels.duplicate(titles));
}

/** Add steps from text, and select what came. */
async function add(text: string, label: string): Promise<void> {
  const editor = useEditor.getState();
  const graph = graphNow();
  if (!graph) return;
  const before = new Set(graph.steps.map((step) => step.name));
  await editor.edit(label, [...settled(graph), { kind: "paste", text, position: null }]);
  const came = (graphNow()?.steps ?? [])
    .map((step) => step.name)
    .filter((name) => !before.has(name));
  if (came.length === 0) return;
  editor.select(came);
  useView.getState().say(t.canvas.said.pasted);
  requestAnimationFrame(() => useView.getState().canvas?.locate(came));
}
