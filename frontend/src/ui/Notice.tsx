/** Something to know, in place; for a failure also the remedy and a way on. */
import type { ReactNode } from "react";
import { t } from "~/messages";
import { Button } from "./Button";
import { cx } from "./cx";
import { Icon, type IconName } from "./Icon";
import styles from "./Notice.module.css";

export type Tone = "info" | "good" | "warn" | "bad";

const icons: Readonly<Record<Tone, IconName>> = {
  info: "info",
  good: "succeeded",
  warn: "warning",
  bad: "error",
};

export function Notice({
  tone = "info",
  children,
  actions,
  className,
  standing = false,
}: {
  tone?: Tone;
  children: ReactNode;
  actions?: ReactNode;
  className?: string | undefined;
  /** It stands there, and is not told when it comes. */
  standing?: boolean;
}) {
  return (
    <div
      role={standing ? undefined : tone === "bad" ? "alert" : "status"}
      className={cx(styles.notice, styles[tone], className)}
    >
      <Icon name={icons[tone]} />
      <div className={styles.words}>{children}</div>
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}

/** What failed, in the words of who refused it. */
export function FailureNotice({
  failure,
  onRetry,
}: {
  failure: { message: string; remedy?: string | undefined };
  onRetry?: (() => void) | undefined;
}) {
  return (
    <Notice
      tone="bad"
      actions={
        onRetry && (
          <Button size="small" icon="refresh" onClick={onRetry}>
            {t.common.retry}
          </Button>
        )
      }
    >
      <p>{failure.message}</p>
      {failure.remedy && <p className={styles.remedy}>{failure.remedy}</p>}
    </Notice>
  );
}
