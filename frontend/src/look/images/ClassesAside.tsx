/** Beside the pictures: how many of each class, the transformation, what was left out. */
import { useState } from "react";
import { Bars } from "~/charts/Bars";
import type { ImageDirectory } from "~/look/types";
import { look as lookWords } from "~/messages/look";
import { Button } from "~/ui/Button";
import { Notice } from "~/ui/Notice";
import styles from "./ImagesView.module.css";
import { SkippedDialog } from "./SkippedDialog";

const words = lookWords.images;

export function ClassesAside({
  artifact,
  directory,
  label,
  onLabel,
}: {
  artifact: string;
  directory: ImageDirectory;
  label: string;
  onLabel: (label: string) => void;
}) {
  const [skipped, setSkipped] = useState(false);
  return (
    <aside className={styles.aside} aria-label={words.classes}>
      <div>
        <p className={styles.count}>{words.count(directory.count)}</p>
        {directory.groups > 0 && <p className={styles.quiet}>{words.groups(directory.groups)}</p>}
      </div>
      {directory.missing > 0 && <Notice tone="warn">{words.missing(directory.missing)}</Notice>}
      {directory.labelled ? (
        <div className={styles.classes}>
          <h2>{words.classes}</h2>
          <Bars
            label={words.classesHelp}
            bars={directory.classes.map((one) => ({
              name: one.name,
              value: one.count,
              text: one.count.toLocaleString("en"),
            }))}
            chosen={label}
            onChoose={(name) => onLabel(name === label ? "" : name)}
          />
          <Button
            size="small"
            look="quiet"
            icon="close"
            className={label ? undefined : styles.hidden}
            onClick={() => onLabel("")}
          >
            {words.allClasses}
          </Button>
        </div>
      ) : (
        <p className={styles.quiet}>{words.noLabels}</p>
      )}
      <div>
        <h2>{words.transformation}</h2>
        <p className={styles.quiet}>{directory.transformation || words.noTransformation}</p>
      </div>
      <div>
        <h2>{words.skippedHeading}</h2>
        {directory.skipped === 0 ? (
          <p className={styles.quiet}>{words.skippedNone}</p>
        ) : (
          <Button size="small" icon="warning" onClick={() => setSkipped(true)}>
            {words.skippedShow(directory.skipped)}
          </Button>
        )}
      </div>
      {skipped && <SkippedDialog artifact={artifact} onClose={() => setSkipped(false)} />}
    </aside>
  );
}
