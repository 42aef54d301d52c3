/** Named points of a draft's history: kept, looked at, gone back to. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { shownKeys } from "~/actions/keyboard";
import { action } from "~/actions/registry";
import { ask, client } from "~/api/client";
import type { DraftState } from "~/api/types";
import { t } from "~/messages";
import { moment } from "~/messages/numbers";
import { useEditor } from "~/store/editor";
import { useView } from "~/store/view";
import { Button } from "~/ui/Button";
import { Dialog } from "~/ui/Dialog";
import { Menu, type MenuEntry } from "~/ui/Menu";
import { FailureNotice } from "~/ui/Notice";
import { Waiting } from "~/ui/Spinner";
import styles from "./draft.module.css";
import { lineChanges } from "./lineChanges";

const words = t.canvas.versions;
type Version = DraftState["versions"][number];

export default function VersionsMenu({ draft }: { draft: DraftState }) {
  const [shown, setShown] = useState<Version | null>(null);
  const entries: MenuEntry[] = [
    {
      label: words.save,
      icon: "plus",
      keys: action("version").keys.map(shownKeys).join(", "),
      onSelect: () => useView.getState().set({ dialog: { kind: "version" } }),
    },
    "separator",
    ...(draft.versions.length === 0
      ? [{ label: words.none, disabled: true, onSelect: () => undefined }]
      : [...draft.versions].reverse().map((version) => ({
          label: version.name,
          hint: moment(version.at),
          icon: "versions" as const,
          onSelect: () => setShown(version),
        }))),
  ];
  return (
    <>
      <Menu label={words.title} icon="versions" entries={entries} />
      {shown && <VersionDialog draft={draft} version={shown} onClose={() => setShown(null)} />}
    </>
  );
}

function VersionDialog({
  draft,
  version,
  onClose,
}: {
  draft: DraftState;
  version: Version;
  onClose: () => void;
}) {
  const { data, error, refetch } = useQuery({
    queryKey: ["revision", draft.id, version.revision],
    queryFn: ({ signal }) =>
      ask(
        client.GET("/api/drafts/{draft}/revisions/{revision}", {
          params: { path: { draft: draft.id, revision: version.revision } },
          signal,
        }),
      ),
  });
  return (
    <Dialog
      wide
      title={version.name}
      onClose={onClose}
      foot={
        <Button
          look="primary"
          icon="reset"
          onClick={() => {
            onClose();
            void useEditor.getState().restore(version.revision);
          }}
        >
          {words.restoreOne(version.name)}
        </Button>
      }
    >
      {data ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable
        <pre className={styles.changes} tabIndex={0}>
          {lineChanges(draft.text, data.text).map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have nothing but their place
            <span key={index} data-change={line.change}>
              {line.change === "same" ? "  " : line.change === "added" ? "+ " : "- "}
              {line.text}
              {"\n"}
            </span>
          ))}
        </pre>
      ) : error ? (
        <FailureNotice failure={error} onRetry={() => void refetch()} />
      ) : (
        <Waiting>{t.common.loading}</Waiting>
      )}
    </Dialog>
  );
}
