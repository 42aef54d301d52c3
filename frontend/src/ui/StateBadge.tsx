/** The state of a run or step: icon, word and colour. */
import { t } from "~/messages";
import { cx } from "./cx";
import { Icon } from "./Icon";
import { Spinner } from "./Spinner";
import styles from "./StateBadge.module.css";

export type AnyState =
  | "queued"
  | "running"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "interrupted"
  | "lost"
  | "reused"
  | "skipped";

export function StateBadge({
  state,
  bare = false,
  words,
  className,
}: {
  state: AnyState;
  /** Without the coloured ground. */
  bare?: boolean;
  /** Instead of the state's own word. */
  words?: string | undefined;
  className?: string;
}) {
  return (
    <span className={cx(styles.badge, styles[state], bare && styles.bare, className)}>
      {state === "running" ? <Spinner size={14} /> : <Icon name={state} size={14} />}
      {words ?? t.common.states[state]}
    </span>
  );
}
