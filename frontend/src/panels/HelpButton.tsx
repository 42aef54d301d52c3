/** The longer explanation of something, beside it. */
import { type ReactNode, useId, useRef, useState } from "react";
import { IconButton } from "~/ui/Button";
import styles from "./panel.module.css";

export function HelpButton({ label, children }: { label: string; children: ReactNode }) {
  const id = useId();
  const popup = useRef<HTMLDivElement>(null);
  const closed = useRef(0);
  const [open, setOpen] = useState(false);

  const show = (button: HTMLElement) => {
    const element = popup.current;
    if (!element || performance.now() - closed.current < 150) return;
    setOpen(true);
    element.showPopover?.();
    const from = button.getBoundingClientRect();
    const box = element.getBoundingClientRect();
    const top = Math.min(from.bottom + 4, window.innerHeight - box.height - 8);
    element.style.top = `${Math.max(8, top)}px`;
    element.style.left = `${Math.max(8, from.right - box.width)}px`;
  };

  return (
    <>
      <IconButton
        icon="help"
        size="small"
        label={label}
        aria-expanded={open}
        aria-controls={id}
        className={styles["mini"]}
        onClick={(event) => show(event.currentTarget)}
      />
      <div
        ref={popup}
        id={id}
        popover="auto"
        role="note"
        className={styles["help"]}
        onToggle={(event) => {
          if (event.newState !== "closed") return;
          closed.current = performance.now();
          setOpen(false);
        }}
      >
        {children}
      </div>
    </>
  );
}
