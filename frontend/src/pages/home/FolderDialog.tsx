/** Photos that are on this machine already: brought in before, or below a folder that may be used. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { FolderEntry } from "~/api/types";
import { t } from "~/messages";
import { home as homeWords } from "~/messages/home";
import { bytes } from "~/messages/numbers";
import { Button } from "~/ui/Button";
import { Dialog } from "~/ui/Dialog";
import { Icon, type IconName } from "~/ui/Icon";
import { FailureNotice } from "~/ui/Notice";
import { Waiting } from "~/ui/Spinner";
import styles from "./home.module.css";
import * as read from "./queries";
import { useSource } from "./source";

const icons: Readonly<Record<FolderEntry["kind"], IconName>> = {
  folder: "folder",
  archive: "archive",
  list: "file",
};

export function FolderDialog({ onClose }: { onClose: () => void }) {
  const [at, setAt] = useState("");
  return (
    <Dialog title={homeWords.here.title} onClose={onClose} wide>
      {at === "" ? (
        <Top onOpen={setAt} onClose={onClose} />
      ) : (
        <Inside id={at} onOpen={setAt} onClose={onClose} />
      )}
    </Dialog>
  );
}

interface Props {
  onOpen: (id: string) => void;
  onClose: () => void;
}

function Top({ onOpen, onClose }: Props) {
  const roots = useQuery(read.folders);
  const datasets = useQuery(read.datasets);
  const choose = useSource((state) => state.useDataSet);
  if (roots.isPending || datasets.isPending) return <Waiting>{t.common.loading}</Waiting>;
  const failure = roots.error ?? datasets.error;
  if (failure) return <FailureNotice failure={failure} />;
  return (
    <>
      <h3 className={styles.subhead}>{homeWords.here.folders}</h3>
      {roots.data?.length ? (
        <Entries entries={roots.data} onOpen={onOpen} onClose={onClose} />
      ) : (
        <p className={styles.quiet}>{homeWords.here.none}</p>
      )}
      <h3 className={styles.subhead}>{homeWords.here.brought}</h3>
      {datasets.data?.length ? (
        <ul className={styles.entries}>
          {datasets.data.map((one) => (
            <li key={one.id}>
              <Icon name="images" />
              <span className={styles.grow}>
                {one.name}
                <small>
                  {homeWords.files(one.files)}, {bytes(one.bytes)}
                </small>
              </span>
              <Button
                size="small"
                aria-label={homeWords.here.use(one.name)}
                onClick={() => {
                  choose(one);
                  onClose();
                }}
              >
                {homeWords.here.use("")}
              </Button>
            </li>
          ))}
        </ul>
      ) : (
        <p className={styles.quiet}>{homeWords.here.noneBrought}</p>
      )}
    </>
  );
}

function Inside({ id, onOpen, onClose }: Props & { id: string }) {
  const answer = useQuery(read.folder(id));
  const choose = useSource((state) => state.useFolder);
  if (answer.isPending) return <Waiting>{t.common.loading}</Waiting>;
  if (answer.error) {
    return <FailureNotice failure={answer.error} onRetry={() => void answer.refetch()} />;
  }
  const folder = answer.data;
  return (
    <>
      <div className={styles.line}>
        <Button size="small" icon="arrowUp" onClick={() => onOpen(folder.parent)}>
          {homeWords.here.up}
        </Button>
        <span className={styles.grow}>
          <b>{folder.name}</b> <span className={styles.quiet}>{folder.path}</span>
        </span>
        <Button
          look="primary"
          disabled={folder.pictures === 0}
          onClick={() => {
            choose(folder);
            onClose();
          }}
        >
          {homeWords.here.useThis}
        </Button>
      </div>
      {folder.entries.length === 0 && <p className={styles.quiet}>{homeWords.here.empty}</p>}
      <Entries entries={folder.entries} onOpen={onOpen} onClose={onClose} />
      {folder.more && <p className={styles.quiet}>{homeWords.here.more}</p>}
    </>
  );
}

function Entries({ entries, onOpen, onClose }: Props & { entries: readonly FolderEntry[] }) {
  const choose = useSource((state) => state.useEntry);
  return (
    <ul className={styles.entries}>
      {entries.map((entry) => (
        <li key={entry.id}>
          <Icon name={icons[entry.kind]} />
          <span className={styles.grow}>
            {entry.name}
            <small>
              {entry.kind !== "folder"
                ? homeWords.here.kinds[entry.kind]
                : entry.pictures === null
                  ? homeWords.here.unknown
                  : homeWords.pictures(entry.pictures)}
            </small>
          </span>
          {entry.kind === "folder" ? (
            <Button
              size="small"
              icon="folderOpen"
              aria-label={homeWords.here.open(entry.name)}
              onClick={() => onOpen(entry.id)}
            >
              {homeWords.here.open("")}
            </Button>
          ) : (
            <Button
              size="small"
              aria-label={homeWords.here.use(entry.name)}
              onClick={() => {
                choose(entry);
                onClose();
              }}
            >
              {homeWords.here.use("")}
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}
