/** On or off. */
import type { ButtonHTMLAttributes } from "react";
import styles from "./panel.module.css";

export function Switch({
  on,
  onChange,
  ...rest
}: Omit<ButtonHTMLAttributes<HTMLButtonElement>, "onChange" | "type"> & {
  on: boolean;
  onChange: (on: boolean) => void;
}) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      {...rest}
      className={styles["switch"]}
      onClick={() => onChange(!on)}
    >
      <span className={styles["knob"]} />
    </button>
  );
}
