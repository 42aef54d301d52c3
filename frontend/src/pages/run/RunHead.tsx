/** Name, state and times of a run, and what can be done with it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { ask, client } from "~/api/client";
import type { Run, RunSummary } from "~/api/types";
import { ago, moment } from "~/messages/numbers";
import { run as runWords } from "~/messages/run";
import { isOver } from "~/panels/useRun";
import { useLive } from "~/store/live";
import { Button } from "~/ui/Button";
import { Confirm } from "~/ui/Dialog";
import { Menu, type MenuEntry } from "~/ui/Menu";
import { StateBadge } from "~/ui/StateBadge";
import { toast, toastFailure } from "~/ui/Toast";
import { NoteCell } from "../runs/NoteCell";
import { CompareDialog } from "./CompareDialog";
import { DraftChanges } from "./DraftChanges";
import styles from "./run.module.css";
import { ScoringDialog } from "./ScoringDialog";
import { useNow } from "./useNow";

const words = runWords;
type Asked = "compare" | "delete" | "scoring" | null;

export default function RunHead({ run, summary }: { run: Run; summary: RunSummary }) {
  const [asked, setAsked] = useState<Asked>(null);
  const [, go] = useLocation();
  const queries = useQueryClient();
  const live = useLive((state) => state.steps);
  const over = isOver(summary.state);
  const training = run.steps.some((step) => step.trains && live[step.name]?.state === "running");
  const path = { params: { path: { run: summary.id } } };
  const close = () => setAsked(null);

  const stop = useMutation({
    mutationFn: (how: "cancel" | "finish") =>
      ask(client.POST("/api/runs/{run}/cancel", { ...path, body: { how, step: "" } })),
    onSuccess: (now, how) => {
      useLive.getState().summary(now);
      toast(how === "finish" ? words.finishAsked : words.cancelAsked, "info");
    },
    onError: toastFailure,
  });
  const resume = useMutation({
    mutationFn: () => ask(client.POST("/api/runs/{run}/resume", path)),
    onSuccess: ({ run: next }) => go(`/runs/${next}`),
    onError: toastFailure,
  });
  const edit = useMutation({
    mutationFn: () => ask(client.POST("/api/runs/{run}/draft", path)),
    onSuccess: (draft) => go(`/drafts/${draft.id}`),
    onError: toastFailure,
  });
  const remove = useMutation({
    mutationFn: () => ask(client.DELETE("/api/runs/{run}", path)),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["runs"] });
      go("/runs");
    },
  });

  const hasModel = run.steps.some((step) =>
    step.outputs.some((output) => output.type === "ModelDirectory"),
  );
  const more: MenuEntry[] = [
    { label: words.compare, icon: "compare", disabled: !over, onSelect: () => setAsked("compare") },
    {
      label: words.scoring,
      icon: "scores",
      disabled: summary.state !== "succeeded" || !hasModel,
      onSelect: () => setAsked("scoring"),
    },
    "separator",
    {
      label: words.delete,
      icon: "trash",
      danger: true,
      disabled: !over,
      onSelect: () => setAsked("delete"),
    },
  ];
  return (
    <header className={styles.head}>
      <div className={styles.title}>
        <h1 tabIndex={-1}>{summary.name || summary.id}</h1>
        <StateBadge state={summary.state} />
        <div className={styles.actions}>
          {!over && training && (
            <Button icon="star" busy={stop.isPending} onClick={() => stop.mutate("finish")}>
              {words.finish}
            </Button>
          )}
          {!over && (
            <Button icon="stop" busy={stop.isPending} onClick={() => stop.mutate("cancel")}>
              {words.cancel}
            </Button>
          )}
          {over && summary.state !== "succeeded" && (
            <Button
              look="primary"
              icon="run"
              busy={resume.isPending}
              onClick={() => resume.mutate()}
            >
              {words.resume}
            </Button>
          )}
          <Button icon="edit" busy={edit.isPending} onClick={() => edit.mutate()}>
            {words.edit}
          </Button>
          <Menu label={words.more} icon="more" entries={more} alignEnd />
        </div>
      </div>
      <div className={styles.facts}>
        <Times summary={summary} />
        {summary.parent && <Link href={`/runs/${summary.parent}`}>{words.parent}</Link>}
        {summary.draft && <DraftChanges run={summary} />}
        <NoteCell run={summary} />
      </div>
      {asked === "compare" && <CompareDialog run={summary.id} onClose={close} />}
      {asked === "scoring" && <ScoringDialog run={summary.id} onClose={close} />}
      {asked === "delete" && (
        <Confirm
          title={words.deleteTitle}
          action={words.delete}
          busy={remove.isPending}
          failure={remove.error}
          onConfirm={() => remove.mutate()}
          onClose={close}
        >
          <p>{words.deleteHint}</p>
        </Confirm>
      )}
    </header>
  );
}

function Times({ summary }: { summary: RunSummary }) {
  const over = isOver(summary.state);
  const now = useNow(!over);
  const { started, ended } = summary;
  if (started === null) {
    return <span title={moment(summary.created)}>{words.created(ago(summary.created, now))}</span>;
  }
  return (
    <>
      <span title={moment(started)}>{words.started(ago(started, now))}</span>
      <span>
        {over ? words.took((ended ?? started) - started) : words.goesOn(Math.max(0, now - started))}
      </span>
    </>
  );
}
