/** Where a step runs: as the pipeline says, or on a target of its own. */
import { useQuery } from "@tanstack/react-query";
import { ask, client } from "~/api/client";
import type { Graph, GraphStep, Problem, Target } from "~/api/types";
import { panel as panelWords } from "~/messages/panel";
import { cx } from "~/ui/cx";
import { Field } from "~/ui/Field";
import { FailureNotice, Notice } from "~/ui/Notice";
import { type Choice, Select } from "~/ui/Select";
import { Waiting } from "~/ui/Spinner";
import { send } from "./edits";
import styles from "./panel.module.css";

const words = panelWords.compute;

export function useTargets() {
  return useQuery({
    queryKey: ["targets"],
    queryFn: () => ask(client.GET("/api/targets")),
    refetchInterval: 5_000,
  });
}

/** A target's name as a file writes it, without the prefix of the Azure form. */
export function plainTarget(name: string | null | undefined): string {
  return (name ?? "").replace(/^azureml:/, "");
}

/** Choices of a target, with the one that is set even when it is not there. */
export function targetChoices(targets: readonly Target[], set: string): Choice[] {
  const choices = targets.map((target) => ({
    value: target.name,
    label: `${target.name} · ${words.free(Math.max(0, target.slots - target.used), target.slots)}`,
  }));
  if (set !== "" && !choices.some((choice) => choice.value === set)) {
    return [{ value: set, label: set }, ...choices];
  }
  return choices;
}

export function ComputeTab({
  step,
  graph,
  problems,
  readOnly,
  ranOn,
}: {
  step: GraphStep;
  graph: Graph;
  problems: readonly Problem[];
  readOnly: boolean;
  ranOn: string;
}) {
  const { data: targets, error, refetch } = useTargets();
  const set = plainTarget(step.compute);
  const pipeline = plainTarget(graph.default_compute);
  const fallback = pipeline || targets?.find((target) => target.default)?.name || words.machine;
  const used = (readOnly && ranOn) || set || fallback;
  const isUnknown =
    targets !== undefined && set !== "" && !targets.some((item) => item.name === set);
  const device = step.effective["device"];
  const wantsGpu = typeof device === "string" && /^(cuda|mps)/.test(device);
  const hasGpu = targets?.some((item) => /cuda|mps/.test(item.device)) ?? true;
  const problem = problems.find((item) => item.name === "compute" || item.name === "device");
  return (
    <>
      {!readOnly && (
        <Field
          label={words.where}
          error={
            problem
              ? [problem.message, problem.remedy].filter(Boolean).join(" ")
              : isUnknown
                ? `${words.unknown(set)} ${words.remedy}`
                : undefined
          }
        >
          {(control) => (
            <Select
              {...control}
              value={set}
              choices={[
                { value: "", label: words.inherit(fallback) },
                ...targetChoices(targets ?? [], set),
              ]}
              onChoose={(value) =>
                void send(words.set(step.name), [
                  { kind: "set_step", step: step.name, key: "compute", value: value || null },
                ])
              }
            />
          )}
        </Field>
      )}
      {wantsGpu && !hasGpu && !problem && <Notice tone="warn">{words.noGpu}</Notice>}
      {error && !targets ? (
        <FailureNotice failure={error} onRetry={() => void refetch()} />
      ) : (
        <TargetList targets={targets} used={used} />
      )}
    </>
  );
}

function TargetList({ targets, used }: { targets: readonly Target[] | undefined; used: string }) {
  if (!targets) return <Waiting>{words.loading}</Waiting>;
  return (
    <div className={cx(styles["group"], styles["apart"])}>
      <h3>{words.targets}</h3>
      <ul className={styles["cards"]}>
        {targets.map((target) => (
          <li
            key={target.name}
            className={styles["item"]}
            aria-current={target.name === used || undefined}
          >
            <p className={styles["line"]}>
              <strong className={styles["grow"]}>{target.name}</strong>
              {target.default && <span className={styles["quiet"]}>{words.isDefault}</span>}
            </p>
            <p className={styles["quiet"]}>
              {[target.device, target.memory].filter(Boolean).join(" · ")}
            </p>
            <p className={styles["line"]}>
              <span className={styles["slots"]} aria-hidden="true">
                {Array.from({ length: Math.min(target.slots, 12) }, (_, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: slots have only their place
                  <span key={index} data-used={index < target.used || undefined} />
                ))}
              </span>
              <span className={styles["quiet"]}>
                {words.free(Math.max(0, target.slots - target.used), target.slots)}
                {target.waiting.length > 0 && ` · ${words.waiting(target.waiting.length)}`}
              </span>
            </p>
            {target.waiting.map((waiting) => (
              <p key={`${waiting.run} ${waiting.step}`} className={styles["quiet"]}>
                {waiting.step}: {waiting.reason}
              </p>
            ))}
          </li>
        ))}
      </ul>
    </div>
  );
}
