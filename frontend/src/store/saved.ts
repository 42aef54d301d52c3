import { useEditor } from "./editor";

/** Wait until every edit so far is saved; false when one could not be. */
export async function saved(): Promise<boolean> {
  useEditor.getState().flush();
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
