/** A wire, from shape to shape: a port's target is larger than what is drawn of it. It goes round
 * steps that it would run behind. */
import { BaseEdge, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";
import { lanePath } from "./lanes";

/** From the rim of a port's target inwards to its shape. */
export const INSET = 8;

export const WireEdge = memo(function WireEdge(props: EdgeProps) {
  const { id, sourceX, sourceY, sourcePosition, targetX, targetY, targetPosition } = props;
  const from = { x: sourceX, y: sourceY - INSET };
  const to = { x: targetX, y: targetY + INSET };
  const lane = props.data?.["lane"];
  const round = typeof lane === "number" ? lanePath(lane, from, to) : "";
  const [straight] = getBezierPath({
    sourceX: from.x,
    sourceY: from.y,
    sourcePosition,
    targetX: to.x,
    targetY: to.y,
    targetPosition,
  });
  const path = round || straight;
  return <BaseEdge id={id} path={path} interactionWidth={20} />;
});
