/** A folder of photos for an input of the pipeline: data sets that were dropped, folders that may be
 * used. Only their ids travel. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ask, client } from "~/api/client";
import { t } from "~/messages";
import { Button, IconButton } from "~/ui/Button";
import { Dialog } from "~/ui/Dialog";
import { Empty } from "~/ui/Empty";
import { Icon } from "~/ui/Icon";
import { FailureNotice } from "~/ui/Notice";
import { Waiting } from "~/ui/Spinner";
import styles from "./folders.module.css";

const words = t.panel.folders;

interface FolderDialogProps {
  input: string;
  onChoose: (id: string, path: string) => void;
  onClose: () => void;
}

export function FolderDialog({ input, onChoose, onClose }: FolderDialogProps) {
  const [folder, setFolder] = useState("");
  const choose = (id: string, path: string) => {
    onChoose(id, path);
    onClose();
  };
  return (
    <Dialog title={words.title(input)} onClose={onClose}>
      {folder === "" ? (
        <Roots onOpen={setFolder} onChoose={choose} />
      ) : (
        <Folder id={folder} onOpen={setFolder} onChoose={choose} />
      )}
    </Dialog>
  );
}

interface PartProps {
  onOpen: (id: string) => void;
  onChoose: (id: string, path: string) => void;
}

const icons = { folder: "folder", archive: "archive", list: "file" } as const;

function Roots({ onOpen, onChoose }: PartProps) {
  const sets = useQuery({
    queryKey: ["datasets"],
    queryFn: () => ask(client.GET("/api/datasets")),
  });
  const roots = useQuery({ queryKey: ["folders"], queryFn: () => ask(client.GET("/api/folders")) });
  if (sets.isPending || roots.isPending) return <Waiting>{t.common.loading}</Waiting>;
  const failed = (sets.error ?? roots.error) as { failure?: { message: string } } | null;
  if (failed?.failure) return <FailureNotice failure={failed.failure} />;
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
                  onClick={() => onChoose(set.id, set.path)}
                >
                  {t.panel.pipeline.choose}
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

function Folder({ id, onOpen, onChoose }: PartProps & { id: string }) {
  const { data, error } = useQuery({
    queryKey: ["folder", id],
    queryFn: () => ask(client.GET("/api/folders/{folder}", { params: { path: { folder: id } } })),
  });
  if (error) return <FailureNotice failure={{ message: error.message }} />;
  if (!data) return <Waiting>{t.common.loading}</Waiting>;
  return (
    <section className={styles["part"]}>
      <div className={styles["here"]}>
        <IconButton icon="arrowUp" label={words.up} onClick={() => onOpen(data.parent)} />
        <span className={styles["name"]} title={data.path}>
          {data.path}
        </span>
        <Button look="primary" size="small" onClick={() => onChoose(data.id, data.path)}>
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

interface Entry {
  id: string;
  name: string;
  kind: "folder" | "archive" | "list";
  pictures: number | null;
}

function Entries({ entries, onOpen, onChoose }: PartProps & { entries: readonly Entry[] }) {
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
            onClick={() => onChoose(entry.id, entry.name)}
          >
            {t.panel.pipeline.choose}
          </Button>
        </li>
      ))}
    </ul>
  );
}
