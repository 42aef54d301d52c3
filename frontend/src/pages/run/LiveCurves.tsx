/** The curves of a run's training, as they grow. */
import { Curves } from "~/charts/Curves";
import { useLive } from "~/store/live";
import styles from "./run.module.css";

export default function LiveCurves({ step }: { step: string }) {
  const epochs = useLive((state) => state.steps[step]?.epochs);
  return (
    <div className={styles.scroll}>
      <Curves curves={[]} live={epochs ?? []} />
    </div>
  );
}
