/** A text field that never loses what was typed: it is sent when typing pauses, on Enter, on leaving
 * the field and when the field goes away, always to what it was typed for. */
import {
  type KeyboardEvent,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useEditor } from "~/store/editor";

const PAUSE = 600;

/** Texts that did not reach the server, by field. */
const kept = new Map<string, string>();

interface Typing {
  /** One word for the field, draft and step included. */
  id: string;
  /** The text as it is saved. */
  saved: string;
  /** What is wrong with a text, or empty; a wrong one is sent only when the field is left. */
  wrong: (text: string) => string;
  /** Do not send while it is typed: for names. */
  onlyWhenLeft?: boolean | undefined;
  /** Send; tells whether it reached the server. */
  send: (text: string) => Promise<boolean>;
}

export function useTyped({ id, saved, wrong, onlyWhenLeft = false, send }: Typing) {
  const [local, setLocal] = useState<string | null>(() => kept.get(id) ?? null);
  const [judged, setJudged] = useState(true);
  const latest = useRef({ local, saved, wrong, send });
  latest.current = { local, saved, wrong, send };
  const underway = useRef<string | null>(null);
  const settled = useRef<string | null>(null);
  const turnedDown = useRef<string | null>(null);
  const focused = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const change = useCallback((text: string | null) => {
    latest.current = { ...latest.current, local: text };
    setLocal(text);
  }, []);

  const commit = useCallback(() => {
    clearTimeout(timer.current);
    const { local: text, saved: before, send: deliver } = latest.current;
    if (text === null || text === underway.current || text === turnedDown.current) return;
    if (text === before || text === settled.current) {
      kept.delete(id);
      if (!focused.current) change(null);
      return;
    }
    underway.current = text;
    kept.set(id, text);
    void deliver(text).then((reached) => {
      if (underway.current === text) underway.current = null;
      if (!reached) {
        // it stays to be mended, and is not sent again as it is
        turnedDown.current = text;
        return;
      }
      if (kept.get(id) === text) kept.delete(id);
      settled.current = text;
      if (!focused.current && latest.current.local === text) change(null);
    });
  }, [id, change]);

  // an undo, a run or a page that goes comes after what was typed
  useEffect(() => useEditor.getState().beforeSend(commit), [commit]);
  // before the page that holds the draft lets go of it
  useLayoutEffect(() => commit, [commit]);

  const text = local ?? saved;
  return {
    text,
    wrong: judged ? wrong(text) : "",
    dirty: local !== null && local !== saved,
    type: (next: string) => {
      settled.current = null;
      turnedDown.current = null;
      change(next);
      const right = latest.current.wrong(next) === "";
      setJudged((now) => now && !right);
      clearTimeout(timer.current);
      if (right && !onlyWhenLeft) timer.current = setTimeout(commit, PAUSE);
    },
    commit,
    onFocus: () => {
      focused.current = true;
      setJudged(latest.current.wrong(latest.current.local ?? latest.current.saved) !== "");
    },
    onBlur: () => {
      focused.current = false;
      setJudged(true);
      commit();
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key === "Enter") {
        setJudged(true);
        commit();
      } else if (event.key === "Escape" && latest.current.local !== null) {
        event.stopPropagation();
        clearTimeout(timer.current);
        kept.delete(id);
        change(underway.current);
      }
    },
  };
}
