/** Something is under way. */
import { cx } from "./cx";
import { Icon } from "./Icon";
import styles from "./Spinner.module.css";

export function Spinner({ size = 16, className }: { size?: number; className?: string }) {
  return <Icon name="running" size={size} className={cx(styles.spinner, className)} />;
}

/** A place that is being filled, in words. */
export function Waiting({ children }: { children: string }) {
  return (
    <p className={styles.waiting} role="status">
      <Spinner />
      {children}
    </p>
  );
}
