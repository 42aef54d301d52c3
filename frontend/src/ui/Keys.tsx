/** A keyboard shortcut, as it is written on this machine. */
import styles from "./Keys.module.css";

const apple = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function Keys({ keys }: { keys: string }) {
  const words = apple ? keys.replaceAll("Ctrl+", "⌘").replaceAll("Shift+", "⇧") : keys;
  return <kbd className={styles.keys}>{words}</kbd>;
}
