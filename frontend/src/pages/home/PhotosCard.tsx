/** A look at the photos before a model is trained: classes, examples, what will be left out. */
import { useState } from "react";
import { home as homeWords } from "~/messages/home";
import { bytes, count } from "~/messages/numbers";
import { Button } from "~/ui/Button";
import { Card } from "~/ui/Card";
import { Dialog } from "~/ui/Dialog";
import { Icon } from "~/ui/Icon";
import { FailureNotice, Notice } from "~/ui/Notice";
import { Progress } from "~/ui/Progress";
import styles from "./home.module.css";
import type { Outline } from "./photos";
import { type Source, useSource } from "./source";
import { LocalExample, ServerExample } from "./Thumbnails";
import { Train } from "./Train";
import { useUpload } from "./upload";

const CLASSES_SHOWN = 10;
const STRIP = Array.from({ length: 12 }, (_, number) => number);
const EXAMPLES = 4;
const OTHERS_SHOWN = 500;
const FEW = 10;

/** Why nothing can be learnt from photos that look like this; empty when something can. */
function obstacle(source: Source): string {
  const known = source.kind === "local" ? source.outline : null;
  if (!known) return "";
  if (known.pictures === 0) return homeWords.photos.none;
  if (known.classes.length === 0) return homeWords.photos.unlabelled;
  return known.classes.length === 1 ? homeWords.photos.oneClass : "";
}

export function PhotosCard({ source }: { source: Source }) {
  const forget = useSource((state) => state.forget);
  const against = obstacle(source);
  const heading = <h2 className={styles.photosName}>{source.name}</h2>;
  return (
    <Card className={styles.photos} role="region" aria-label={homeWords.photos.label}>
      <div className={styles.photosHead}>
        <div>
          {heading}
          <p className={styles.quiet}>{summary(source)}</p>
        </div>
        <Button icon="reset" onClick={forget}>
          {homeWords.photos.other}
        </Button>
      </div>
      <Looking source={source} />
      {against && <Notice tone="warn">{against}</Notice>}
      {source.kind === "local" && <Bringing />}
      {!against && <Train source={source} />}
    </Card>
  );
}

function summary(source: Source): string {
  if (source.kind === "dataset") {
    return `${homeWords.files(source.dataset.files)}, ${bytes(source.dataset.bytes)}`;
  }
  if (source.kind === "folder") {
    const pictures =
      source.pictures === null ? homeWords.here.unknown : homeWords.pictures(source.pictures);
    return source.folder ? `${pictures}, ${source.folder.path}` : pictures;
  }
  const { outline, photos } = source;
  if (!outline) return homeWords.photos.unread(photos.bytes);
  return `${homeWords.photos.found(outline.pictures, outline.classes.length)}, ${bytes(photos.bytes)}`;
}

function Looking({ source }: { source: Source }) {
  const dataset = useUpload((state) => state.dataset);
  if (source.kind === "dataset") return <ServerStrip dataset={source.dataset.id} />;
  if (source.kind === "folder") {
    const shown = source.folder?.entries.filter((entry) => entry.kind === "folder") ?? [];
    return (
      <ul className={styles.chips}>
        {shown.slice(0, CLASSES_SHOWN).map((entry) => (
          <li key={entry.id}>
            <Icon name="folder" size={14} />
            {entry.name}
            {entry.pictures !== null && <b>{count(entry.pictures)}</b>}
          </li>
        ))}
      </ul>
    );
  }
  if (!source.outline) return dataset ? <ServerStrip dataset={dataset.id} /> : null;
  return (
    <>
      <Classes source={source} outline={source.outline} />
      {source.photos.archive && dataset && <ServerStrip dataset={dataset.id} />}
      <LeftOut outline={source.outline} />
    </>
  );
}

function ServerStrip({ dataset }: { dataset: string }) {
  return (
    <div className={styles.strip}>
      {STRIP.map((number) => (
        <ServerExample key={number} dataset={dataset} number={number} />
      ))}
    </div>
  );
}

function Classes({ source, outline }: { source: Source & { kind: "local" }; outline: Outline }) {
  const { archive, photos } = source.photos;
  const most = Math.max(1, ...outline.classes.map((one) => one.count));
  const hidden = outline.classes.length - CLASSES_SHOWN;
  return (
    <>
      <ul className={styles.classes}>
        {outline.classes.slice(0, CLASSES_SHOWN).map((one) => (
          <li
            key={one.name}
            className={styles.class}
            aria-label={homeWords.photos.classCount(one.name, one.count)}
          >
            {!archive && (
              <div className={styles.examples}>
                {one.members.slice(0, EXAMPLES).map((index) => {
                  const photo = photos[index];
                  return (
                    photo && (
                      <LocalExample
                        key={photo.path}
                        file={photo.file}
                        alt={homeWords.photos.example(one.name)}
                      />
                    )
                  );
                })}
              </div>
            )}
            <div className={styles.className}>
              <span>{one.name}</span>
              <b>{count(one.count)}</b>
            </div>
            <div className={styles.share} aria-hidden="true">
              <div style={{ transform: `scaleX(${one.count / most})` }} />
            </div>
          </li>
        ))}
      </ul>
      {hidden > 0 && <p className={styles.quiet}>{homeWords.photos.more(hidden)}</p>}
    </>
  );
}

function LeftOut({ outline }: { outline: Outline }) {
  const [shown, setShown] = useState(false);
  const { others } = outline;
  const few = outline.classes.filter((one) => one.count < FEW);
  const [first] = few;
  return (
    <>
      {others.length > 0 && (
        <p className={styles.line}>
          <Icon name="skipped" />
          {homeWords.photos.others(others.length)}
          <Button size="small" look="quiet" onClick={() => setShown(true)}>
            {homeWords.photos.showOthers}
          </Button>
        </p>
      )}
      {outline.loose > 0 && outline.classes.length > 0 && (
        <p className={styles.line}>
          <Icon name="warning" />
          {homeWords.photos.loose(outline.loose)}
        </p>
      )}
      {first && (
        <p className={styles.line}>
          <Icon name="info" />
          {homeWords.photos.few(first.name, first.count)}
        </p>
      )}
      {shown && (
        <Dialog title={homeWords.photos.othersTitle} onClose={() => setShown(false)}>
          <ul className={styles.paths}>
            {others.slice(0, OTHERS_SHOWN).map((path) => (
              <li key={path}>{path}</li>
            ))}
          </ul>
          {others.length > OTHERS_SHOWN && (
            <p>{homeWords.photos.othersMore(others.length - OTHERS_SHOWN)}</p>
          )}
        </Dialog>
      )}
    </>
  );
}

function Bringing() {
  const upload = useUpload();
  const forget = useSource((state) => state.forget);
  const sending = upload.state === "sending";
  if (upload.state === "idle") return null;
  if (upload.state === "failed" && upload.failure) {
    return <FailureNotice failure={upload.failure} onRetry={() => void upload.retry()} />;
  }
  if (upload.state === "done") {
    const refused = upload.failed.length;
    return (
      <p className={styles.line} role="status">
        <Icon name="succeeded" className={styles.good} />
        {homeWords.photos.arrived(upload.sent)}
        {refused > 0 && ` ${homeWords.photos.refused(refused)}`}
      </p>
    );
  }
  const sent = homeWords.photos.sending(upload.sent, upload.total);
  return (
    <div className={styles.bringing}>
      <div className={styles.line}>
        <span className={styles.grow}>
          {sent}, {homeWords.photos.sendingBytes(upload.sentBytes, upload.totalBytes)}
        </span>
        {sending && (
          <Button size="small" icon="stop" onClick={forget}>
            {homeWords.photos.stop}
          </Button>
        )}
      </div>
      <Progress
        label={homeWords.photos.progress}
        value={upload.totalBytes > 0 ? upload.sentBytes / upload.totalBytes : 0}
        text={sent}
      />
      {upload.state === "stuck" && <Stuck />}
    </div>
  );
}

function Stuck() {
  const { failed, retry, goOn } = useUpload();
  const lost = failed.filter((one) => !one.refused);
  return (
    <Notice
      tone="bad"
      actions={
        <>
          <Button size="small" onClick={() => void retry()}>
            {homeWords.photos.retry}
          </Button>
          <Button size="small" look="quiet" onClick={() => void goOn()}>
            {homeWords.photos.goOn}
          </Button>
        </>
      }
    >
      <p>
        {homeWords.photos.notArrived(lost.length)} {lost[0]?.reason}
      </p>
    </Notice>
  );
}
