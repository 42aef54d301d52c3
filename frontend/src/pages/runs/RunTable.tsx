/** One row per run; what is known of it from the events stands above what was read. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import { ask, client } from "~/api/client";
import type { RunSummary } from "~/api/types";
import { home as homeWords } from "~/messages/home";
import { ago, duration, moment } from "~/messages/numbers";
import { isOver, latest, useLive } from "~/store/live";
import { Confirm } from "~/ui/Dialog";
import { Menu, type MenuEntry } from "~/ui/Menu";
import { Progress } from "~/ui/Progress";
import { StateBadge } from "~/ui/StateBadge";
import { Table } from "~/ui/Table";
import { toast, toastFailure } from "~/ui/Toast";
import { figuresInWords } from "./figures";
import { NoteCell } from "./NoteCell";
import styles from "./runs.module.css";

const words = homeWords.runs;
const goesOn = (run: RunSummary) => run.state === "queued" || run.state === "running";
const canResume = (run: RunSummary) =>
  ["failed", "cancelled", "interrupted", "lost"].includes(run.state);

export function RunTable({
  runs,
  chosen,
  onChoose,
}: {
  runs: readonly RunSummary[];
  chosen: readonly RunSummary[];
  onChoose: (run: RunSummary) => void;
}) {
  const live = useLive((state) => state.runs);
  return (
    <Table caption={words.caption} className={styles.table}>
      <thead>
        <tr>
          <th scope="col">
            <span className="visually-hidden">{words.columns.choose}</span>
          </th>
          <th scope="col">{words.columns.state}</th>
          <th scope="col">{words.columns.name}</th>
          <th scope="col">{words.columns.started}</th>
          <th scope="col" data-number>
            {words.columns.steps}
          </th>
          <th scope="col" data-number>
            {words.columns.figures}
          </th>
          <th scope="col">{words.columns.note}</th>
          <th scope="col">
            <span className="visually-hidden">{words.columns.actions}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map((read) => (
          <RunRow
            key={read.id}
            run={latest(live[read.id], read)}
            chosen={chosen.some((one) => one.id === read.id)}
            onChoose={onChoose}
          />
        ))}
      </tbody>
    </Table>
  );
}

/** Seconds a run takes so far; counts on while it runs. */
function useSeconds(run: RunSummary): number | null {
  const [, tick] = useState(0);
  const running = run.state === "running" && run.started !== null;
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, [running]);
  if (running && run.started !== null) return Math.max(0, Date.now() / 1000 - run.started);
  return run.seconds;
}

function RunRow({
  run,
  chosen,
  onChoose,
}: {
  run: RunSummary;
  chosen: boolean;
  onChoose: (run: RunSummary) => void;
}) {
  const seconds = useSeconds(run);
  const kind = words.kinds[run.kind] ?? run.kind;
  const from = run.file.split(/[/\\]/).at(-1);
  const reason = run.waiting || run.reason;
  return (
    <tr aria-selected={chosen}>
      <td>
        <label className={styles.choice}>
          <input
            type="checkbox"
            checked={chosen}
            aria-label={words.choose(run.name)}
            onChange={() => onChoose(run)}
          />
        </label>
      </td>
      <td>
        <StateBadge state={run.state} />
      </td>
      <th scope="row" className={styles.name}>
        <Link href={`/runs/${run.id}`}>{run.name}</Link>
        <small>{[kind, from].filter(Boolean).join(", ")}</small>
        {reason && <small>{reason}</small>}
      </th>
      <td className={styles.when} title={moment(run.created)}>
        {ago(run.created)}
        <small>
          {seconds !== null && (isOver(run.state) ? words.took : words.goesOn)(duration(seconds))}
        </small>
      </td>
      <td data-number>
        {run.steps > 0 && words.steps(run.done, run.steps)}
        {run.state === "running" && run.steps > 0 && (
          <Progress
            label={words.steps(run.done, run.steps)}
            value={run.done / run.steps}
            className={styles.bar}
          />
        )}
      </td>
      <td data-number>{figuresInWords(run.figures)}</td>
      <td className={styles.note}>
        <NoteCell run={run} />
      </td>
      <td>
        <RunMenu run={run} />
      </td>
    </tr>
  );
}

function RunMenu({ run }: { run: RunSummary }) {
  const [asking, setAsking] = useState(false);
  const [, go] = useLocation();
  const queries = useQueryClient();
  const path = { params: { path: { run: run.id } } };
  const readAgain = () => void queries.invalidateQueries({ queryKey: ["runs"] });
  const cancel = useMutation({
    mutationFn: () =>
      ask(client.POST("/api/runs/{run}/cancel", { ...path, body: { how: "cancel", step: "" } })),
    onSuccess: (now) => {
      useLive.getState().summary(now);
      toast(words.cancelled(run.name), "info");
    },
    onError: toastFailure,
  });
  const resume = useMutation({
    mutationFn: () => ask(client.POST("/api/runs/{run}/resume", path)),
    onSuccess: (started) => go(`/runs/${started.run}`),
    onError: toastFailure,
  });
  const draft = useMutation({
    mutationFn: () => ask(client.POST("/api/runs/{run}/draft", path)),
    onSuccess: (made) => go(`/drafts/${made.id}`),
    onError: toastFailure,
  });
  const remove = useMutation({
    mutationFn: () => ask(client.DELETE("/api/runs/{run}", path)),
    onSuccess: () => {
      toast(words.deleted(run.name));
      readAgain();
    },
    onError: toastFailure,
    onSettled: () => setAsking(false),
  });
  const entries: MenuEntry[] = [
    { label: words.open, icon: "runs", onSelect: () => go(`/runs/${run.id}`) },
    { label: words.draft, icon: "draft", onSelect: () => draft.mutate() },
  ];
  if (goesOn(run)) {
    entries.push({ label: words.cancel, icon: "stop", onSelect: () => cancel.mutate() });
  }
  if (canResume(run)) {
    entries.push({ label: words.resume, icon: "run", onSelect: () => resume.mutate() });
  }
  if (!goesOn(run)) {
    entries.push("separator", {
      label: words.delete,
      icon: "trash",
      danger: true,
      onSelect: () => setAsking(true),
    });
  }
  return (
    <>
      <Menu label={words.more(run.name)} entries={entries} alignEnd size="small" />
      {asking && (
        <Confirm
          title={words.deleteTitle(run.name)}
          action={words.delete}
          busy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>{words.deleteWords}</p>
        </Confirm>
      )}
    </>
  );
}
