/** What the panel shows: which tab, and which field is to have the focus. */
import { create } from "zustand";
import type { Plan, Problem } from "~/api/types";
import { useEditor } from "~/store/editor";
import { useView } from "~/store/view";

export type TabName = "parameters" | "connections" | "compute" | "outputs" | "log" | "why";

interface PanelStore {
  tab: TabName;
  /** Parameter or port to be focused, once it is drawn; empty for none. */
  focus: string;
  /** The newest plan of the open draft; the bar makes it. */
  plan: Plan | null;
  show: (tab: TabName, focus?: string) => void;
  focused: () => void;
  planned: (plan: Plan | null) => void;
}

export const usePanel = create<PanelStore>((set) => ({
  tab: "parameters",
  focus: "",
  plan: null,
  show: (tab, focus = "") => set({ tab, focus }),
  focused: () => set({ focus: "" }),
  planned: (plan) => set({ plan }),
}));

/** Go to where a problem is: its step, its tab, its field. */
export function reveal(problem: Problem): void {
  const { draft, select } = useEditor.getState();
  const step = draft?.graph.steps.find((item) => item.name === problem.step);
  select(step ? [step.name] : []);
  useView.getState().panel({ right: true });
  if (!step) {
    usePanel.setState({ focus: problem.name });
    return;
  }
  const tab =
    problem.name === "compute"
      ? "compute"
      : problem.name in step.effective || !problem.name
        ? "parameters"
        : step.inputs[problem.name]?.kind === "value"
          ? "parameters"
          : "connections";
  usePanel.getState().show(tab, problem.name);
}
