/** The file itself: edited here as text, there as a drawing; both show the same. */
import { lazy, Suspense, useCallback, useEffect, useRef } from "react";
import type { DraftState } from "~/api/types";
import { t } from "~/messages";
import { useEditor } from "~/store/editor";
import { Waiting } from "~/ui/Spinner";
import styles from "./draft.module.css";

const Editor = lazy(() => import("./YamlEditor"));
const PAUSE = 300;

export default function YamlTab({ draft }: { draft: DraftState }) {
  const typed = useRef<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const send = useCallback(() => {
    clearTimeout(timer.current);
    const before = useEditor.getState().draft?.text ?? "";
    // the editor knows one kind of line end; the file keeps its own
    const text = before.includes("\r\n")
      ? (typed.current?.replaceAll("\n", "\r\n") ?? null)
      : typed.current;
    typed.current = null;
    if (text === null || text === before) return;
    void useEditor.getState().edit(t.canvas.labels.yaml, [{ kind: "set_text", text }], "yaml");
  }, []);

  const isTyping = useCallback(() => typed.current !== null, []);

  useEffect(() => {
    const end = useEditor.getState().beforeSend(send);
    return () => {
      end();
      send();
    };
  }, [send]);

  return (
    <div className={styles.yaml}>
      <p className={styles.hint}>{draft.file}</p>
      <Suspense fallback={<Waiting>{t.canvas.editor.loading}</Waiting>}>
        <Editor
          text={draft.text}
          problems={draft.problems}
          onType={(text) => {
            typed.current = text;
            clearTimeout(timer.current);
            timer.current = setTimeout(send, PAUSE);
          }}
          isTyping={isTyping}
        />
      </Suspense>
    </div>
  );
}
