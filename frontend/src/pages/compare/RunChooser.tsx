/** Choose one of the newest runs. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { ask, client } from "~/api/client";
import { t } from "~/messages";
import { look as lookWords } from "~/messages/look";
import { moment } from "~/messages/numbers";
import { Field } from "~/ui/Field";
import { type Choice, Select } from "~/ui/Select";

export function RunChooser({
  label,
  run,
  other,
  onRun,
}: {
  label: string;
  run: string;
  /** The run on the other side, which cannot be chosen. */
  other: string;
  onRun: (run: string) => void;
}) {
  const runs = useQuery({
    queryKey: ["runs", "to-compare"],
    queryFn: ({ signal }) =>
      ask(client.GET("/api/runs", { params: { query: { limit: 200 } }, signal })),
  });
  const choices: Choice[] = (runs.data?.runs ?? []).map((one) => ({
    value: one.id,
    label: `${one.name || one.id}, ${moment(one.created)}, ${t.common.states[one.state]}`,
    disabled: one.id === other,
  }));
  if (!choices.some((choice) => choice.value === run)) choices.unshift({ value: run, label: run });
  return (
    <Field
      label={label}
      aside={
        <Link href={`/runs/${encodeURIComponent(run)}`}>{lookWords.compare.openRun(run)}</Link>
      }
    >
      {(control) => <Select {...control} value={run} onChoose={onRun} choices={choices} />}
    </Field>
  );
}
