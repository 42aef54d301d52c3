/** A step on the canvas: what it is, how it stands, where wires go in and out. */
import { Handle, type NodeProps, Position, useStore } from "@xyflow/react";
import { memo } from "react";
import { t } from "~/messages";
import { type StepLive, useLive } from "~/store/live";
import { cx } from "~/ui/cx";
import { categoryIcon, Icon } from "~/ui/Icon";
import { Spark } from "~/ui/Spark";
import styles from "./StepNode.module.css";
import type { PortView, StepData, StepFlowNode } from "./toFlow";

/** Below this zoom a step is a box with a name. */
export const FAR = 0.4;

/** Below this one its name could not be read. */
const VERY_FAR = 0.2;

type Distance = "near" | "far" | "very far";
const distance = ({ transform }: { transform: readonly [number, number, number] }): Distance =>
  transform[2] >= FAR ? "near" : transform[2] >= VERY_FAR ? "far" : "very far";

/** Part of the work that is done, or null when that is not known. */
function partDone(live: StepLive | undefined): number | null {
  const progress = live?.progress;
  const done = Number(progress?.["done"]);
  const total = Number(progress?.["total"]);
  return live?.state === "running" && total > 0 && Number.isFinite(done)
    ? Math.min(done / total, 1)
    : null;
}

function Port({
  port,
  type,
  readOnly,
}: {
  port: PortView;
  type: "source" | "target";
  readOnly: boolean;
}) {
  return (
    <Handle
      id={port.name}
      type={type}
      position={type === "target" ? Position.Top : Position.Bottom}
      isConnectable={!readOnly}
      title={port.tip}
      className={styles["port"] ?? ""}
      style={{ left: port.x }}
      data-kind={port.kind}
      data-state={port.state}
      data-fitting={port.fitting}
    >
      {port.label && (
        <span
          className={cx(
            type === "target" ? styles["source"] : styles["delivered"],
            port.missing && styles["missing"],
          )}
          title={port.labelTip}
        >
          {port.label}
        </span>
      )}
    </Handle>
  );
}

function Details({ data, live }: { data: StepData; live: StepLive | undefined }) {
  const { step } = data;
  const done = partDone(live);
  const loss = live?.loss ?? [];
  return (
    <>
      <span className={styles["icon"]}>
        <Icon name={step.known ? categoryIcon(data.category) : "help"} />
      </span>
      <strong className={styles["title"]} title={step.comment || step.title}>
        {step.title}
      </strong>
      <span className={styles["name"]}>{step.known ? step.name : t.canvas.node.unknown}</span>
      {live && (
        <span className={styles["state"]} data-state={live.state} title={live.reason}>
          <Icon name={live.state} size={14} />
          {t.common.states[live.state]}
        </span>
      )}
      {loss.length > 1 && live?.state === "running" && (
        <Spark
          points={loss}
          label={t.canvas.node.loss}
          width={56}
          height={17}
          className={styles["spark"]}
        />
      )}
      {data.errors + data.warnings > 0 && (
        <span
          className={styles["badge"]}
          data-tone={data.errors ? "bad" : "warn"}
          title={data.saying}
        >
          {data.errors + data.warnings}
          <span className="visually-hidden">
            {" "}
            {t.canvas.node.problems(data.errors, data.warnings)}
          </span>
        </span>
      )}
      {data.changed && <i className={styles["changed"]} title={data.changed} />}
      {done !== null && <i className={styles["bar"]} style={{ transform: `scaleX(${done})` }} />}
      {data.inputs.map((port) => (
        <Port key={port.name} port={port} type="target" readOnly={data.readOnly} />
      ))}
      {data.outputs.map((port) => (
        <Port key={port.name} port={port} type="source" readOnly={data.readOnly} />
      ))}
    </>
  );
}

/** Where wires end on a box without ports: React Flow measures these as it does its own. */
function Ends({ data }: { data: StepData }) {
  const end = (port: PortView, type: "source" | "target") => (
    <i
      key={`${type} ${port.name}`}
      className={cx(type, styles["end"])}
      data-handleid={port.name}
      data-handlepos={type === "target" ? Position.Top : Position.Bottom}
      style={{ left: port.x }}
    />
  );
  return (
    <>
      {data.inputs.map((port) => end(port, "target"))}
      {data.outputs.map((port) => end(port, "source"))}
    </>
  );
}

/** A step in a sentence, with how it goes. */
export function sentenceOf(data: StepData, live: StepLive | undefined): string {
  return live ? `${data.sentence}, ${t.common.states[live.state]}` : data.sentence;
}

export const StepNode = memo(function StepNode({ id, data, selected }: NodeProps<StepFlowNode>) {
  const seen = useStore(distance);
  const live = useLive((state) => state.steps[id]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a step is no set of fields
    <div
      id={`step-${id}`}
      role="group"
      aria-label={sentenceOf(data, live)}
      aria-roledescription={t.canvas.node.role}
      className={cx(
        styles["step"],
        selected && styles["selected"],
        !data.step.known && styles["unknown"],
        data.errors > 0 && styles["bad"],
        seen !== "near" && styles["far"],
      )}
      data-state={live?.state}
      data-kind={data.outputs[0]?.kind ?? "any"}
    >
      {seen === "near" && <Details data={data} live={live} />}
      {seen !== "near" && <Ends data={data} />}
      {seen === "far" && <strong className={styles["title"]}>{data.step.title}</strong>}
    </div>
  );
});
