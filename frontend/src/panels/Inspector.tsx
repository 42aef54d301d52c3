/** The right panel: one step in tabs, several, or the pipeline itself. */
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { ask, client } from "~/api/client";
import { useRun } from "~/api/run";
import type { Graph, GraphStep, Problem } from "~/api/types";
import { panel as panelWords } from "~/messages/panel";
import { useCatalog } from "~/store/catalog";
import { useEditor } from "~/store/editor";
import { useLive } from "~/store/live";
import { IconButton } from "~/ui/Button";
import { Icon } from "~/ui/Icon";
import { Notice } from "~/ui/Notice";
import { StateBadge } from "~/ui/StateBadge";
import { type Tab, Tabs } from "~/ui/Tabs";
import { toastFailure } from "~/ui/Toast";
import { ComputeTab } from "./ComputeTab";
import { ConnectionsTab } from "./ConnectionsTab";
import { send } from "./edits";
import { HelpButton } from "./HelpButton";
import { LogTab } from "./LogTab";
import { OutputsTab } from "./OutputsTab";
import { ParametersOfRun, ParametersTab } from "./ParametersTab";
import { PipelinePanel } from "./PipelinePanel";
import styles from "./panel.module.css";
import { SeveralPanel } from "./SeveralPanel";
import { type TabName, usePanel } from "./store";
import { TypedField } from "./TypedField";
import { WhyTab } from "./WhyTab";

const words = panelWords;
const NO_NAMES: readonly string[] = [];

export interface InspectorProps {
  mode: "draft" | "run";
  graph: Graph;
  problems: readonly Problem[];
  selected: readonly string[];
  /** The run that is shown, or the newest of the draft; empty for none. */
  runId: string;
  /** Select another step; the draft's own selection otherwise. */
  onSelect?: (steps: readonly string[]) => void;
}

export function Inspector(props: InspectorProps) {
  const { mode, graph, problems, selected } = props;
  const draft = useEditor((state) => state.draft?.id) ?? "";
  const steps = graph.steps.filter((step) => selected.includes(step.name));
  const choose = props.onSelect ?? useEditor.getState().select;
  const select = (step: string) => choose([step]);
  const readOnly = mode === "run";
  const frame = useFocusedField();
  const only = steps.length === 1 ? steps[0] : undefined;
  const { keyOf, renamed } = useKeys();
  return (
    <aside ref={frame} aria-label={words.inspector} className={styles["inspector"]}>
      {only ? (
        // a step of its own each: what was typed belongs to the step it was typed for
        <StepPanel
          key={`${draft} ${keyOf(only.name)}`}
          {...props}
          draft={draft}
          step={only}
          onGo={select}
          onRename={renamed}
        />
      ) : (
        <>
          <header className={styles["head"]}>
            <h2>{steps.length > 1 ? words.several.count(steps.length) : words.pipeline.heading}</h2>
          </header>
          {steps.length > 1 ? (
            <SeveralPanel graph={graph} selected={selected} readOnly={readOnly} onSelect={select} />
          ) : (
            <PipelinePanel
              key={draft}
              draft={draft}
              graph={graph}
              problems={problems}
              readOnly={readOnly}
            />
          )}
        </>
      )}
    </aside>
  );
}

/** One word for each step, which a rename keeps: the fields, and the focus in them, stay. */
function useKeys() {
  const keys = useRef(new Map<string, string>());
  const keyOf = (name: string) => keys.current.get(name) ?? name;
  const renamed = (name: string, to: string) => {
    keys.current.set(to, keyOf(name));
    // another step that gets the old name one day is not this one
    keys.current.set(name, `${name} ${keys.current.size}`);
  };
  return { keyOf, renamed };
}

/** Puts the focus on the field that somebody wants to see, once it is drawn. */
function useFocusedField() {
  const frame = useRef<HTMLElement>(null);
  const focus = usePanel((state) => state.focus);
  useEffect(() => {
    if (focus === "") return;
    const timer = setTimeout(() => {
      const field = frame.current?.querySelector<HTMLElement>(
        `[data-parameter="${CSS.escape(focus)}"]`,
      );
      field?.focus();
      field?.scrollIntoView({ block: "center" });
      usePanel.getState().focused();
    }, 60);
    return () => clearTimeout(timer);
  }, [focus]);
  return frame;
}

interface StepPanelProps extends InspectorProps {
  draft: string;
  step: GraphStep;
  onGo: (step: string) => void;
  onRename: (step: string, to: string) => void;
}

function StepPanel({ mode, draft, step, graph, problems, runId, onGo, onRename }: StepPanelProps) {
  const component = useCatalog((state) => state.byName.get(step.component));
  const tab = usePanel((state) => state.tab);
  const show = usePanel((state) => state.show);
  const plan = usePanel((state) => state.plan);
  // what changed is told since the draft's last run; a newer one has what is set now
  const changed =
    useEditor((state) =>
      state.draft?.last_run === runId ? state.draft.changed_since[step.name] : undefined,
    ) ?? NO_NAMES;
  const { data: run } = useRun(runId);
  const live = useLive((state) => (state.run === runId ? state.steps[step.name] : undefined));
  const result = run?.steps.find((item) => item.name === step.name);
  const state = live?.state ?? result?.state;
  const readOnly = mode === "run";
  const own = problems.filter((problem) => problem.step === step.name);
  const isField = (name: string) => own.some((problem) => problem.name === name);
  const wrongIn = (names: readonly string[]) => names.filter(isField).length || undefined;
  const ports = component?.inputs.map((port) => port.name) ?? [];
  const properties = Object.keys(
    (component?.parameters["properties"] ?? {}) as Record<string, unknown>,
  );
  const general = own.filter(
    (problem) => !properties.includes(problem.name) && !ports.includes(problem.name),
  );

  const tabs: Tab<TabName>[] = [
    {
      id: "parameters",
      label: words.tabs.parameters,
      badge: wrongIn(properties),
      content: () => (
        <div className={styles["pane"]}>
          {!readOnly && (
            <StepHead
              draft={draft}
              step={step}
              graph={graph}
              problems={general}
              onRename={onRename}
            />
          )}
          {!component ? (
            <Notice tone="warn">
              <p>{step.why_unknown || words.step.unknown}</p>
              <p className={styles["quiet"]}>{words.step.unknownRemedy}</p>
            </Notice>
          ) : readOnly ? (
            <ParametersOfRun step={step} component={component} />
          ) : (
            <ParametersTab
              draft={draft}
              step={step}
              component={component}
              graph={graph}
              problems={own}
              changed={changed}
              run={run}
            />
          )}
        </div>
      ),
    },
    {
      id: "connections",
      label: words.tabs.connections,
      badge: wrongIn(ports),
      content: () => (
        <div className={styles["pane"]}>
          {component && (
            <ConnectionsTab
              draft={draft}
              step={step}
              component={component}
              graph={graph}
              problems={own}
              readOnly={readOnly}
              onSelect={onGo}
            />
          )}
        </div>
      ),
    },
    {
      id: "compute",
      label: words.tabs.compute,
      badge: wrongIn(["compute"]),
      content: () => (
        <div className={styles["pane"]}>
          <ComputeTab
            step={step}
            graph={graph}
            problems={own}
            readOnly={readOnly}
            ranOn={result?.target ?? ""}
          />
        </div>
      ),
    },
    {
      id: "outputs",
      label: words.tabs.outputs,
      content: () => (
        <div className={styles["pane"]}>
          <OutputsTab
            step={step}
            component={component}
            run={run}
            result={result}
            outdated={!readOnly && changed.length > 0}
          />
        </div>
      ),
    },
    {
      id: "log",
      label: words.tabs.log,
      content: () => <LogTab run={runId} step={step.name} state={state} />,
    },
    {
      id: "why",
      label: words.tabs.why,
      content: () => (
        <div className={styles["pane"]}>
          <WhyTab
            planned={readOnly ? undefined : plan?.steps.find((item) => item.step === step.name)}
            result={result}
          />
        </div>
      ),
    },
  ];
  return (
    <>
      <header className={styles["head"]}>
        <div className={styles["headLine"]}>
          <h2>{step.title}</h2>
          {state && <StateBadge state={state} />}
          {state === "running" && <CancelStep run={runId} step={step.name} />}
        </div>
        <p className={`${styles["quiet"]} ${styles["line"]}`}>
          <span className={styles["ellipsis"]}>
            {words.step.of(
              component?.title ?? step.component,
              step.version || component?.version || "",
            )}
          </span>
          {component && (
            <HelpButton label={words.step.about}>
              <p>{component.summary}</p>
              {component.description && <p>{component.description}</p>}
              {component.differs_from_the_original.length > 0 && (
                <>
                  <h3>{words.step.differs}</h3>
                  <ul>
                    {component.differs_from_the_original.map((item) => (
                      <li key={item}>{item}</li>
                    ))}
                  </ul>
                </>
              )}
            </HelpButton>
          )}
        </p>
      </header>
      <Tabs
        label={words.tabs.label}
        tabs={tabs}
        selected={tab}
        onSelect={(id) => show(id)}
        className={styles["tabs"]}
      />
    </>
  );
}

/** Ends one step and what needs it; the others go on. */
function CancelStep({ run, step }: { run: string; step: string }) {
  const cancel = useMutation({
    mutationFn: () =>
      ask(
        client.POST("/api/runs/{run}/cancel", {
          params: { path: { run } },
          body: { how: "cancel", step },
        }),
      ),
    onError: toastFailure,
  });
  return (
    <IconButton
      icon="stop"
      size="small"
      label={words.step.cancel}
      // it is asked once; the state of the step tells when it has ended
      busy={cancel.isPending || cancel.isSuccess}
      onClick={() => cancel.mutate()}
    />
  );
}

/** Name, title and comment of a step. */
function StepHead({
  draft,
  step,
  graph,
  problems,
  onRename,
}: {
  draft: string;
  step: GraphStep;
  graph: Graph;
  problems: readonly Problem[];
  onRename: (step: string, to: string) => void;
}) {
  const wrong = (text: string) => {
    if (!/^[a-z_][a-z0-9_]*$/.test(text)) return words.step.nameWrong;
    const isTaken = text !== step.name && graph.steps.some((other) => other.name === text);
    return isTaken ? words.step.nameTaken : "";
  };
  const text = (key: "display_name" | "comment", label: string) => (value: string) =>
    send(
      words.step.setText(label, step.name),
      [{ kind: "set_step", step: step.name, key, value: value || null }],
      `type ${step.name}.${key}`,
    );
  return (
    <>
      {problems.map((problem) => (
        <Notice
          key={`${problem.code} ${problem.name}`}
          tone={problem.severity === "error" ? "bad" : "warn"}
          standing
        >
          <p>{problem.message}</p>
          {problem.remedy && <p className={styles["quiet"]}>{problem.remedy}</p>}
        </Notice>
      ))}
      <details className={styles["about"]}>
        <summary>
          <Icon name="chevronRight" size={14} />
          <span>{words.step.name}</span>
          <code className={styles["mono"]}>{step.name}</code>
        </summary>
        <div className={styles["group"]}>
          <RenameField draft={draft} step={step} wrong={wrong} onRename={onRename} />
          <TypedField
            id={`${draft}/${step.name}/display_name`}
            label={words.step.title}
            saved={step.display_name}
            placeholder={step.title}
            send={text("display_name", words.step.title)}
          />
          <TypedField
            id={`${draft}/${step.name}/comment`}
            label={words.step.comment}
            saved={step.comment}
            send={text("comment", words.step.comment)}
            long
          />
        </div>
      </details>
    </>
  );
}

function RenameField({
  draft,
  step,
  wrong,
  onRename,
}: {
  draft: string;
  step: GraphStep;
  wrong: (text: string) => string;
  onRename: (step: string, to: string) => void;
}) {
  return (
    <TypedField
      id={`${draft}/${step.name}/name`}
      label={words.step.name}
      hint={words.step.nameHint}
      saved={step.name}
      wrong={wrong}
      onlyWhenLeft
      send={async (text) => {
        if (wrong(text) !== "") return false;
        const isChosen = useEditor.getState().selected.includes(step.name);
        onRename(step.name, text);
        const sent = send(words.step.rename, [{ kind: "rename_step", step: step.name, new: text }]);
        // before anything is drawn: the panel of the step stays
        if (isChosen) useEditor.getState().select([text]);
        const reached = await sent;
        const { selected, select, draft: now } = useEditor.getState();
        if (!reached && isChosen && selected.length === 0) {
          onRename(text, step.name);
          if (now?.graph.steps.some((other) => other.name === step.name)) select([step.name]);
        }
        return reached;
      }}
    />
  );
}
