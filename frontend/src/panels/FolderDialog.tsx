/** Photos that are here already: data sets that were brought in, folders that may be used. Only
 * their ids travel. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ask, client } from "~/api/client";
import type { DataSet, Folder, FolderEntry } from "~/api/types";
import { t } from "~/messages";
import { panel as panelWords } from "~/messages/panel";
import { Button, IconButton } from "~/ui/Button";
import { Dialog } from "~/ui/Dialog";
import { Empty } from "~/ui/Empty";
import { Icon } from "~/ui/Icon";
import { FailureNotice } from "~/ui/Notice";
import { Waiting } from "~/ui/Spinner";
import styles from "./folders.module.css";

const words = panelWords.folders;

/** What was chosen: a data set, a folder that was looked into, or an entry of one that was not. */
export type Place =
  | { kind: "dataset"; dataset: DataSet }
  | { kind: "folder"; folder: Folder }
  | { kind: "entry"; entry: FolderEntry };

/** The id by which the server knows a place. */
export function idOf(place: Place): string {
  switch (place.kind) {
    case "dataset":
      return place.dataset.id;
    case "folder":
      return place.folder.id;
    case "entry":
      return place.entry.id;
  }
}

interface FolderDialogProps {
  title: string;
  onChoose: (place: Place) => void;
  onClose: () => void;
}

export function FolderDialog({ title, onChoose, onClose }: FolderDialogProps) {
  const [folder, setFolder] = useState("");
  const choose = (place: Place) => {
    onChoose(place);
    onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      {folder === "" ? (
        <Roots onOpen={setFolder} onChoose={choose} />
      ) : (
        <Inside id={folder} onOpen={setFolder} onChoose={choose} />
      )}
    </Dialog>
  );
}

interface PartProps {
  onOpen: (id: string) => void;
  onChoose: (place: Place) => void;
}

const icons = { folder: "folder", archive: "archive", list: "file" } as const;

function Roots({ onOpen, onChoose }: PartProps) {
  const sets = useQuery({
    queryKey: ["datasets"],
    queryFn: () => ask(client.GET("/api/datasets")),
  });
  const roots = useQuery({ queryKey: ["folders"], queryFn: () => ask(client.GET("/api/folders")) });
  if (sets.isPending || roots.isPending) return <Waiting>{t.common.loading}</Waiting>;
  const failed = sets.error ?? roots.error;
  if (failed) return <FailureNotice failure={failed} />;
  if (!sets.data?.length && !roots.data?.length) {
    return (
      <Empty icon="folder" title={words.empty}>
        {words.noRoots}
      </Empty>
    );
  }
  return (
    <>
      {sets.data && sets.data.length > 0 && (
        <section className={styles["part"]}>
          <h3>{words.datasets}</h3>
          <ul className={styles["entries"]}>
            {sets.data.map((set) => (
              <li key={set.id}>
                <Icon name="images" />
                <span className={styles["name"]}>{set.name}</span>
                <span className={styles["quiet"]}>{words.pictures(set.files)}</span>
                <Button
                  size="small"
                  aria-label={words.use(set.name)}
                  onClick={() => onChoose({ kind: "dataset", dataset: set })}
                >
                  {panelWords.pipeline.choose}
                </Button>
              </li>
            ))}
          </ul>
        </section>
      )}
      {roots.data && roots.data.length > 0 && (
        <section className={styles["part"]}>
          <h3>{words.folders}</h3>
          <Entries entries={roots.data} onOpen={onOpen} onChoose={onChoose} />
        </section>
      )}
    </>
  );
}

function Inside({ id, onOpen, onChoose }: PartProps & { id: string }) {
  const { data, error } = useQuery({
    queryKey: ["folders", id],
    queryFn: () => ask(client.GET("/api/folders/{folder}", { params: { path: { folder: id } } })),
  });
  if (error) return <FailureNotice failure={error} />;
  if (!data) return <Waiting>{t.common.loading}</Waiting>;
  return (
    <section className={styles["part"]}>
      <div className={styles["here"]}>
        <IconButton icon="arrowUp" label={words.up} onClick={() => onOpen(data.parent)} />
        <span className={styles["name"]} title={data.path}>
          {data.path}
        </span>
        <Button
          look="primary"
          size="small"
          onClick={() => onChoose({ kind: "folder", folder: data })}
        >
          {words.useThis}
        </Button>
      </div>
      {data.pictures > 0 && <p className={styles["quiet"]}>{words.pictures(data.pictures)}</p>}
      {data.entries.length === 0 && <p className={styles["quiet"]}>{words.empty}</p>}
      <Entries entries={data.entries} onOpen={onOpen} onChoose={onChoose} />
      {data.more && <p className={styles["quiet"]}>{words.more}</p>}
    </section>
  );
}

function Entries({ entries, onOpen, onChoose }: PartProps & { entries: readonly FolderEntry[] }) {
  return (
    <ul className={styles["entries"]}>
      {entries.map((entry) => (
        <li key={entry.id}>
          <Icon name={icons[entry.kind]} />
          {entry.kind === "folder" ? (
            <button
              type="button"
              className={styles["open"]}
              aria-label={words.open(entry.name)}
              onClick={() => onOpen(entry.id)}
            >
              {entry.name}
            </button>
          ) : (
            <span className={styles["name"]}>{entry.name}</span>
          )}
          <span className={styles["quiet"]}>
            {entry.pictures === null ? "" : words.pictures(entry.pictures)}
          </span>
          <Button
            size="small"
            aria-label={words.use(entry.name)}
            onClick={() => onChoose({ kind: "entry", entry })}
          >
            {panelWords.pipeline.choose}
          </Button>
        </li>
      ))}
    </ul>
  );
}
