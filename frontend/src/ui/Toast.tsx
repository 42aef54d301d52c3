/** Short words about what just happened, at the foot of the page. */
import { useEffect } from "react";
import { create } from "zustand";
import { t } from "~/messages";
import { IconButton } from "./Button";
import { cx } from "./cx";
import { Icon, type IconName } from "./Icon";
import type { Tone } from "./Notice";
import styles from "./Toast.module.css";

interface ToastItem {
  id: number;
  tone: Tone;
  text: string;
}

interface Toasts {
  items: readonly ToastItem[];
  add: (item: Omit<ToastItem, "id">) => void;
  remove: (id: number) => void;
}

let next = 1;

const useToasts = create<Toasts>((set) => ({
  items: [],
  add: (item) => set((state) => ({ items: [...state.items.slice(-3), { ...item, id: next++ }] })),
  remove: (id) => set((state) => ({ items: state.items.filter((item) => item.id !== id) })),
}));

/** Say something; failures stay until they are closed. */
export function toast(text: string, tone: Tone = "good"): void {
  useToasts.getState().add({ text, tone });
}

/** Say what a call failed with. */
export function toastFailure(error: unknown): void {
  const { message, failure } = error as { message?: string; failure?: { remedy?: string } };
  const remedy = failure?.remedy ? ` ${failure.remedy}` : "";
  toast(`${message ?? t.common.failed}${remedy}`, "bad");
}

const icons: Readonly<Record<Tone, IconName>> = {
  info: "info",
  good: "succeeded",
  warn: "warning",
  bad: "error",
};

function ToastView({ item }: { item: ToastItem }) {
  const remove = useToasts((state) => state.remove);
  useEffect(() => {
    if (item.tone === "bad") return;
    const timer = setTimeout(() => remove(item.id), 5_000);
    return () => clearTimeout(timer);
  }, [item, remove]);
  return (
    <div className={cx(styles.toast, styles[item.tone])}>
      <Icon name={icons[item.tone]} />
      <p className={styles.words}>{item.text}</p>
      <IconButton
        icon="close"
        size="small"
        label={t.common.dismiss}
        onClick={() => remove(item.id)}
      />
    </div>
  );
}

export function ToastArea() {
  const items = useToasts((state) => state.items);
  return (
    <div role="log" aria-live="polite" aria-label={t.common.messages} className={styles.stack}>
      {items.map((item) => (
        <ToastView key={item.id} item={item} />
      ))}
    </div>
  );
}
