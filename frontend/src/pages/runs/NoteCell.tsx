/** The user's own words on a run, written in place. */
import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { ask, client } from "~/api/client";
import type { RunSummary } from "~/api/types";
import { home as homeWords } from "~/messages/home";
import { useLive } from "~/store/live";
import { TextInput } from "~/ui/Field";
import { Icon } from "~/ui/Icon";
import { toastFailure } from "~/ui/Toast";
import styles from "./runs.module.css";

const words = homeWords.runs;

export function NoteCell({ run }: { run: RunSummary }) {
  const [text, setText] = useState<string | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const save = useMutation({
    mutationFn: (note: string) =>
      ask(
        client.PUT("/api/runs/{run}/note", {
          params: { path: { run: run.id } },
          body: { text: note },
          // written even when the page goes at once
          keepalive: true,
        }),
      ),
    onSuccess: (now) => useLive.getState().summary(now),
    onError: toastFailure,
  });
  const end = (note: string | null) => {
    setText(null);
    if (note !== null && note !== run.note) save.mutate(note);
  };
  // who leaves the field goes elsewhere; who ends it with a key stays where it was
  const stay = () => requestAnimationFrame(() => button.current?.focus());
  if (text !== null) {
    return (
      <TextInput
        autoFocus
        aria-label={words.note(run.name)}
        maxLength={10_000}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => end(text)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" && event.key !== "Escape") return;
          end(event.key === "Enter" ? text : null);
          stay();
        }}
      />
    );
  }
  const shown = save.isPending ? save.variables : run.note;
  return (
    <button
      ref={button}
      type="button"
      className={styles.noteButton}
      aria-label={shown ? `${words.note(run.name)}: ${shown}` : words.note(run.name)}
      onClick={() => setText(run.note)}
    >
      {shown || (
        <>
          <Icon name="edit" size={14} />
          <span>{words.noteEmpty}</span>
        </>
      )}
    </button>
  );
}
