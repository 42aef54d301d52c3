/** Somebody else saved first: what happened, and the choices. Nothing is lost by any of them
 * that does not say so. */
import { useState } from "react";
import { useLocation } from "wouter";
import { ApiError } from "~/api/client";
import { t } from "~/messages";
import { useEditor } from "~/store/editor";
import { Button } from "~/ui/Button";
import { Dialog } from "~/ui/Dialog";
import { FailureNotice } from "~/ui/Notice";

const words = t.canvas.conflict;

export default function ConflictNotice() {
  const conflict = useEditor((state) => state.conflict);
  const pending = useEditor((state) => state.pending);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<{ message: string; remedy: string } | null>(null);
  const [, go] = useLocation();
  if (!conflict) return null;
  const editor = useEditor.getState();
  const copy = async () => {
    setBusy(true);
    setFailure(null);
    try {
      const id = await editor.keepCopy();
      go(`/drafts/${id}`);
    } catch (error) {
      // a toast would be behind the dialog
      const told =
        error instanceof ApiError ? error.failure : { message: String(error), remedy: "" };
      setFailure(told);
    } finally {
      setBusy(false);
    }
  };
  const disk = conflict.where === "disk";
  return (
    <Dialog
      title={disk ? words.diskTitle : words.tabTitle}
      onClose={null}
      foot={
        <>
          {pending > 0 && (
            <Button busy={busy} icon="copy" onClick={() => void copy()}>
              {words.copy}
            </Button>
          )}
          {disk ? (
            <>
              {pending > 0 && (
                <Button icon="warning" onClick={() => void editor.overwriteDisk()}>
                  {words.overwrite}
                </Button>
              )}
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
      {disk && pending === 0 && <p>{words.undoable}</p>}
      {failure && <FailureNotice failure={failure} />}
    </Dialog>
  );
}
