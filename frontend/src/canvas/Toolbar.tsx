/** Zoom and selection, over the corner of the canvas. */
import { perform } from "~/actions/registry";
import { t } from "~/messages";
import { useView } from "~/store/view";
import { IconButton } from "~/ui/Button";
import styles from "./Canvas.module.css";

export function Toolbar({ readOnly }: { readOnly: boolean }) {
  const boxing = useView((state) => state.boxing);
  return (
    <div role="toolbar" aria-label={t.canvas.toolbar} className={styles["toolbar"]}>
      <IconButton icon="zoomIn" label={t.canvas.zoomIn} onClick={() => perform("zoom-in")} />
      <IconButton icon="zoomOut" label={t.canvas.zoomOut} onClick={() => perform("zoom-out")} />
      <IconButton icon="fit" label={t.canvas.fit} onClick={() => perform("fit")} />
      {!readOnly && (
        <>
          <IconButton icon="tidy" label={t.canvas.actions.tidy} onClick={() => perform("tidy")} />
          <IconButton
            icon="box"
            label={t.canvas.box}
            aria-pressed={boxing}
            onClick={() => useView.getState().set({ boxing: !boxing })}
          />
        </>
      )}
    </div>
  );
}
