/** What a run would do, the button that starts it, and how the newest run of the draft goes. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { ariaKeys, shownKeys } from "~/actions/keyboard";
import { action, RUN_EVENT } from "~/actions/registry";
import { ask, ConflictError, client } from "~/api/client";
import { useRun } from "~/api/run";
import type { DraftState, RunChoice } from "~/api/types";
import { duration, percent } from "~/messages/numbers";
import { panel as panelWords } from "~/messages/panel";
import { useEditor } from "~/store/editor";
import { leftOf, rateOf, shareOf, useLive } from "~/store/live";
import { saved } from "~/store/saved";
import { Button, LinkButton } from "~/ui/Button";
import { Icon } from "~/ui/Icon";
import { Menu, type MenuEntry } from "~/ui/Menu";
import { Progress } from "~/ui/Progress";
import { Spinner } from "~/ui/Spinner";
import { StateBadge } from "~/ui/StateBadge";
import { toastFailure } from "~/ui/Toast";
import { PlanDialog } from "./PlanDialog";
import styles from "./runbar.module.css";
import { reveal, usePanel } from "./store";
import { isOver, useSummary } from "./useRun";
import { roughly } from "./words";

const words = panelWords.bar;
const { keys } = action("run");
const PAUSE = 400;
const all: RunChoice = {
  up_to: "",
  start_from: "",
  only: "",
  no_reuse: false,
  target: "",
  values: {},
};

export default function RunBar({
  draft,
  run,
  onStarted,
}: {
  draft: DraftState;
  /** The newest run of the draft; empty for none. */
  run: string;
  onStarted: (run: string) => void;
}) {
  const [target, setTarget] = useState("");
  const summary = useSummary(run);
  const running = summary !== undefined && !isOver(summary.state);
  // from the press until the run is known: a second press starts no second run
  const asked = useRef("");
  if (summary && summary.id === asked.current) asked.current = "";
  const start = useMutation({
    mutationFn: async (choice: Partial<RunChoice>) => {
      // what is typed and not saved yet belongs to the run
      if (!(await saved())) throw new Error(words.startFailed);
      return ask(
        client.POST("/api/drafts/{draft}/runs", {
          params: { path: { draft: draft.id } },
          body: { ...all, target, ...choice },
        }),
      );
    },
    onSuccess: ({ run: begun }) => {
      asked.current = begun;
      onStarted(begun);
    },
    onError: (error) => {
      asked.current = "";
      if (!isConflict(draft.id, error)) toastFailure(error);
    },
  });

  const { mutate: send } = start;
  const mutate = useCallback(
    (choice: Partial<RunChoice>) => {
      if (asked.current) return;
      asked.current = "?";
      send(choice);
    },
    [send],
  );
  const errors = draft.problems.filter((problem) => problem.severity === "error");
  const first = errors[0];
  const blocked = first !== undefined || draft.graph.steps.length === 0;
  useEffect(() => {
    const begin = () => {
      if (first) reveal(first);
      else if (!blocked && !running) mutate({});
    };
    window.addEventListener(RUN_EVENT, begin);
    return () => window.removeEventListener(RUN_EVENT, begin);
  }, [first, blocked, running, mutate]);

  return (
    <section aria-label={words.label} className={styles.bar}>
      {running && summary ? (
        <Running run={run} />
      ) : (
        <>
          {summary && <Result run={run} />}
          {first ? (
            <Button look="quiet" icon="error" onClick={() => reveal(first)}>
              {words.problems(errors.length)}
            </Button>
          ) : (
            <PlanStrip
              draft={draft}
              target={target}
              // a run that has ended, however quickly, has left results
              ended={summary && isOver(summary.state) ? run : ""}
            />
          )}
          <div className={styles.split}>
            <Button
              look="primary"
              icon="run"
              busy={start.isPending}
              disabled={blocked}
              title={keys.map(shownKeys).join(", ")}
              aria-keyshortcuts={ariaKeys(keys)}
              onClick={() => mutate({})}
            >
              {words.run}
            </Button>
            <RunMenu
              blocked={blocked}
              target={target}
              onTarget={setTarget}
              onRun={(choice) => mutate(choice)}
            />
          </div>
        </>
      )}
    </section>
  );
}

/** Whether another program changed the file: then it is chosen before anything runs. An edit that
 * came meanwhile is none: what is shown is planned anew. */
function isConflict(draft: string, error: unknown): boolean {
  if (!(error instanceof ConflictError) || error.conflict.where !== "disk") return false;
  useEditor.getState().conflicted(draft, error.conflict);
  return true;
}

function RunMenu({
  blocked,
  target,
  onTarget,
  onRun,
}: {
  blocked: boolean;
  target: string;
  onTarget: (target: string) => void;
  onRun: (choice: Partial<RunChoice>) => void;
}) {
  const selected = useEditor((state) => state.selected);
  const targets = useQuery({
    queryKey: ["targets"],
    queryFn: ({ signal }) => ask(client.GET("/api/targets", { signal })),
  });
  const step = selected.length === 1 ? (selected[0] ?? "") : "";
  const one = { disabled: blocked || !step, hint: step ? step : words.needsOne };
  const entries: MenuEntry[] = [
    { label: words.all, icon: "run", disabled: blocked, onSelect: () => onRun({}) },
    { label: words.upTo, ...one, onSelect: () => onRun({ up_to: step }) },
    { label: words.from, ...one, onSelect: () => onRun({ start_from: step }) },
    { label: words.only, ...one, onSelect: () => onRun({ only: step }) },
    {
      label: words.noReuse,
      icon: "refresh",
      disabled: blocked,
      onSelect: () => onRun({ no_reuse: true }),
    },
    "separator",
    {
      label: `${words.target} ${words.asWritten}`,
      checked: target === "",
      onSelect: () => onTarget(""),
    },
    ...(targets.data ?? []).map((item) => ({
      label: `${words.target} ${item.name}`,
      hint: item.device,
      checked: target === item.name,
      onSelect: () => onTarget(item.name),
    })),
  ];
  return <Menu label={words.menu} icon="chevronDown" look="primary" entries={entries} alignEnd />;
}

/** How many steps would run or be reused, and how long that takes; computed after each saved edit. */
function PlanStrip({ draft, target, ended }: { draft: DraftState; target: string; ended: string }) {
  const [open, setOpen] = useState(false);
  const saving = useEditor((state) => state.saving);
  const [asked, setAsked] = useState(draft.revision);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(draft.revision), PAUSE);
    return () => clearTimeout(timer);
  }, [draft.revision]);
  const empty = draft.graph.steps.length === 0;
  const plan = useQuery({
    queryKey: ["plan", draft.id, asked, ended, target],
    queryFn: ({ signal }) =>
      ask(
        client.POST("/api/drafts/{draft}/plan", {
          params: { path: { draft: draft.id } },
          body: { ...all, target },
          signal,
        }),
      ),
    enabled: !empty && saving === "saved" && asked === draft.revision,
    placeholderData: (before) => before,
    retry: false,
  });
  useEffect(() => void isConflict(draft.id, plan.error), [draft.id, plan.error]);
  const fresh = plan.data?.revision === draft.revision && !plan.isPlaceholderData;
  useEffect(() => {
    usePanel.getState().planned(fresh && plan.data ? plan.data : null);
    return () => usePanel.getState().planned(null);
  }, [fresh, plan.data]);
  if (empty) return <span className={styles.quiet}>{words.emptyDraft}</span>;
  if (plan.error) {
    const why = words.planFailed(plan.error.message);
    return (
      <span className={styles.quiet} title={why}>
        {why}
      </span>
    );
  }
  if (!plan.data) return <span className={styles.quiet}>{words.planning}</span>;
  const { run, reuse, leave, refuse, seconds } = plan.data;
  const parts =
    run === 0 && refuse === 0
      ? [words.nothing]
      : [
          words.toRun(run),
          reuse > 0 && words.reused(reuse),
          leave > 0 && words.left(leave),
          refuse > 0 && words.refused(refuse),
          seconds !== null && words.about(roughly(seconds)),
        ].filter(Boolean);
  return (
    <>
      <button
        type="button"
        className={styles.strip}
        data-stale={!fresh || undefined}
        title={words.showPlan}
        onClick={() => setOpen(true)}
      >
        {fresh ? <Icon name="reused" size={14} /> : <Spinner size={14} />}
        {parts.join(", ")}
      </button>
      {open && <PlanDialog plan={plan.data} onClose={() => setOpen(false)} />}
    </>
  );
}

function Running({ run }: { run: string }) {
  const view = useRun(run).data;
  const live = useLive((state) => state.steps);
  const stop = useMutation({
    mutationFn: (how: "cancel" | "finish") =>
      ask(
        client.POST("/api/runs/{run}/cancel", {
          params: { path: { run } },
          body: { how, step: "" },
        }),
      ),
    onError: toastFailure,
  });
  const steps = view?.steps ?? [];
  const states = steps.map((step) => live[step.name]?.state ?? step.state);
  const done = states.filter((state) => state !== "queued" && state !== "running").length;
  const now = steps.find((step) => live[step.name]?.state === "running");
  const training = steps.some((step) => step.trains && live[step.name]?.state === "running");
  const step = now ? live[now.name] : undefined;
  const share = step ? (shareOf(step) ?? 0) : 0;
  const facts = [
    words.progress(done, steps.length),
    now?.name ?? "",
    step ? rateOf(step) : "",
    step && leftOf(step) ? words.timeLeft(leftOf(step)) : "",
  ].filter(Boolean);
  return (
    <>
      <div className={styles.progress}>
        <span>{facts.join(", ")}</span>
        <Progress
          label={words.progress(done, steps.length)}
          value={steps.length > 0 ? (done + share) / steps.length : undefined}
        />
      </div>
      {training && (
        <Button icon="star" busy={stop.isPending} onClick={() => stop.mutate("finish")}>
          {words.finish}
        </Button>
      )}
      <Button icon="stop" busy={stop.isPending} onClick={() => stop.mutate("cancel")}>
        {words.cancel}
      </Button>
      <LinkButton href={`/runs/${run}`} icon="runs">
        {words.open}
      </LinkButton>
    </>
  );
}

function Result({ run }: { run: string }) {
  const summary = useSummary(run);
  if (!summary) return null;
  const accuracy = summary.figures["top1_accuracy"];
  const what = [
    accuracy != null && words.accuracy(percent(accuracy)),
    summary.seconds !== null && duration(summary.seconds),
  ].filter(Boolean);
  return (
    <LinkButton href={`/runs/${run}`} look="quiet" aria-label={words.open}>
      <StateBadge bare state={summary.state} />
      <span className={styles.result}>{what.join(", ")}</span>
    </LinkButton>
  );
}
