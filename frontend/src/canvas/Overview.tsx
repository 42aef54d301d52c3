/** All steps in small, and what of them is seen; a press goes there.
 *
 * One path for all boxes, from where they stood when nothing was dragged, so that a drag among a
 * thousand steps draws nothing here. */
import { useReactFlow, useStore } from "@xyflow/react";
import { memo, type PointerEvent, useMemo } from "react";
import type { Position } from "~/api/types";
import { NODE_HEIGHT, NODE_WIDTH } from "~/graph/layout";
import { t } from "~/messages";
import styles from "./Canvas.module.css";

const WIDTH = 168;
const HEIGHT = 116;
const MARGIN = 120;

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

function around(places: readonly Position[]): Box {
  let [left, top, right, bottom] = [0, 0, 1, 1];
  places.forEach((at, index) => {
    left = index ? Math.min(left, at.x) : at.x;
    top = index ? Math.min(top, at.y) : at.y;
    right = index ? Math.max(right, at.x + NODE_WIDTH) : at.x + NODE_WIDTH;
    bottom = index ? Math.max(bottom, at.y + NODE_HEIGHT) : at.y + NODE_HEIGHT;
  });
  return {
    x: left - MARGIN,
    y: top - MARGIN,
    width: right - left + 2 * MARGIN,
    height: bottom - top + 2 * MARGIN,
  };
}

/** The part of the canvas that is seen. */
function Seen({ unit }: { unit: number }) {
  const [x, y, zoom] = useStore((state) => state.transform);
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  return (
    <rect
      className={styles["seen"]}
      x={-x / zoom}
      y={-y / zoom}
      width={width / zoom}
      height={height / zoom}
      rx={3 * unit}
    />
  );
}

export const Overview = memo(function Overview({
  positions,
}: {
  positions: Readonly<Record<string, Position>>;
}) {
  const flow = useReactFlow();
  const { box, boxes } = useMemo(() => {
    const places = Object.values(positions);
    const path = places.map(
      (at) => `M${at.x} ${at.y}h${NODE_WIDTH}v${NODE_HEIGHT}h${-NODE_WIDTH}z`,
    );
    return { box: around(places), boxes: path.join("") };
  }, [positions]);
  const unit = Math.max(box.width / WIDTH, box.height / HEIGHT);

  const go = (event: PointerEvent<SVGSVGElement>) => {
    if (event.buttons !== 1) return;
    const matrix = event.currentTarget.getScreenCTM()?.inverse();
    if (!matrix) return;
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    void flow.setCenter(at.x, at.y, { zoom: flow.getZoom() });
  };

  return (
    <svg
      className={styles["overview"]}
      width={WIDTH}
      height={HEIGHT}
      viewBox={`${box.x} ${box.y} ${box.width} ${box.height}`}
      role="img"
      aria-label={t.canvas.minimap}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={go}
    >
      <path className={styles["boxes"]} d={boxes} />
      <Seen unit={unit} />
    </svg>
  );
});
