/** Edits from the panel; each tells whether it reached the server. */
import type { Edit } from "~/api/types";
import { useEditor } from "~/store/editor";

export async function send(label: string, edits: Edit[], merge = ""): Promise<boolean> {
  await useEditor.getState().edit(label, edits, merge);
  const { saving, conflict } = useEditor.getState();
  return saving !== "failed" && conflict === null;
}

/** Wait until every edit so far is saved; false when one could not be. */
export async function saved(): Promise<boolean> {
  // what has the focus is left, so that what was typed there is sent
  if (document.activeElement instanceof HTMLElement && isTextField(document.activeElement)) {
    const field = document.activeElement;
    field.blur();
    field.focus({ preventScroll: true });
  }
  await new Promise((resolve) => setTimeout(resolve, 0));
  return new Promise((resolve) => {
    const look = () => {
      const { saving, conflict } = useEditor.getState();
      if (saving === "saving" && conflict === null) return;
      stop();
      resolve(saving === "saved" && conflict === null);
    };
    const stop = useEditor.subscribe(look);
    look();
  });
}

function isTextField(element: HTMLElement): boolean {
  return element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement;
}
