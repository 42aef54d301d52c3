/** A place with nothing in it yet: what belongs here, and what to do about it. */
import type { ReactNode } from "react";
import styles from "./Empty.module.css";
import { Icon, type IconName } from "./Icon";

export function Empty({
  icon,
  title,
  children,
  actions,
}: {
  icon?: IconName | undefined;
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <div className={styles.empty}>
      {icon && <Icon name={icon} size={28} strokeWidth={1} />}
      <p className={styles.title}>{title}</p>
      {children && <p>{children}</p>}
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
