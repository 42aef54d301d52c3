/** What a step gave in a run: what it is, how much, a look at it. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { lookAt } from "~/api/addresses";
import { ask, client } from "~/api/client";
import type { Component, GraphStep, Run, RunStep } from "~/api/types";
import { bytes, percent } from "~/messages/numbers";
import { panel as panelWords } from "~/messages/panel";
import { LinkButton } from "~/ui/Button";
import { Empty } from "~/ui/Empty";
import { Notice } from "~/ui/Notice";
import { PortShape } from "./PortShape";
import styles from "./panel.module.css";

const words = panelWords.outputs;

export type Output = RunStep["outputs"][number];

export function OutputsTab({
  step,
  component,
  run,
  result,
  outdated,
}: {
  step: GraphStep;
  component: Component | undefined;
  run: Run | undefined;
  result: RunStep | undefined;
  outdated: boolean;
}) {
  if (!run || !result || result.outputs.length === 0) {
    return (
      <Empty icon="output" title={words.empty}>
        {words.emptyHint}
      </Empty>
    );
  }
  return (
    <>
      {outdated && <Notice tone="info">{words.older}</Notice>}
      <ul className={styles["cards"]}>
        {result.outputs.map((output) => {
          const title =
            component?.outputs.find((port) => port.name === output.port)?.title ?? output.port;
          return (
            <li key={output.port} className={styles["item"]}>
              <p className={styles["line"]}>
                <PortShape type={output.type} />
                <strong className={styles["grow"]}>{title}</strong>
                <span className={styles["quiet"]}>{bytes(output.bytes)}</span>
              </p>
              <Glance output={output} />
              <p className={styles["line"]}>
                <span className={`${styles["quiet"]} ${styles["grow"]}`}>
                  {step.outputs[output.port] && words.delivered(step.outputs[output.port] ?? "")}
                </span>
                <LinkButton
                  size="small"
                  icon="search"
                  href={lookAt(output.type, output.artifact, run.summary.id, result.name)}
                  aria-label={words.lookAt(title)}
                >
                  {words.look}
                </LinkButton>
              </p>
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** A line on what is inside, where that costs little. */
function Glance({ output }: { output: Output }) {
  const { data } = useQuery({
    queryKey: ["glance", output.type, output.artifact],
    structuralSharing: false,
    queryFn: () => glance(output),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return (
    <div className={styles["glance"]}>
      {data ?? <span className={styles["quiet"]}>{output.type}</span>}
    </div>
  );
}

async function glance({ type, artifact }: Output): Promise<ReactNode> {
  const params = { params: { path: { artifact } } };
  switch (type) {
    case "ImageDirectory": {
      const view = await ask(client.GET("/api/images/{artifact}", params));
      const most = Math.max(1, ...view.classes.map((item) => item.count));
      return (
        <>
          {[
            words.pictures(view.count),
            view.labelled ? words.classes(view.classes.length) : "",
            view.skipped > 0 ? words.skipped(view.skipped) : "",
          ]
            .filter(Boolean)
            .join(" · ")}
          <span className={styles["bars"]} aria-hidden="true">
            {view.classes.slice(0, 40).map((item) => (
              <span
                key={item.name}
                title={`${item.name} ${item.count}`}
                style={{ blockSize: `${Math.max(6, (100 * item.count) / most)}%` }}
              />
            ))}
          </span>
        </>
      );
    }
    case "TransformationDirectory": {
      const view = await ask(client.GET("/api/transformations/{artifact}", params));
      return words.ops(view.training.length, view.inference.length);
    }
    case "UntrainedModelDirectory":
    case "ModelDirectory": {
      const view = await ask(client.GET("/api/models/{artifact}", params));
      const accuracy = view.figures["accuracy"] ?? view.figures["top1_accuracy"];
      return [
        view.architecture,
        accuracy == null ? "" : panelWords.bar.accuracy(percent(accuracy)),
        view.best_epoch === null ? "" : words.best(view.best_epoch),
      ]
        .filter(Boolean)
        .join(" · ");
    }
    case "ScoresDirectory": {
      const view = await ask(client.GET("/api/scores/{artifact}", params));
      return [words.pictures(view.count), view.wrong === null ? "" : words.wrong(view.wrong)]
        .filter(Boolean)
        .join(" · ");
    }
    case "EvaluationDirectory": {
      const view = await ask(client.GET("/api/evaluations/{artifact}", params));
      const accuracy = view.figures.find((figure) => figure.name === "accuracy");
      if (accuracy?.value == null) return words.pictures(view.pictures);
      const interval =
        accuracy.low === null || accuracy.high === null
          ? ""
          : ` (${percent(accuracy.low)} – ${percent(accuracy.high)})`;
      return `${panelWords.bar.accuracy(percent(accuracy.value))}${interval}`;
    }
    default:
      return null;
  }
}
