/** Edits from the panel; each tells whether the server took it. */
import type { Edit } from "~/api/types";
import { useEditor } from "~/store/editor";

export async function send(label: string, edits: Edit[], merge = ""): Promise<boolean> {
  const before = useEditor.getState().refused;
  await useEditor.getState().edit(label, edits, merge);
  const { saving, conflict, refused } = useEditor.getState();
  const isRefused = refused !== null && refused !== before && refused.label === label;
  return !isRefused && saving !== "failed" && conflict === null;
}
