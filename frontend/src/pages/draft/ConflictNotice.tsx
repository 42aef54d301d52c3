/** Somebody else saved first: what happened, and the choices. Nothing is lost by any of them
 * that does not say so. */
import { useState } from "react";
import { useLocation } from "wouter";
import { t } from "~/messages";
import { useEditor } from "~/store/editor";
import { Button } from "~/ui/Button";
import { Dialog } from "~/ui/Dialog";
import { toastFailure } from "~/ui/Toast";

const words = t.canvas.conflict;

export default function ConflictNotice() {
  const conflict = useEditor((state) => state.conflict);
  const pending = useEditor((state) => state.pending);
  const [busy, setBusy] = useState(false);
  const [, go] = useLocation();
  if (!conflict) return null;
  const editor = useEditor.getState();
  const copy = async () => {
    setBusy(true);
    try {
      const id = await editor.keepCopy();
      go(`/drafts/${id}`);
    } catch (error) {
      toastFailure(error);
    } finally {
      setBusy(false);
    }
  };
  const disk = conflict.where === "disk";
  return (
    <Dialog
      title={disk ? words.diskTitle : words.tabTitle}
      // there is nothing to go back to: a choice is needed, and the page shows what was edited
      onClose={() => undefined}
      foot={
        <>
          <Button busy={busy} icon="copy" onClick={() => void copy()}>
            {words.copy}
          </Button>
          {disk ? (
            <>
              <Button icon="warning" onClick={() => void editor.overwriteDisk()}>
                {words.overwrite}
              </Button>
              <Button look="primary" icon="refresh" onClick={() => void editor.reloadFromDisk()}>
                {words.reload}
              </Button>
            </>
          ) : (
            <>
              {pending > 0 && (
                <Button onClick={editor.putOnTop}>
                  {editor.replacesTheirs() ? words.replace : words.top}
                </Button>
              )}
              <Button look="primary" onClick={editor.takeTheirs}>
                {words.theirs}
              </Button>
            </>
          )}
        </>
      }
    >
      <p>{disk ? words.disk : words.tab}</p>
    </Dialog>
  );
}
