/** Buttons, and links that look like them. */
import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { Link } from "wouter";
import styles from "./Button.module.css";
import { cx } from "./cx";
import { Icon, type IconName } from "./Icon";
import { Spinner } from "./Spinner";

export type ButtonLook = "plain" | "primary" | "quiet" | "danger";
export type ButtonSize = "small" | "normal" | "large";

interface Look {
  look?: ButtonLook | undefined;
  size?: ButtonSize | undefined;
  icon?: IconName | undefined;
}

export interface ButtonProps extends Look, ButtonHTMLAttributes<HTMLButtonElement> {
  /** Something is under way: the button shows it and takes no press. */
  busy?: boolean | undefined;
  ref?: Ref<HTMLButtonElement> | undefined;
}

export function buttonClass({ look = "plain", size = "normal" }: Look): string {
  return cx(styles.button, look !== "plain" && styles[look], size !== "normal" && styles[size]);
}

export function Button({
  look,
  size,
  icon,
  busy = false,
  className,
  children,
  disabled,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={cx(buttonClass({ look, size }), busy && styles.busy, className)}
    >
      {busy ? <Spinner /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Omit<ButtonProps, "children" | "icon"> {
  icon: IconName;
  /** What it does, as a user would say it; shown as a tip, too. */
  label: string;
}

export function IconButton({
  icon,
  label,
  look = "quiet",
  size,
  busy = false,
  className,
  disabled,
  ...rest
}: IconButtonProps) {
  return (
    <button
      type="button"
      title={label}
      {...rest}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      aria-label={label}
      className={cx(buttonClass({ look, size }), styles.icon, className)}
    >
      {busy ? <Spinner /> : <Icon name={icon} />}
    </button>
  );
}

/** A link within the designer that looks like a button. */
export function LinkButton({
  href,
  look,
  size,
  icon,
  children,
  className,
  ...rest
}: Look & { href: string; children: ReactNode; className?: string; "aria-label"?: string }) {
  return (
    <Link href={href} className={cx(buttonClass({ look, size }), className)} {...rest}>
      {icon && <Icon name={icon} />}
      {children}
    </Link>
  );
}
