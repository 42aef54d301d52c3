/** A raised surface, and a section of a page with its heading. */
import { type HTMLAttributes, type ReactNode, useId } from "react";
import styles from "./Card.module.css";
import { cx } from "./cx";

export function Card({ className, ...rest }: HTMLAttributes<HTMLDivElement>) {
  return <div {...rest} className={cx(styles.card, className)} />;
}

export function Section({
  title,
  aside,
  className,
  children,
}: {
  title: string;
  /** At the end of the heading's line. */
  aside?: ReactNode;
  className?: string | undefined;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={cx(styles.section, className)}>
      <div className={styles.head}>
        <h2 id={id}>{title}</h2>
        {aside && <div className={styles.aside}>{aside}</div>}
      </div>
      {children}
    </section>
  );
}
