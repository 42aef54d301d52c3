/** A wire, from shape to shape: a port's target is larger than what is drawn of it. */
import { BaseEdge, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";

/** From the rim of a port's target inwards to its shape. */
export const INSET = 8;

export const WireEdge = memo(function WireEdge(props: EdgeProps) {
  const { id, sourceX, sourceY, sourcePosition, targetX, targetY, targetPosition } = props;
  const [path] = getBezierPath({
    sourceX,
    sourceY: sourceY - INSET,
    sourcePosition,
    targetX,
    targetY: targetY + INSET,
    targetPosition,
  });
  return <BaseEdge id={id} path={path} interactionWidth={20} />;
});
