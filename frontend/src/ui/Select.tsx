/** One of several, in the browser's own list. */
import type { Ref, SelectHTMLAttributes } from "react";
import { cx } from "./cx";
import styles from "./Field.module.css";
import { Icon } from "./Icon";

export interface Choice {
  value: string;
  label: string;
  disabled?: boolean;
}

export function Select({
  choices,
  className,
  onChoose,
  ...rest
}: SelectHTMLAttributes<HTMLSelectElement> & {
  choices: readonly Choice[];
  onChoose?: (value: string) => void;
  ref?: Ref<HTMLSelectElement> | undefined;
}) {
  return (
    <span className={cx(styles.select, className)}>
      <select
        {...rest}
        className={styles.control}
        onChange={(event) => {
          rest.onChange?.(event);
          onChoose?.(event.target.value);
        }}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value} disabled={choice.disabled}>
            {choice.label}
          </option>
        ))}
      </select>
      <Icon name="chevronDown" size={14} />
    </span>
  );
}
