/** Each step, whether it would run or be reused, and why. */
import type { Plan } from "~/api/types";
import { panel as panelWords } from "~/messages/panel";
import { Dialog } from "~/ui/Dialog";
import { Table } from "~/ui/Table";
import { roughly } from "./words";

const words = panelWords.bar;
const doing = panelWords.why.actions;

export function PlanDialog({ plan, onClose }: { plan: Plan; onClose: () => void }) {
  return (
    <Dialog wide title={words.plan} onClose={onClose}>
      <Table caption={words.plan} dense>
        <thead>
          <tr>
            <th scope="col">{words.step}</th>
            <th scope="col">{words.what}</th>
            <th scope="col" data-number>
              {words.time}
            </th>
            <th scope="col">{words.why}</th>
          </tr>
        </thead>
        <tbody>
          {plan.steps.map((step) => (
            <tr key={step.step}>
              <th scope="row">{step.step}</th>
              <td>{doing[step.action]}</td>
              <td data-number>
                {step.action === "run" && step.seconds !== null ? roughly(step.seconds) : ""}
              </td>
              <td>{step.why}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Dialog>
  );
}
