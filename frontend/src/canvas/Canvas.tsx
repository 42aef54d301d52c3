/** The pipeline as boxes and wires.
 *
 * React Flow holds the positions while something is dragged; nothing else is drawn anew then. One
 * edit is made when the drag ends. The canvas is one tab stop: arrow keys go from step to step. */
import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  type Connection,
  type Edge,
  type EdgeMouseHandler,
  type FinalConnectionState,
  type NodeChange,
  type OnConnectStartParams,
  ReactFlow,
  ReactFlowProvider,
  SelectionMode,
  useReactFlow,
  useStoreApi,
} from "@xyflow/react";
import { type DragEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import "./flow.css";
import { addStep, connect, move } from "~/actions/edit";
import { openProperties } from "~/actions/registry";
import type { Graph, Position, Problem } from "~/api/types";
import { NODE_HEIGHT, NODE_WIDTH, positionsOf } from "~/graph/layout";
import { inputOf, kindOf, outputOf, refusal } from "~/graph/types";
import { t } from "~/messages";
import { useCatalog } from "~/store/catalog";
import { useEditor } from "~/store/editor";
import { useLive } from "~/store/live";
import { type CanvasHandle, useView } from "~/store/view";
import { cx } from "~/ui/cx";
import styles from "./Canvas.module.css";
import { ConnectionWire } from "./ConnectionWire";
import { canvasKeys } from "./keys";
import { NoteNode } from "./NoteNode";
import { Overview } from "./Overview";
import { dropTarget, PALETTE_TYPE, pointOf } from "./pointer";
import { StepNode, sentenceOf } from "./StepNode";
import { Toolbar } from "./Toolbar";
import { edgesOf, type FlowNode, noteNodes, reading, stepNodes } from "./toFlow";
import { WireEdge } from "./WireEdge";

const nodeTypes = { step: StepNode, note: NoteNode };
const edgeTypes = { default: WireEdge };
const none: Readonly<Record<string, readonly string[]>> = {};
/** Fewer steps are seen at a glance, of more nothing would be seen. */
const OVERVIEW_FROM = 30;
const OVERVIEW_UP_TO = 1_000;

export interface CanvasProps {
  graph: Graph;
  problems: readonly Problem[];
  readOnly: boolean;
  selected: readonly string[];
  onSelect: (steps: readonly string[]) => void;
  changed?: Readonly<Record<string, readonly string[]>>;
}

export function Canvas(props: CanvasProps) {
  return (
    <ReactFlowProvider>
      <Flow {...props} />
    </ReactFlowProvider>
  );
}

function Flow({ graph, problems, readOnly, selected, onSelect, changed = none }: CanvasProps) {
  const components = useCatalog((state) => state.byName);
  const flow = useReactFlow<FlowNode>();
  const store = useStoreApi();
  const box = useRef<HTMLDivElement>(null);
  const boxing = useView((state) => state.boxing);
  const wire = useView((state) => state.wire);
  const [nodes, setNodes] = useState<FlowNode[]>([]);
  const [kind, setKind] = useState("");
  const drag = useRef<{ from: Map<string, Position>; cancelled: boolean } | null>(null);
  const now = useRef({ graph, selected, nodes, components });
  now.current = { graph, selected, nodes, components };
  const placesNow = useRef<Record<string, Position>>({});

  const positions = useMemo(() => positionsOf(graph), [graph]);
  placesNow.current = positions;
  const { order, near } = useMemo(() => reading(graph), [graph]);

  // the pipeline's nodes, with the place that a drag gives them and the selection
  useEffect(() => {
    setNodes((before) => {
      const old = new Map(before.map((node) => [node.id, node]));
      const drawing = { graph, components, problems, changed, positions, readOnly };
      const next: FlowNode[] = [
        ...noteNodes(graph.notes, readOnly, old),
        ...stepNodes(drawing, old),
      ];
      if (!drag.current || drag.current.cancelled) return next;
      return next.map((node) => {
        const dragged = old.get(node.id);
        return dragged?.dragging ? { ...node, position: dragged.position, dragging: true } : node;
      });
    });
  }, [graph, components, problems, changed, positions, readOnly]);

  const chosen = useMemo(() => new Set(selected), [selected]);
  const drawn = useRef<FlowNode[]>([]);
  const shown = useMemo(() => {
    const old = drawn.current;
    const next = nodes.map((node, at) => {
      const is = chosen.has(node.id);
      if ((node.selected ?? false) === is) return node;
      const before = old[at];
      return before?.id === node.id && before.selected === is && sameBut(before, node)
        ? before
        : { ...node, selected: is };
    });
    drawn.current = next;
    return next;
  }, [nodes, chosen]);

  const edgesBefore = useRef(new Map<string, Edge>());
  const edges = useMemo(() => {
    const made = edgesOf(graph, components, positions, edgesBefore.current).map((edge) =>
      (edge.selected ?? false) === (edge.id === wire)
        ? edge
        : { ...edge, selected: edge.id === wire, zIndex: edge.id === wire ? 1 : 0 },
    );
    edgesBefore.current = new Map(made.map((edge) => [edge.id, edge]));
    return made;
  }, [graph, components, positions, wire]);

  const onNodesChange = useCallback(
    (changes: NodeChange<FlowNode>[]) => {
      const places: NodeChange<FlowNode>[] = [];
      let picked: Set<string> | null = null;
      for (const change of changes) {
        if (change.type === "select") {
          picked ??= new Set(now.current.selected);
          if (change.selected) picked.add(change.id);
          else picked.delete(change.id);
        } else if (change.type === "position" && !drag.current?.cancelled) places.push(change);
      }
      if (places.length) setNodes((before) => applyNodeChanges(places, before));
      if (picked) {
        const names = [...picked].filter((id) => !id.startsWith("note:"));
        useView.getState().set({ wire: "" });
        onSelect(names);
      }
    },
    [onSelect],
  );

  const dragStart = useCallback((_: unknown, __: unknown, moved: FlowNode[]) => {
    drag.current = {
      from: new Map(moved.map((node) => [node.id, node.position])),
      cancelled: false,
    };
  }, []);

  const dragStop = useCallback((_: unknown, __: unknown, moved: FlowNode[]) => {
    const { current } = drag;
    drag.current = null;
    if (!current || current.cancelled) return;
    const round = (place: Position) => ({ x: Math.round(place.x), y: Math.round(place.y) });
    const away = moved.filter((node) => {
      const from = current.from.get(node.id);
      return !from || from.x !== node.position.x || from.y !== node.position.y;
    });
    const steps = away.filter((node) => node.type === "step");
    if (steps.length) {
      move(Object.fromEntries(steps.map((node) => [node.id, round(node.position)])));
    }
    const notes = new Map(
      away.flatMap((node) => (node.type === "note" ? [[node.data.index, node.position]] : [])),
    );
    if (notes.size) {
      const all = now.current.graph.notes.map((note, index) => {
        const place = notes.get(index);
        return place ? { ...note, ...round(place) } : note;
      });
      void useEditor.getState().edit(t.canvas.labels.moveNote, [{ kind: "set_notes", notes: all }]);
    }
  }, []);

  /** Put back what is being dragged; whether something was. */
  const cancelDrag = useCallback((): boolean => {
    const { current } = drag;
    if (!current || current.cancelled) return false;
    current.cancelled = true;
    setNodes((before) =>
      before.map((node) => {
        const position = current.from.get(node.id);
        return position ? { ...node, position, dragging: false } : node;
      }),
    );
    useView.getState().say(t.canvas.said.cancelled);
    return true;
  }, []);

  const valid = useCallback((connection: Connection | Edge) => {
    const { graph: pipeline, components: known } = now.current;
    return refusal(pipeline, wireOf(connection), known) === null;
  }, []);

  const connected = useCallback((connection: Connection) => {
    const { from, fromPort, to, toPort } = wireOf(connection);
    connect(from, fromPort, to, toPort);
  }, []);

  const connectStart = useCallback((_: unknown, start: OnConnectStartParams) => {
    const { graph: pipeline, components: known } = now.current;
    const find = start.handleType === "source" ? outputOf : inputOf;
    const port = find(pipeline, start.nodeId ?? "", start.handleId ?? "", known);
    setKind(port ? `${start.handleType} ${kindOf(port.type)}` : "");
  }, []);

  const connectEnd = useCallback(
    (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
      setKind("");
      const { fromHandle, toHandle, isValid } = state;
      if (!fromHandle || isValid) return;
      const { graph: pipeline, components: known } = now.current;
      const end = fromHandle.type;
      const mine = { step: fromHandle.nodeId, port: fromHandle.id ?? "" };
      const screen = pointOf(event);
      if (toHandle) {
        const theirs = { step: toHandle.nodeId, port: toHandle.id ?? "" };
        const [out, into] = end === "source" ? [mine, theirs] : [theirs, mine];
        const made = { from: out.step, fromPort: out.port, to: into.step, toPort: into.port };
        const why = fromHandle.type === toHandle.type ? null : refusal(pipeline, made, known);
        if (why) useView.getState().say(t.canvas.refused(why));
        return;
      }
      const onto = dropTarget(screen, pipeline, mine, end, known);
      if (onto) {
        if (onto.kind === "refused") useView.getState().say(t.canvas.refused(onto.why));
        else connect(onto.wire.from, onto.wire.fromPort, onto.wire.to, onto.wire.toPort);
        return;
      }
      const find = end === "source" ? outputOf : inputOf;
      const port = find(pipeline, mine.step, mine.port, known);
      if (!port || readOnly) return;
      const place = flow.screenToFlowPosition(screen);
      const at = {
        x: place.x - NODE_WIDTH / 2,
        y: end === "source" ? place.y : place.y - NODE_HEIGHT,
      };
      const loose = { ...mine, type: port.type, end };
      useView.getState().set({ dialog: { kind: "add", at, wire: loose, screen } });
    },
    [flow, readOnly],
  );

  const pickEdge: EdgeMouseHandler = useCallback(
    (_, edge) => {
      onSelect([]);
      useView.getState().set({ wire: edge.id });
    },
    [onSelect],
  );

  const pickNothing = useCallback(() => {
    if (now.current.selected.length) onSelect([]);
    useView.getState().set({ wire: "" });
  }, [onSelect]);

  const dropped = useCallback(
    (event: DragEvent) => {
      const component = now.current.components.get(event.dataTransfer.getData(PALETTE_TYPE));
      if (!component || readOnly) return;
      event.preventDefault();
      const place = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
      addStep(component, { at: { x: place.x - NODE_WIDTH / 2, y: place.y - NODE_HEIGHT / 2 } });
      box.current?.focus();
    },
    [flow, readOnly],
  );

  // what actions may ask for
  useEffect(() => {
    const handle: CanvasHandle = {
      fit: () => void flow.fitView({ ...fitting, duration: 200 }),
      zoom: (by) => void (by === "in" ? flow.zoomIn() : flow.zoomOut()),
      locate: (names) => {
        const ids = names.filter((name) => flow.getInternalNode(name));
        if (ids.length === 0 || allSeen(ids)) return;
        const zoom = Math.max(flow.getZoom(), 0.6);
        void flow.fitView({
          nodes: ids.map((id) => ({ id })),
          maxZoom: zoom,
          minZoom: ids.length > 1 ? 0.1 : zoom,
          padding: 0.2,
          duration: 200,
        });
      },
      middle: () => {
        const area = box.current?.getBoundingClientRect();
        return flow.screenToFlowPosition({
          x: (area?.left ?? 0) + (area?.width ?? 0) / 2,
          y: (area?.top ?? 0) + (area?.height ?? 0) / 2,
        });
      },
      positions: () => placesNow.current,
      focus: () => box.current?.focus(),
    };
    const allSeen = (ids: readonly string[]) => {
      const { transform, width, height } = store.getState();
      const [x, y, zoom] = transform;
      return ids.every((id) => {
        const at = flow.getInternalNode(id)?.internals.positionAbsolute;
        if (!at) return false;
        const left = at.x * zoom + x;
        const top = at.y * zoom + y;
        return (
          left >= 0 &&
          top >= 0 &&
          left + NODE_WIDTH * zoom <= width &&
          top + NODE_HEIGHT * zoom <= height &&
          zoom >= 0.4
        );
      });
    };
    useView.getState().set({ canvas: handle });
    return () => {
      if (useView.getState().canvas === handle) useView.getState().set({ canvas: null });
    };
  }, [flow, store]);

  // what surrounds a run's canvas grows as it goes on: all of it stays in sight until it is moved
  const moved = useRef(false);
  useEffect(() => {
    const area = box.current;
    if (!readOnly || !area) return;
    const watch = new ResizeObserver(() => {
      if (!moved.current) void flow.fitView(fitting);
    });
    watch.observe(area);
    return () => watch.disconnect();
  }, [flow, readOnly]);

  const current = selected.at(-1);
  const onKeyDown = canvasKeys({
    order,
    near,
    selected,
    readOnly,
    places: positions,
    onSelect,
    cancelDrag,
    sentence: (name) => {
      const node = nodes.find((item) => item.id === name);
      if (node?.type !== "step") return name;
      return sentenceOf(node.data, useLive.getState().steps[name]);
    },
  });

  return (
    <div
      ref={box}
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application with keys of its own
      tabIndex={0}
      aria-label={t.canvas.canvasLabel(graph.display_name, graph.steps.length)}
      aria-description={readOnly ? t.canvas.canvasHelpRead : t.canvas.canvasHelp}
      aria-activedescendant={current ? `step-${current}` : undefined}
      className={cx(styles["canvas"], boxing && styles["boxing"])}
      data-wire={kind || undefined}
      onKeyDown={onKeyDown}
      onPointerDownCapture={(event) => {
        const within = event.target instanceof Element && event.target.closest("button, a, input");
        if (!within) box.current?.focus({ preventScroll: true });
      }}
      onDragOver={(event) => {
        if (event.dataTransfer.types.includes(PALETTE_TYPE) && !readOnly) event.preventDefault();
      }}
      onDrop={dropped}
    >
      {nodes.length > 0 || graph.steps.length === 0 ? (
        <ReactFlow
          nodes={shown}
          edges={edges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          onNodesChange={onNodesChange}
          onNodeDragStart={dragStart}
          onNodeDragStop={dragStop}
          onSelectionDragStart={(event, moved) => dragStart(event, null, moved)}
          onSelectionDragStop={(event, moved) => dragStop(event, null, moved)}
          onConnect={connected}
          onConnectStart={connectStart}
          onConnectEnd={connectEnd}
          isValidConnection={valid}
          onEdgeClick={pickEdge}
          onPaneClick={pickNothing}
          onMoveStart={(event) => {
            if (event) moved.current = true;
          }}
          onNodeDoubleClick={openStep}
          zoomOnDoubleClick={false}
          connectionLineComponent={ConnectionWire}
          connectionRadius={24}
          nodesDraggable={!readOnly}
          nodesConnectable={!readOnly}
          nodesFocusable={false}
          edgesFocusable={false}
          edgesReconnectable={false}
          elevateNodesOnSelect
          disableKeyboardA11y
          deleteKeyCode={null}
          selectionMode={SelectionMode.Partial}
          selectionOnDrag={boxing}
          panOnDrag={boxing ? [1, 2] : true}
          multiSelectionKeyCode={["Shift", "Meta", "Control"]}
          onlyRenderVisibleElements
          minZoom={0.05}
          maxZoom={2}
          fitView
          fitViewOptions={fitting}
          nodeDragThreshold={3}
        >
          <Background variant={BackgroundVariant.Dots} gap={20} size={1.2} />
        </ReactFlow>
      ) : null}
      {graph.steps.length >= OVERVIEW_FROM && graph.steps.length <= OVERVIEW_UP_TO && (
        <Overview positions={positions} />
      )}
      <Toolbar readOnly={readOnly} />
    </div>
  );
}

const openStep = (_: unknown, node: FlowNode) => {
  if (node.type === "step") openProperties();
};

const fitting = { padding: 0.12, maxZoom: 1, minZoom: 0.05 };

const wireOf = (connection: Connection | Edge) => ({
  from: connection.source,
  fromPort: connection.sourceHandle ?? "",
  to: connection.target,
  toPort: connection.targetHandle ?? "",
});

/** Whether two nodes differ in their selection alone. */
const sameBut = (a: FlowNode, b: FlowNode) =>
  a.data === b.data && a.position === b.position && a.dragging === b.dragging;
