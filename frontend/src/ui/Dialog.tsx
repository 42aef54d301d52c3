/** A modal dialog: the browser's own, so that focus and Escape are right. */
import { type ReactNode, useEffect, useId, useRef } from "react";
import { t } from "~/messages";
import { Button, IconButton } from "./Button";
import { cx } from "./cx";
import styles from "./Dialog.module.css";
import { FailureNotice } from "./Notice";

/** Shown for as long as it is rendered. */
export function Dialog({
  title,
  onClose,
  foot,
  wide = false,
  children,
}: {
  title: string;
  /** Null where there is nothing to go back to and one of the buttons must be chosen. */
  onClose: (() => void) | null;
  /** Buttons at the end. */
  foot?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const id = useId();
  const mustChoose = onClose === null;
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    if (element && !element.open) element.showModal?.();
    // a field to type into comes before the button that closes
    const inside = body.current;
    inside?.querySelector<HTMLElement>("input, textarea, select")?.focus();
    // it may come while one types: no button is pressed by the next blank
    if (mustChoose) document.getElementById(id)?.focus();
    // what scrolls must be reachable with the keyboard
    if (inside && inside.scrollHeight > inside.clientHeight) inside.tabIndex = 0;
    return () => {
      element?.close?.();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [id, mustChoose]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={dialog}
      aria-labelledby={id}
      className={cx(styles.dialog, wide && styles.wide)}
      closedby={onClose ? undefined : "none"}
      // browsers close it at the second Escape whatever is said to the first
      onClose={() => {
        if (!onClose && dialog.current?.isConnected) dialog.current.showModal();
      }}
      onCancel={(event) => {
        if (event.target !== dialog.current) return;
        event.preventDefault();
        onClose?.();
      }}
      onClick={(event) => {
        if (event.target !== dialog.current) return;
        const box = dialog.current.getBoundingClientRect();
        const inside =
          event.clientX >= box.left &&
          event.clientX <= box.right &&
          event.clientY >= box.top &&
          event.clientY <= box.bottom;
        if (!inside) onClose?.();
      }}
    >
      <div className={styles.head}>
        <h2 id={id} tabIndex={mustChoose ? -1 : undefined}>
          {title}
        </h2>
        {onClose && <IconButton icon="close" label={t.common.close} onClick={onClose} />}
      </div>
      <div ref={body} className={styles.body}>
        {children}
      </div>
      {foot && <div className={styles.foot}>{foot}</div>}
    </dialog>
  );
}

/** Asks before something that cannot be undone. */
export function Confirm({
  title,
  action,
  danger = true,
  busy = false,
  failure = null,
  onConfirm,
  onClose,
  children,
}: {
  title: string;
  /** What the button does, e.g. "Delete run". */
  action: string;
  danger?: boolean;
  busy?: boolean;
  /** Why it did not work; what is behind a dialog cannot be read. */
  failure?: { message: string; failure?: { message: string; remedy?: string } } | null;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  return (
    <Dialog
      title={title}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button look={danger ? "danger" : "primary"} busy={busy} onClick={onConfirm}>
            {action}
          </Button>
        </>
      }
    >
      {children}
      {failure && <FailureNotice failure={failure.failure ?? failure} />}
    </Dialog>
  );
}
