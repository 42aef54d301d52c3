/** A picture in a fixed place: nothing moves while it loads, and what cannot be shown says why. */
import { useContext, useEffect, useRef, useState } from "react";
import { look as lookWords } from "~/messages/look";
import { cx } from "~/ui/cx";
import { Icon } from "~/ui/Icon";
import { InSight } from "./inSight";
import styles from "./Thumbnail.module.css";

/** Why the server does not give a picture, in its own words. */
export async function whyNot(address: string, signal?: AbortSignal): Promise<string> {
  try {
    const answer = await fetch(address, { credentials: "same-origin", ...(signal && { signal }) });
    if (answer.ok) return lookWords.grid.unavailable;
    const failure = (await answer.json()) as { message?: unknown };
    return typeof failure.message === "string" ? failure.message : lookWords.grid.unavailable;
  } catch {
    return lookWords.grid.unavailable;
  }
}

export function Thumbnail({
  src,
  alt,
  fit = "cover",
  className,
}: {
  src: string;
  alt: string;
  fit?: "cover" | "contain";
  className?: string | undefined;
}) {
  const inSight = useContext(InSight);
  const image = useRef<HTMLImageElement>(null);
  const [shown, setShown] = useState("");
  const [broken, setBroken] = useState<{ src: string; why: string } | null>(null);

  useEffect(() => {
    const element = image.current;
    // out of sight: the browser need not load it any more
    return () => element?.removeAttribute("src");
  }, []);

  const failed = broken?.src === src;
  useEffect(() => {
    if (!failed) return;
    const asked = new AbortController();
    void whyNot(src, asked.signal).then((why) => {
      if (!asked.signal.aborted) setBroken({ src, why });
    });
    return () => asked.abort();
  }, [failed, src]);

  return (
    <span className={cx(styles.frame, className)}>
      {failed ? (
        <span
          className={styles.broken}
          title={broken.why}
          role="img"
          aria-label={`${alt}: ${broken.why}`}
        >
          <Icon name="warning" size={20} />
          <span>{broken.why || lookWords.grid.unavailable}</span>
        </span>
      ) : (
        <img
          ref={image}
          src={src}
          alt={alt}
          loading="eager"
          fetchPriority={inSight ? "high" : "low"}
          decoding="async"
          draggable={false}
          className={cx(styles.image, styles[fit], shown === src && styles.shown)}
          onLoad={() => setShown(src)}
          onError={() => setBroken({ src, why: "" })}
        />
      )}
    </span>
  );
}
