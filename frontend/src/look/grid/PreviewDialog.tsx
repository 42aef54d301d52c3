/** One picture, large, with its facts; arrow keys go to the pictures before and after. */
import { type ReactNode, useEffect, useState } from "react";
import { look as lookWords } from "~/messages/look";
import { IconButton } from "~/ui/Button";
import { Dialog } from "~/ui/Dialog";
import styles from "./PreviewDialog.module.css";
import { Thumbnail, whyNot } from "./Thumbnail";

const words = lookWords.preview;

export interface Preview {
  title: string;
  src: string;
  alt: string;
  facts: readonly (readonly [string, ReactNode])[];
  /** Below the facts. */
  more?: ReactNode;
}

export function PreviewDialog({
  preview,
  index,
  total,
  onMove,
  onClose,
}: {
  preview: Preview;
  index: number;
  total: number;
  onMove: (index: number) => void;
  onClose: () => void;
}) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (step === 0) return;
      event.preventDefault();
      onMove(Math.max(0, Math.min(total - 1, index + step)));
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [index, total, onMove]);

  return (
    <Dialog title={preview.title} onClose={onClose} wide>
      <div className={styles.preview}>
        <Thumbnail
          key={preview.src}
          src={preview.src}
          alt={preview.alt}
          fit="contain"
          className={styles.picture}
        />
        <div className={styles.side}>
          <div className={styles.moves}>
            <IconButton
              icon="arrowLeft"
              label={words.previous}
              look="plain"
              aria-disabled={index === 0}
              onClick={() => onMove(Math.max(0, index - 1))}
            />
            <IconButton
              icon="arrowRight"
              label={words.next}
              look="plain"
              aria-disabled={index === total - 1}
              onClick={() => onMove(Math.min(total - 1, index + 1))}
            />
            <span className={styles.position}>{words.position(index, total)}</span>
          </div>
          <dl className={styles.facts}>
            {preview.facts.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
          <WhyNot src={preview.src} />
          {preview.more}
          <p className="visually-hidden">{words.keys}</p>
        </div>
      </div>
    </Dialog>
  );
}

/** Why the picture cannot be shown, in full; nothing when it can. */
function WhyNot({ src }: { src: string }) {
  const [why, setWhy] = useState("");
  useEffect(() => {
    setWhy("");
    const asked = new AbortController();
    const probe = new Image();
    probe.onerror = () =>
      void whyNot(src, asked.signal).then((text) => {
        if (!asked.signal.aborted) setWhy(text);
      });
    probe.src = src;
    return () => asked.abort();
  }, [src]);
  return why ? (
    <p role="status" className={styles.why}>
      <strong>{words.reason}:</strong> {why}
    </p>
  ) : null;
}
