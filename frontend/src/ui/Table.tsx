/** A table in a frame that scrolls sideways where it must; cells of numbers take `data-number`. */
import type { ReactNode } from "react";
import { cx } from "./cx";
import styles from "./Table.module.css";

export function Table({
  caption,
  dense = false,
  className,
  children,
}: {
  /** What the table holds; read aloud, not shown. */
  caption: string;
  dense?: boolean;
  className?: string | undefined;
  /** thead and tbody. */
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a frame that scrolls is no section
    <div
      role="region"
      aria-label={caption}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable
      tabIndex={0}
      className={cx(styles.frame, className)}
    >
      <table className={cx(styles.table, dense && styles.dense)}>
        <caption className="visually-hidden">{caption}</caption>
        {children}
      </table>
    </div>
  );
}
