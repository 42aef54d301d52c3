/** The one large place to drop photos on; its buttons do the same from the keyboard. */
import { type DragEvent, useRef, useState } from "react";
import { home as homeWords } from "~/messages/home";
import { Button } from "~/ui/Button";
import { cx } from "~/ui/cx";
import { Icon } from "~/ui/Icon";
import { toast, toastFailure } from "~/ui/Toast";
import styles from "./home.module.css";
import { fromDrop, fromInput, gathered, type Photo } from "./photos";
import { useSource } from "./source";

export function DropPlace({ onBrowse }: { onBrowse: () => void }) {
  const [over, setOver] = useState(false);
  const [reading, setReading] = useState<number | null>(null);
  const depth = useRef(0);
  const folder = useRef<HTMLInputElement>(null);
  const zip = useRef<HTMLInputElement>(null);
  const take = useSource((state) => state.take);

  const begin = (photos: Photo[]) => {
    if (photos.length === 0) toast(homeWords.drop.nothing, "warn");
    else void take(gathered(photos, homeWords.drop.fallback));
  };
  const onDrop = async (event: DragEvent) => {
    event.preventDefault();
    depth.current = 0;
    setOver(false);
    setReading(0);
    try {
      begin(await fromDrop(event.dataTransfer, setReading));
    } catch (error) {
      toastFailure(error);
    } finally {
      setReading(null);
    }
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is for the mouse; the buttons are for all
    <div
      className={cx(styles.drop, over && styles.over)}
      onDragEnter={(event) => {
        event.preventDefault();
        depth.current += 1;
        setOver(true);
      }}
      onDragOver={(event) => {
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
      }}
      onDragLeave={() => {
        depth.current -= 1;
        if (depth.current <= 0) setOver(false);
      }}
      onDrop={onDrop}
    >
      <span className={styles.dropIcon}>
        <Icon name="images" size={36} strokeWidth={1} />
      </span>
      <p className={styles.dropTitle}>{over ? homeWords.drop.release : homeWords.drop.title}</p>
      <p className={styles.quiet}>
        {reading === null ? homeWords.drop.hint : homeWords.drop.reading(reading)}
      </p>
      <div className={styles.dropButtons}>
        <Button look="primary" size="large" icon="folder" onClick={() => folder.current?.click()}>
          {homeWords.drop.folder}
        </Button>
        <Button size="large" icon="archive" onClick={() => zip.current?.click()}>
          {homeWords.drop.zip}
        </Button>
        <Button size="large" icon="machine" onClick={onBrowse}>
          {homeWords.drop.here}
        </Button>
      </div>
      <input
        ref={folder}
        type="file"
        hidden
        aria-label={homeWords.drop.inputFolder}
        // the type does not know it: a whole folder at once
        {...{ webkitdirectory: "" }}
        onChange={(event) => {
          begin(fromInput(event.target.files ?? new DataTransfer().files));
          event.target.value = "";
        }}
      />
      <input
        ref={zip}
        type="file"
        hidden
        accept=".zip,.tar,.tgz,.gz"
        aria-label={homeWords.drop.inputZip}
        onChange={(event) => {
          begin(fromInput(event.target.files ?? new DataTransfer().files));
          event.target.value = "";
        }}
      />
    </div>
  );
}
