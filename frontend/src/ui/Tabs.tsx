/** Tabs: arrows go from one to the next, and the shown one alone is rendered. */
import { type KeyboardEvent, type ReactNode, useId, useRef } from "react";
import { cx } from "./cx";
import { Icon, type IconName } from "./Icon";
import styles from "./Tabs.module.css";

export interface Tab<Id extends string = string> {
  id: Id;
  label: string;
  icon?: IconName | undefined;
  /** A count beside the label. */
  badge?: ReactNode;
  content: () => ReactNode;
}

export function Tabs<Id extends string>({
  label,
  tabs,
  selected,
  onSelect,
  className,
}: {
  /** What the tabs are about. */
  label: string;
  tabs: readonly Tab<Id>[];
  selected: Id;
  onSelect: (id: Id) => void;
  className?: string | undefined;
}) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const shown = tabs.find((tab) => tab.id === selected) ?? tabs[0];

  const onKeyDown = (event: KeyboardEvent) => {
    const here = tabs.findIndex((tab) => tab.id === shown?.id);
    const last = tabs.length - 1;
    let next: number;
    if (event.key === "ArrowRight") next = here === last ? 0 : here + 1;
    else if (event.key === "ArrowLeft") next = here === 0 ? last : here - 1;
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = last;
    else return;
    event.preventDefault();
    const tab = tabs[next];
    if (!tab) return;
    onSelect(tab.id);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
  };

  return (
    <div className={cx(styles.tabs, className)}>
      <div
        ref={list}
        role="tablist"
        aria-label={label}
        className={styles.list}
        onKeyDown={onKeyDown}
      >
        {tabs.map((tab) => (
          <button
            key={tab.id}
            id={`${id}-tab-${tab.id}`}
            type="button"
            role="tab"
            aria-selected={tab.id === shown?.id}
            aria-controls={tab.id === shown?.id ? `${id}-panel-${tab.id}` : undefined}
            tabIndex={tab.id === shown?.id ? 0 : -1}
            className={styles.tab}
            onClick={() => onSelect(tab.id)}
          >
            {tab.icon && <Icon name={tab.icon} />}
            {tab.label}
            {tab.badge !== undefined && tab.badge !== null && (
              <span className={styles.badge}>{tab.badge}</span>
            )}
          </button>
        ))}
      </div>
      {shown && (
        <div
          key={shown.id}
          id={`${id}-panel-${shown.id}`}
          role="tabpanel"
          aria-labelledby={`${id}-tab-${shown.id}`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling panel must be reachable
          tabIndex={0}
          className={styles.panel}
        >
          {shown.content()}
        </div>
      )}
    </div>
  );
}
