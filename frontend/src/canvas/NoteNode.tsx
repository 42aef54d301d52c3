/** A text on the canvas. */
import type { NodeProps } from "@xyflow/react";
import { memo } from "react";
import { t } from "~/messages";
import { useView } from "~/store/view";
import styles from "./NoteNode.module.css";
import type { NoteFlowNode } from "./toFlow";

export const NoteNode = memo(function NoteNode({ data }: NodeProps<NoteFlowNode>) {
  const { note, index, readOnly } = data;
  const open = () => {
    const at = { x: note.x, y: note.y };
    useView.getState().set({ dialog: { kind: "note", index, at } });
  };
  return (
    <div className={styles["note"]}>
      <p className={styles["text"]}>{note.text}</p>
      {!readOnly && (
        <button type="button" className={`${styles["edit"]} nodrag`} onClick={open} tabIndex={-1}>
          {t.canvas.note.edit}
        </button>
      )}
    </div>
  );
});
