/** Drafts with a small picture of each, and ways to begin another. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { ask, client } from "~/api/client";
import type { DraftSummary } from "~/api/types";
import { t } from "~/messages";
import { home as homeWords } from "~/messages/home";
import { ago } from "~/messages/numbers";
import { useCatalog } from "~/store/catalog";
import { Button } from "~/ui/Button";
import { Section } from "~/ui/Card";
import { Confirm } from "~/ui/Dialog";
import { Empty } from "~/ui/Empty";
import { Menu, type MenuEntry } from "~/ui/Menu";
import { MiniGraph } from "~/ui/MiniGraph";
import { FailureNotice } from "~/ui/Notice";
import { Waiting } from "~/ui/Spinner";
import { toast, toastFailure } from "~/ui/Toast";
import styles from "./home.module.css";
import * as read from "./queries";

const LARGEST = 1_048_576;
const SHOWN = 6;

interface Beginning {
  name?: string;
  template?: string;
  text?: string;
  draft?: string;
}

/** Begins a draft and goes to it. */
export function useNewDraft() {
  const [, go] = useLocation();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (given: Beginning) =>
      ask(
        client.POST("/api/drafts", {
          body: { name: "", template: "", text: "", run: "", draft: "", ...given },
        }),
      ),
    onSuccess: (draft) => {
      void queries.invalidateQueries({ queryKey: ["drafts"] });
      go(`/drafts/${draft.id}`);
    },
    onError: toastFailure,
  });
}

export function useCategoryOf(): (component: string) => string {
  const byName = useCatalog((state) => state.byName);
  return (component) => byName.get(component)?.category ?? "";
}

export function Drafts() {
  const answer = useQuery(read.drafts);
  const begin = useNewDraft();
  const [all, setAll] = useState(false);
  const found = answer.data ?? [];
  const shown = all ? found : found.slice(0, SHOWN);
  return (
    <Section
      title={homeWords.drafts.title}
      aside={
        <>
          <Button icon="plus" busy={begin.isPending} onClick={() => begin.mutate({})}>
            {homeWords.drafts.blank}
          </Button>
          <OpenFile begin={begin.mutate} />
        </>
      }
    >
      {answer.error && (
        <FailureNotice failure={answer.error} onRetry={() => void answer.refetch()} />
      )}
      {answer.isPending && <Waiting>{t.common.loading}</Waiting>}
      {answer.data && found.length === 0 && (
        <Empty icon="draft" title={homeWords.drafts.empty}>
          {homeWords.drafts.emptyHint}
        </Empty>
      )}
      {shown.length > 0 && (
        <ul className={styles.cards}>
          {shown.map((draft) => (
            <DraftCard key={draft.id} draft={draft} onCopy={begin.mutate} />
          ))}
        </ul>
      )}
      {found.length > shown.length && (
        <p>
          <Button look="quiet" onClick={() => setAll(true)}>
            {homeWords.drafts.all(found.length)}
          </Button>
        </p>
      )}
    </Section>
  );
}

function DraftCard({ draft, onCopy }: { draft: DraftSummary; onCopy: (given: Beginning) => void }) {
  const [asking, setAsking] = useState(false);
  const [, go] = useLocation();
  const categoryOf = useCategoryOf();
  const entries: MenuEntry[] = [
    {
      label: homeWords.drafts.copy,
      icon: "copy",
      onSelect: () => onCopy({ draft: draft.id, name: homeWords.drafts.copyName(draft.name) }),
    },
    ...(draft.last_run
      ? [
          {
            label: homeWords.drafts.lastRun,
            icon: "runs" as const,
            onSelect: () => go(`/runs/${draft.last_run}`),
          },
        ]
      : []),
    "separator",
    {
      label: homeWords.drafts.delete,
      icon: "trash",
      danger: true,
      onSelect: () => setAsking(true),
    },
  ];
  return (
    <li className={styles.card}>
      <div className={styles.picture}>
        <MiniGraph
          steps={draft.steps}
          wires={draft.wires}
          label={homeWords.drafts.picture(draft.name)}
          categoryOf={categoryOf}
        />
      </div>
      <div className={styles.cardFoot}>
        <div className={styles.grow}>
          <Link href={`/drafts/${draft.id}`} className={styles.cardName}>
            {draft.name}
          </Link>
          <p className={styles.quiet} title={draft.file}>
            {homeWords.drafts.steps(draft.steps.length)},{" "}
            {homeWords.drafts.changed(ago(draft.changed))}
            {draft.in_place && `. ${homeWords.drafts.inPlace}`}
          </p>
        </div>
        <Menu label={homeWords.drafts.more(draft.name)} entries={entries} alignEnd size="small" />
      </div>
      {asking && <DeleteDraft draft={draft} onClose={() => setAsking(false)} />}
    </li>
  );
}

function DeleteDraft({ draft, onClose }: { draft: DraftSummary; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      ask(client.DELETE("/api/drafts/{draft}", { params: { path: { draft: draft.id } } })),
    onSuccess: () => {
      toast(homeWords.drafts.deleted(draft.name));
      void queries.invalidateQueries({ queryKey: ["drafts"] });
    },
    onError: toastFailure,
    onSettled: onClose,
  });
  return (
    <Confirm
      title={homeWords.drafts.deleteTitle(draft.name)}
      action={homeWords.drafts.delete}
      busy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>{draft.in_place ? homeWords.drafts.deleteInPlace : homeWords.drafts.deleteWords}</p>
    </Confirm>
  );
}

function OpenFile({ begin }: { begin: (given: Beginning) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const open = async (file: File) => {
    if (file.size > LARGEST) return toast(homeWords.drafts.tooLarge, "bad");
    begin({ text: await file.text(), name: file.name.replace(/\.ya?ml$/i, "") });
  };
  return (
    <>
      <Button icon="file" onClick={() => input.current?.click()}>
        {homeWords.drafts.open}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        accept=".yml,.yaml"
        aria-label={homeWords.drafts.openInput}
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          event.target.value = "";
          if (file) void open(file).catch(toastFailure);
        }}
      />
    </>
  );
}

export function Templates() {
  const answer = useQuery(read.templates);
  const begin = useNewDraft();
  const categoryOf = useCategoryOf();
  const found = answer.data ?? [];
  return (
    <Section
      title={homeWords.templates.title}
      aside={<span className={styles.quiet}>{homeWords.templates.hint}</span>}
    >
      {answer.error && (
        <FailureNotice failure={answer.error} onRetry={() => void answer.refetch()} />
      )}
      {answer.isPending && <Waiting>{t.common.loading}</Waiting>}
      {answer.data && found.length === 0 && <p>{homeWords.templates.empty}</p>}
      <ul className={styles.cards}>
        {found.map((template) => (
          <li key={template.name} className={styles.card}>
            <button
              type="button"
              className={styles.template}
              aria-label={homeWords.templates.use(template.title)}
              aria-describedby={`template-${template.name}`}
              disabled={begin.isPending}
              onClick={() => begin.mutate({ template: template.name })}
            >
              <span className={styles.picture}>
                <MiniGraph
                  steps={template.steps}
                  wires={template.wires}
                  label={homeWords.drafts.picture(template.title)}
                  categoryOf={categoryOf}
                />
              </span>
              <span className={styles.cardName}>{template.title}</span>
              <span id={`template-${template.name}`} className={styles.quiet}>
                {template.description}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}
