/** Scored pictures: sorted by how sure the model was or how wrong, filtered, as cards. */
import { useDeferredValue, useState } from "react";
import { download } from "~/charts/csv";
import { Answered } from "~/look/Answered";
import { Copy } from "~/look/Copy";
import { SizeSlider, useThumbnailSize } from "~/look/grid/SizeSlider";
import { useScores } from "~/look/queries";
import type { Scores, ViewProps } from "~/look/types";
import { look as lookWords } from "~/messages/look";
import { Button } from "~/ui/Button";
import { Checkbox, Field, SearchInput } from "~/ui/Field";
import { Notice } from "~/ui/Notice";
import { Select } from "~/ui/Select";
import { toastFailure } from "~/ui/Toast";
import { everyScore, type ScoreFilter } from "./filter";
import { ScoreGrid, useScoreCount } from "./ScoreGrid";
import styles from "./ScoresView.module.css";
import { scoresAsCsv } from "./scoresAsCsv";

const words = lookWords.scores;

const command = "visionloom score MODEL PHOTOS --out FOLDER";

type Order = keyof typeof words.sorts;
const orders: Readonly<Record<Order, Pick<ScoreFilter, "sort" | "descending">>> = {
  loss: { sort: "loss", descending: true },
  unsure: { sort: "confidence", descending: false },
  sure: { sort: "confidence", descending: true },
  file: { sort: "file", descending: false },
};

export function ScoresView({ artifact }: ViewProps) {
  const scores = useScores(artifact);
  return (
    <Answered query={scores}>{(found) => <Found artifact={artifact} scores={found} />}</Answered>
  );
}

function Found({ artifact, scores }: { artifact: string; scores: Scores }) {
  const [order, setOrder] = useState<Order>(scores.labelled ? "loss" : "unsure");
  // a link may ask for the mistakes at once
  const [wrong, setWrong] = useState(
    () => scores.labelled && new URLSearchParams(window.location.search).get("wrong") === "1",
  );
  const [label, setLabel] = useState("");
  const [scored, setScored] = useState("");
  const [typed, setTyped] = useState("");
  const search = useDeferredValue(typed.trim());
  const [size, setSize] = useThumbnailSize();
  const filter: ScoreFilter = {
    ...everyScore,
    ...orders[order],
    wrong,
    label,
    scored_label: scored,
    search,
  };
  const counted = useScoreCount(artifact, filter);
  const count = counted.data?.total;
  const [saving, setSaving] = useState(false);
  const save = async () => {
    setSaving(true);
    try {
      download(words.csvFile, await scoresAsCsv(artifact, filter));
    } catch (error) {
      toastFailure(error);
    } finally {
      setSaving(false);
    }
  };
  const filtered = wrong || label !== "" || scored !== "" || typed !== "";
  const classes = [
    { value: "", label: words.any },
    ...scores.classes.map((name) => ({ value: name, label: name })),
  ];
  return (
    <div className={styles.view}>
      {!scores.pictures && <Notice tone="warn">{words.noPictures}</Notice>}
      <div className={styles.tools}>
        <Field label={words.sort} className={styles.order}>
          {(control) => (
            <Select
              {...control}
              value={order}
              onChoose={(value) => setOrder(value as Order)}
              choices={(Object.keys(orders) as Order[])
                .filter((name) => scores.labelled || name !== "loss")
                .map((name) => ({ value: name, label: words.sorts[name] }))}
            />
          )}
        </Field>
        {scores.labelled && (
          <Field label={words.label} className={styles.pick}>
            {(control) => (
              <Select {...control} value={label} onChoose={setLabel} choices={classes} />
            )}
          </Field>
        )}
        <Field label={words.scored} className={styles.pick}>
          {(control) => (
            <Select {...control} value={scored} onChoose={setScored} choices={classes} />
          )}
        </Field>
        <SearchInput
          aria-label={lookWords.grid.search}
          placeholder={lookWords.grid.searchPlaceholder}
          value={typed}
          className={styles.search}
          onChange={(event) => setTyped(event.target.value)}
        />
        {scores.labelled && (
          <Checkbox
            label={words.wrongOnly}
            checked={wrong}
            onChange={(event) => setWrong(event.target.checked)}
          />
        )}
        <Button
          size="small"
          look="quiet"
          icon="close"
          className={filtered ? undefined : styles.hidden}
          onClick={() => {
            setWrong(false);
            setLabel("");
            setScored("");
            setTyped("");
          }}
        >
          {words.clear}
        </Button>
        <span className={styles.spacer} />
        <SizeSlider size={size} onSize={setSize} />
      </div>
      <p className={styles.summary} role="status">
        {scores.wrong !== null && <strong>{words.summary(scores.wrong, scores.count)}</strong>}
        {filtered && count !== undefined && (
          <span>{lookWords.grid.shownOf(count, scores.count)}</span>
        )}
        {!filtered && scores.wrong === null && <span>{lookWords.grid.shown(scores.count)}</span>}
        {scores.skipped > 0 && <span>{words.skipped(scores.skipped)}</span>}
      </p>
      <Answered query={counted}>
        {({ total }) => (
          <ScoreGrid
            fill
            artifact={artifact}
            filter={filter}
            count={total}
            size={size}
            pictures={scores.pictures}
            label={lookWords.types["ScoresDirectory"] ?? ""}
          />
        )}
      </Answered>
      <p className={styles.csv}>
        <Button size="small" icon="download" busy={saving} title={words.csvHelp} onClick={save}>
          {words.csv}
        </Button>
        {words.command} <code>{command}</code>
        <Copy text={command} label={words.copyCommand} />
      </p>
    </div>
  );
}
