/** The draft's name, whether it is saved, undo and redo, versions, what else can be done, and run. */
import { lazy, Suspense, useRef, useState } from "react";
import { shownKeys } from "~/actions/keyboard";
import { action, perform } from "~/actions/registry";
import type { DraftState } from "~/api/types";
import { t } from "~/messages";
import { useEditor } from "~/store/editor";
import { useView } from "~/store/view";
import { Button, IconButton } from "~/ui/Button";
import { TextInput } from "~/ui/Field";
import { Icon } from "~/ui/Icon";
import { Menu, type MenuEntry } from "~/ui/Menu";
import styles from "./draft.module.css";

const words = t.canvas;
const RunBar = lazy(() => import("~/panels/RunBar"));
const VersionsMenu = lazy(() => import("./VersionsMenu"));
const MORE = [
  "commands", "add", "note", "", "duplicate", "copy", "paste", "delete", "select-all", "",
  "align-left", "align-top", "distribute", "tidy", "", "left", "right", "bottom", "", "help",
] as const; // biome-ignore format: one list

export function TopBar({
  draft,
  run,
  onStarted,
}: {
  draft: DraftState;
  run: string;
  onStarted: (run: string) => void;
}) {
  // what is possible now is asked when the menu is drawn
  useEditor((state) => state.selected);
  const more = MORE.map((id): MenuEntry => {
    if (id === "") return "separator";
    const { label, icon, keys, enabled } = action(id);
    return {
      label,
      icon,
      keys: keys[0] && shownKeys(keys[0]),
      disabled: !enabled(),
      onSelect: () => perform(id),
    };
  });
  return (
    <header className={styles.top}>
      <Name draft={draft} />
      <Saved draft={draft} />
      <IconButton
        icon="undo"
        label={draft.undo === null ? words.nothingToUndo : words.undoLabel(draft.undo)}
        disabled={draft.undo === null}
        onClick={() => perform("undo")}
      />
      <IconButton
        icon="redo"
        label={draft.redo === null ? words.nothingToRedo : words.redoLabel(draft.redo)}
        disabled={draft.redo === null}
        onClick={() => perform("redo")}
      />
      <Suspense fallback={<span className={styles.button} />}>
        <VersionsMenu draft={draft} />
      </Suspense>
      <Menu label={words.more} entries={more} />
      <div className={styles.grow} />
      <Suspense fallback={null}>
        <RunBar draft={draft} run={run} onStarted={onStarted} />
      </Suspense>
    </header>
  );
}

function Name({ draft }: { draft: DraftState }) {
  const [typed, setTyped] = useState<string | null>(null);
  // whoever ends with a key stays here; whoever goes elsewhere has gone
  const byKey = useRef(false);
  const end = (keep: boolean) => {
    if (keep && typed?.trim() && typed.trim() !== draft.name) {
      void useEditor.getState().rename(typed.trim());
    }
    setTyped(null);
  };
  if (typed !== null) {
    return (
      <TextInput
        autoFocus
        aria-label={words.draftName}
        className={styles.nameField}
        maxLength={255}
        value={typed}
        onFocus={(event) => event.target.select()}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={() => end(true)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" && event.key !== "Escape") return;
          // the button that gets the focus shall not be pressed by the same key
          event.preventDefault();
          byKey.current = true;
          end(event.key === "Enter");
        }}
      />
    );
  }
  return (
    <h1 className={styles.name} tabIndex={-1}>
      <button
        type="button"
        // biome-ignore lint/a11y/noAutofocus: it was in the field that stood here
        autoFocus={byKey.current}
        title={words.rename}
        onClick={() => {
          byKey.current = false;
          setTyped(draft.name);
        }}
      >
        {draft.name}
      </button>
    </h1>
  );
}

function Saved({ draft }: { draft: DraftState }) {
  const saving = useEditor((state) => state.saving);
  const failure = useEditor((state) => state.failure);
  if (failure) {
    return (
      <span role="alert" className={styles.notSaved}>
        <Icon name="error" size={14} /> {words.notSaved(failure.message)}
        <Button size="small" onClick={() => useEditor.getState().retry()}>
          {t.common.retry}
        </Button>
      </span>
    );
  }
  return (
    <span role="status" className={styles.saved} title={words.savedIn(draft.file)}>
      {saving === "saved" ? words.saved : words.saving}
      {draft.in_place && (
        <button
          type="button"
          className={styles.inPlace}
          title={words.inPlace}
          onClick={() => useView.getState().set({ middleTab: "yaml" })}
        >
          <Icon name="file" size={14} /> {draft.file.split("/").at(-1)}
        </button>
      )}
    </span>
  );
}
