/** Small pictures: of files that are still the user's, and of what was brought in. */
import { useEffect, useState } from "react";
import { home as homeWords } from "~/messages/home";
import styles from "./home.module.css";

const SIDE = 128;
/** Pictures decoded at once: a large photo takes 100 MB while it is. */
const AT_ONCE = 3;

let decoding = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (decoding >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  decoding += 1;
  try {
    return await work();
  } finally {
    decoding -= 1;
    waiting.shift()?.();
  }
}

/** A picture made small here, so that a page of large photos stays light. */
export function LocalExample({ file, alt }: { file: File; alt: string }) {
  const [source, setSource] = useState("");
  useEffect(() => {
    let address = "";
    let gone = false;
    const draw = async () => {
      if (gone) return;
      const picture = await createImageBitmap(file);
      const scale = Math.max(SIDE / picture.width, SIDE / picture.height);
      const width = Math.max(1, Math.round(picture.width * Math.min(1, scale)));
      const height = Math.max(1, Math.round(picture.height * Math.min(1, scale)));
      const canvas = new OffscreenCanvas(width, height);
      canvas.getContext("2d")?.drawImage(picture, 0, 0, width, height);
      picture.close();
      const blob = await canvas.convertToBlob({ type: "image/webp", quality: 0.85 });
      if (gone) return;
      address = URL.createObjectURL(blob);
      setSource(address);
    };
    // what the browser cannot show is shown by the server once it is there
    inTurn(draw).catch(() => undefined);
    return () => {
      gone = true;
      if (address) URL.revokeObjectURL(address);
    };
  }, [file]);
  return <span className={styles.thumbnail}>{source && <img src={source} alt={alt} />}</span>;
}

export function ServerExample({ dataset, number }: { dataset: string; number: number }) {
  const [broken, setBroken] = useState(false);
  if (broken) return null;
  return (
    <span className={styles.thumbnail}>
      <img
        src={`/api/datasets/${dataset}/thumbnails/${number}`}
        alt={homeWords.photos.exampleOf}
        loading="lazy"
        onError={() => setBroken(true)}
      />
    </span>
  );
}
