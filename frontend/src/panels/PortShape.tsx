/** The mark of a port's type: shape and colour, with the type in words for those who hover. */
import { kindOf } from "~/graph/types";
import styles from "./port.module.css";

export function PortShape({ type }: { type: string }) {
  return <span className={styles["port"]} data-kind={kindOf(type)} title={type} />;
}
