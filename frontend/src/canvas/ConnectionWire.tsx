/** The wire that is being drawn, and beside the pointer why it would be refused. */
import { type ConnectionLineComponentProps, getBezierPath } from "@xyflow/react";
import { refusal } from "~/graph/types";
import { t } from "~/messages";
import { useCatalog } from "~/store/catalog";
import { useEditor } from "~/store/editor";
import styles from "./Canvas.module.css";
import type { FlowNode } from "./toFlow";
import { INSET } from "./WireEdge";

export function ConnectionWire(props: ConnectionLineComponentProps<FlowNode>) {
  const { fromX, fromY, toX, toY, fromPosition, toPosition, fromHandle, toHandle } = props;
  const [path] = getBezierPath({
    sourceX: fromX,
    sourceY: fromHandle.type === "source" ? fromY - INSET : fromY + INSET,
    sourcePosition: fromPosition,
    targetX: toX,
    targetY: toY,
    targetPosition: toPosition,
  });
  const graph = useEditor((state) => state.draft?.graph);
  const components = useCatalog((state) => state.byName);
  let reason = "";
  let replaces = "";
  if (graph && toHandle && toHandle.type !== fromHandle.type) {
    const [out, into] =
      fromHandle.type === "source" ? [fromHandle, toHandle] : [toHandle, fromHandle];
    const wire = {
      from: out.nodeId,
      fromPort: out.id ?? "",
      to: into.nodeId,
      toPort: into.id ?? "",
    };
    const why = refusal(graph, wire, components);
    if (why) reason = t.canvas.refused(why);
    else {
      const bound = graph.steps.find((step) => step.name === wire.to)?.inputs[wire.toPort];
      const same =
        bound?.kind === "step" && bound.step === wire.from && bound.port === wire.fromPort;
      if (bound?.kind === "step" && !same) replaces = t.canvas.port.replaced(bound.step);
    }
  }
  return (
    <g>
      <path
        className="react-flow__connection-path"
        d={path}
        data-refused={reason !== "" || undefined}
      />
      {(reason || replaces) && (
        <foreignObject x={toX + 14} y={toY + 10} width={280} height={96} overflow="visible">
          <div className={styles["hint"]} data-tone={reason ? "bad" : "info"}>
            {reason || replaces}
          </div>
        </foreignObject>
      )}
    </g>
  );
}
