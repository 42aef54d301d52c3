/** Every fault of the draft, each with the way to where it is. */
import type { Problem } from "~/api/types";
import { t } from "~/messages";
import { reveal } from "~/panels/store";
import { useEditor } from "~/store/editor";
import { useView } from "~/store/view";
import { Icon } from "~/ui/Icon";
import styles from "./draft.module.css";

const words = t.canvas.problemsList;

/** Go to a problem: its step and field, the pipeline's input, else its line. */
export function show(problem: Problem): void {
  const { set, canvas } = useView.getState();
  const inputs = useEditor.getState().draft?.graph.inputs ?? [];
  if (problem.step || inputs.some((input) => input.name === problem.name)) {
    set({ middleTab: "canvas" });
    reveal(problem);
    if (problem.step) requestAnimationFrame(() => canvas?.locate([problem.step]));
  } else if (problem.line > 0) {
    set({ middleTab: "yaml", place: { line: problem.line, column: problem.column } });
  } else reveal(problem);
}

export default function ProblemsList({ problems }: { problems: readonly Problem[] }) {
  if (problems.length === 0) {
    return (
      <p className={styles.noProblems}>
        <Icon name="succeeded" /> {words.none}
      </p>
    );
  }
  return (
    <ul className={styles.problems} aria-label={t.canvas.problems}>
      {problems.map((problem) => (
        <li key={`${problem.code} ${problem.line} ${problem.column} ${problem.message}`}>
          <button
            type="button"
            className={styles.problem}
            data-tone={problem.severity}
            aria-label={words.go(problem.message)}
            onClick={() => show(problem)}
          >
            <Icon name={problem.severity === "error" ? "error" : "warning"} />
            <span>
              <span className="visually-hidden">
                {problem.severity === "error" ? words.error : words.warning}:{" "}
              </span>
              {problem.message}
              {problem.remedy && <small> {problem.remedy}</small>}
            </span>
            <small className={styles.place}>
              {[problem.code, problem.step, problem.line > 0 && words.line(problem.line)]
                .filter(Boolean)
                .join(" · ")}
            </small>
          </button>
        </li>
      ))}
    </ul>
  );
}
