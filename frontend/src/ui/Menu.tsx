/** Menus: a button that opens one, and one that opens at a point. */
import {
  type KeyboardEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useRef,
  useState,
} from "react";
import { Button, type ButtonLook, type ButtonSize, IconButton } from "./Button";
import { cx } from "./cx";
import { Icon, type IconName } from "./Icon";
import { Keys } from "./Keys";
import styles from "./Menu.module.css";

export interface MenuItem {
  label: string;
  /** A second, quieter line. */
  hint?: string | undefined;
  icon?: IconName | undefined;
  /** Shortcut in words, e.g. "Ctrl+Z". */
  keys?: string | undefined;
  /** Given: the item can be ticked. */
  checked?: boolean | undefined;
  disabled?: boolean | undefined;
  danger?: boolean | undefined;
  onSelect: () => void;
}

export type MenuEntry = MenuItem | "separator";

interface Point {
  x: number;
  y: number;
}

/** The open menu. It takes the focus, gives it back, and closes on Escape or a press elsewhere. */
export function MenuPopup({
  label,
  entries,
  at,
  alignEnd = false,
  onClose,
}: {
  label: string;
  entries: readonly MenuEntry[];
  at: Point;
  /** `at` is the right edge. */
  alignEnd?: boolean;
  /** `outside`: a press elsewhere closed it. */
  onClose: (outside?: boolean) => void;
}) {
  const popup = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;

  useEffect(() => {
    const menu = popup.current;
    if (!menu) return;
    const before = document.activeElement;
    menu.showPopover?.();
    const box = menu.getBoundingClientRect();
    const left = alignEnd ? at.x - box.width : at.x;
    const over = at.y + box.height > window.innerHeight - 8;
    menu.style.left = `${Math.max(8, Math.min(left, window.innerWidth - box.width - 8))}px`;
    menu.style.top = `${Math.max(8, over ? window.innerHeight - box.height - 8 : at.y)}px`;
    menu.querySelector<HTMLElement>("[role^=menuitem]")?.focus();
    const toggled = (event: Event) => {
      if ((event as ToggleEvent).newState === "closed") close.current(true);
    };
    menu.addEventListener("toggle", toggled);
    return () => {
      menu.removeEventListener("toggle", toggled);
      const inside =
        menu.contains(document.activeElement) || document.activeElement === document.body;
      if (inside && before instanceof HTMLElement) before.focus();
    };
  }, [at.x, at.y, alignEnd]);

  const onKeyDown = (event: KeyboardEvent) => {
    const all = [...(popup.current?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
    const here = all.indexOf(document.activeElement as HTMLElement);
    const go = (index: number) => all[(index + all.length) % all.length]?.focus();
    if (event.key === "ArrowDown") go(here + 1);
    else if (event.key === "ArrowUp") go(here - 1);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(all.length - 1);
    else if (event.key === "Escape" || event.key === "Tab") onClose();
    else if (event.key.length === 1 && /\S/.test(event.key) && !event.ctrlKey && !event.metaKey) {
      const start = event.key.toLowerCase();
      const from = [...all.slice(here + 1), ...all.slice(0, here + 1)];
      from.find((item) => item.textContent.trim().toLowerCase().startsWith(start))?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      ref={popup}
      popover="auto"
      role="menu"
      aria-label={label}
      tabIndex={-1}
      className={styles.popup}
      onKeyDown={onKeyDown}
    >
      {entries.map((entry, index) =>
        entry === "separator" ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: separators have nothing but their place
          <hr key={`separator-${index}`} className={styles.separator} />
        ) : (
          // biome-ignore lint/a11y/useAriaPropsSupportedByRole: only a menuitemcheckbox is ticked
          <button
            key={entry.label}
            type="button"
            role={entry.checked === undefined ? "menuitem" : "menuitemcheckbox"}
            aria-checked={entry.checked}
            aria-disabled={entry.disabled || undefined}
            tabIndex={-1}
            className={cx(styles.item, entry.danger && styles.danger)}
            onClick={() => {
              if (entry.disabled) return;
              onClose();
              entry.onSelect();
            }}
          >
            {entry.checked !== undefined ? (
              <span className={styles.mark}>{entry.checked && <Icon name="check" />}</span>
            ) : (
              entry.icon && <Icon name={entry.icon} />
            )}
            <span className={styles.words}>
              {entry.label}
              {entry.hint && <span className={styles.hint}>{entry.hint}</span>}
            </span>
            {entry.keys && <Keys keys={entry.keys} />}
          </button>
        ),
      )}
    </div>
  );
}

/** A button that opens a menu; without `children` it shows the icon alone. */
export function Menu({
  label,
  entries,
  icon = "more",
  look,
  size,
  alignEnd = false,
  disabled = false,
  className,
  children,
}: {
  label: string;
  entries: readonly MenuEntry[];
  icon?: IconName;
  look?: ButtonLook | undefined;
  size?: ButtonSize | undefined;
  alignEnd?: boolean;
  disabled?: boolean;
  className?: string | undefined;
  children?: ReactNode;
}) {
  const [at, setAt] = useState<Point | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const closed = useRef(Number.NEGATIVE_INFINITY);
  const close = useCallback((outside = false) => {
    if (outside) closed.current = performance.now();
    setAt(null);
  }, []);
  const open = () => {
    // the press that closes a popover by being outside it is the same that would open it again
    if (performance.now() - closed.current < 150) return;
    const box = button.current?.getBoundingClientRect();
    if (box) setAt({ x: alignEnd ? box.right : box.left, y: box.bottom + 4 });
  };
  const shared = {
    ref: button,
    look,
    size,
    disabled,
    className,
    "aria-haspopup": "menu",
    "aria-expanded": at !== null,
    onClick: open,
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        open();
      }
    },
  } as const;
  return (
    <>
      {children === undefined ? (
        <IconButton icon={icon} label={label} {...shared} />
      ) : (
        <Button {...shared} aria-label={label}>
          {children}
          <Icon name="chevronDown" size={14} />
        </Button>
      )}
      {at && (
        <MenuPopup label={label} entries={entries} at={at} alignEnd={alignEnd} onClose={close} />
      )}
    </>
  );
}
