/** Choose the run to compare with. */
import { useState } from "react";
import { useLocation } from "wouter";
import { t } from "~/messages";
import { run as runWords } from "~/messages/run";
import { Button } from "~/ui/Button";
import { Dialog } from "~/ui/Dialog";
import { RunChooser } from "../compare/RunChooser";

const words = runWords;

export function CompareDialog({ run, onClose }: { run: string; onClose: () => void }) {
  const [other, setOther] = useState("");
  const [, go] = useLocation();
  return (
    <Dialog
      title={words.compareTitle}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button
            look="primary"
            icon="compare"
            disabled={other === ""}
            onClick={() => go(`/compare/${encodeURIComponent(other)}/${encodeURIComponent(run)}`)}
          >
            {words.compare}
          </Button>
        </>
      }
    >
      <RunChooser label={words.compareWith} run={other} other={run} onRun={setOther} />
    </Dialog>
  );
}
