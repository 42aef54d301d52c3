/** The text editor; loaded when the YAML is looked at. It lives in a shadow root, so that its styles
 * are adopted style sheets, which the content security policy allows. */
import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, Transaction } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import type { Problem } from "~/api/types";
import { t } from "~/messages";
import { useEditor } from "~/store/editor";
import { useView } from "~/store/view";
import { completions } from "./completions";
import styles from "./draft.module.css";

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--busy)" },
  { tag: tags.definition(tags.propertyName), color: "var(--busy)" },
  { tag: tags.string, color: "var(--good)" },
  { tag: tags.content, color: "var(--text)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--port-trained)" },
  { tag: tags.comment, color: "var(--text-quiet)", fontStyle: "italic" },
  { tag: tags.punctuation, color: "var(--text-quiet)" },
]);

const looks = EditorView.theme({
  "&": {
    height: "100%",
    color: "var(--text)",
    backgroundColor: "var(--surface)",
    fontSize: "13px",
  },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": {
    backgroundColor: "var(--sunken)",
    color: "var(--text-quiet)",
    borderRight: "1px solid var(--line)",
  },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    { backgroundColor: "var(--accent-soft)" },
  ".cm-tooltip, .cm-panels": {
    backgroundColor: "var(--raised)",
    color: "var(--text)",
    border: "1px solid var(--line)",
  },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--accent-soft)",
    color: "var(--text)",
  },
  // the usual marks are pictures with data addresses, which the content security policy refuses
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--bad)",
    textUnderlineOffset: "3px",
  },
  ".cm-lintRange-warning": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--warn)",
    textUnderlineOffset: "3px",
  },
  ".cm-lint-marker-error": { content: "''", borderRadius: "50%", background: "var(--bad)" },
  ".cm-lint-marker-warning": { content: "''", borderRadius: "2px", background: "var(--warn)" },
  ".cm-lint-marker": { width: "0.7em", height: "0.7em", marginTop: "0.4em" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
  ".cm-textfield, .cm-button": {
    backgroundColor: "var(--surface)",
    backgroundImage: "none",
    color: "var(--text)",
    border: "1px solid var(--line-strong)",
    borderRadius: "4px",
  },
});

/** Problems as marks in the text, from their place to the end of the word there. */
function marks(view: EditorView, problems: readonly Problem[]): Diagnostic[] {
  const { doc } = view.state;
  return problems
    .filter((problem) => problem.line > 0 && problem.line <= doc.lines)
    .map((problem) => {
      const line = doc.line(problem.line);
      const from = Math.min(line.from + Math.max(problem.column - 1, 0), line.to);
      const rest = /^[^\s#]+/.exec(line.text.slice(from - line.from));
      return {
        from,
        to: Math.max(from, Math.min(from + (rest?.[0].length ?? 0), line.to)),
        severity: problem.severity,
        message: [problem.message, problem.remedy].filter(Boolean).join(" "),
        source: problem.code,
      };
    });
}

/** The part of a text that is new, so that cursor and scroll stay where they are. */
export function replacement(before: string, after: string) {
  let from = 0;
  const least = Math.min(before.length, after.length);
  while (from < least && before[from] === after[from]) from += 1;
  let end = 0;
  while (end < least - from && before[before.length - 1 - end] === after[after.length - 1 - end]) {
    end += 1;
  }
  return { from, to: before.length - end, insert: after.slice(from, after.length - end) };
}

export default function YamlEditor({
  text,
  problems,
  onType,
  isTyping,
}: {
  text: string;
  problems: readonly Problem[];
  onType: (text: string) => void;
  /** Whether something was typed that is not an edit yet. */
  isTyping: () => boolean;
}) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const first = useRef({ text, onType });
  first.current.onType = onType;
  const place = useView((state) => state.place);

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const root = element.shadowRoot ?? element.attachShadow({ mode: "open" });
    const made = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: first.current.text,
        extensions: [
          lineNumbers(),
          lintGutter(),
          highlightActiveLine(),
          highlightSelectionMatches(),
          drawSelection(),
          search({ top: true }),
          yaml(),
          indentUnit.of("  "),
          syntaxHighlighting(colours),
          autocompletion({ override: [completions] }),
          looks,
          EditorView.contentAttributes.of({
            tabindex: "0",
            "aria-label": t.canvas.editor.label,
            "aria-description": t.canvas.editor.help,
          }),
          keymap.of([
            // the history is the draft's, for all its edits together
            { key: "Mod-z", run: () => history("undo") },
            { key: "Mod-y", run: () => history("redo") },
            { key: "Mod-Shift-z", run: () => history("redo") },
            ...searchKeymap,
            ...completionKeymap,
            ...defaultKeymap,
            indentWithTab,
          ]),
          EditorView.updateListener.of((update) => {
            const ours = update.transactions.some((one) => one.annotation(Transaction.remote));
            if (update.docChanged && !ours) first.current.onType(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    // whoever goes along the tabs with the arrow keys stays there
    if (!document.activeElement?.matches("[role=tab]:focus-visible")) made.focus();
    return () => {
      first.current.text = made.state.doc.toString();
      made.destroy();
      view.current = null;
    };
  }, []);

  // what was edited elsewhere; not while typing goes on here
  useEffect(() => {
    const now = view.current;
    if (!now || isTyping()) return;
    const before = now.state.doc.toString();
    const after = text.replaceAll("\r\n", "\n");
    if (before === after) return;
    now.dispatch({
      changes: replacement(before, after),
      annotations: Transaction.remote.of(true),
    });
  }, [text, isTyping]);

  useEffect(() => {
    const now = view.current;
    if (now) now.dispatch(setDiagnostics(now.state, marks(now, problems)));
  }, [problems]);

  useEffect(() => {
    const now = view.current;
    if (!now || !place) return;
    const line = now.state.doc.line(Math.min(place.line, now.state.doc.lines));
    const at = Math.min(line.from + Math.max(place.column - 1, 0), line.to);
    now.dispatch({ selection: { anchor: at }, scrollIntoView: true });
    now.focus();
    useView.getState().set({ place: null });
  }, [place]);

  return <div ref={host} className={styles.editor} data-own-keys />;
}

function history(which: "undo" | "redo"): boolean {
  void useEditor.getState()[which]();
  return true;
}
