/** A page that scrolls: landmark, heading, what can be done, content. */
import { type ReactNode, useEffect } from "react";
import { t } from "~/messages";
import styles from "./Page.module.css";

/** The words in the browser's tab for as long as a page shows. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = t.common.title(title);
  }, [title]);
}

export function Page({
  title,
  tab = title,
  actions,
  children,
}: {
  title: string;
  /** In the browser's tab; the heading when not given. */
  tab?: string;
  actions?: ReactNode;
  children: ReactNode;
}) {
  usePageTitle(tab);
  return (
    <main className={styles.page}>
      <div className={styles.inner}>
        <div className={styles.head}>
          <h1 tabIndex={-1}>{title}</h1>
          {actions && <div className={styles.actions}>{actions}</div>}
        </div>
        {children}
      </div>
    </main>
  );
}
