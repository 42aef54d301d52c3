/** Pictures as they are, as training sees them in three epochs, and as inference sees them. */
import { type ReactNode, useEffect, useState } from "react";
import { Answered } from "~/look/Answered";
import { Thumbnail } from "~/look/grid/Thumbnail";
import { useImages, useTransformation } from "~/look/queries";
import type { ImageDirectory } from "~/look/types";
import { look as lookWords } from "~/messages/look";
import { Button } from "~/ui/Button";
import { Empty } from "~/ui/Empty";
import { Field, TextInput } from "~/ui/Field";
import styles from "./BeforeAfter.module.css";
import { thumbnailOf } from "./ImageGrid";
import { spread } from "./spread";

const words = lookWords.before;
const shownAtOnce = 5;
/** How long nothing is typed before pictures are asked for. */
const typingPause = 400;
const largestSeed = 2 ** 31 - 1;

export function BeforeAfter({
  images,
  transformation,
  source,
}: {
  /** Id of the image directory whose pictures are shown. */
  images: string;
  /** Id of the transformation, or of an image directory that carries it. */
  transformation: string;
  /** Chooses whose pictures are shown. */
  source?: ReactNode;
}) {
  const directory = useImages(images);
  const shown = useTransformation(transformation);
  const random = shown.data?.random ?? true;
  return (
    <Answered query={directory}>
      {(found) =>
        found.count === 0 ? (
          <Empty icon="images" title={lookWords.grid.empty} />
        ) : (
          <Pairs
            images={images}
            directory={found}
            transformation={transformation}
            random={random}
            source={source}
          />
        )
      }
    </Answered>
  );
}

function Pairs({
  images,
  directory,
  transformation,
  random,
  source,
}: {
  images: string;
  directory: ImageDirectory;
  transformation: string;
  random: boolean;
  source: ReactNode;
}) {
  const [seed, setSeed] = useState(1);
  const [epoch, setEpoch] = useState(1);
  const [turn, setTurn] = useState(0);
  const rows = spread(directory.count, shownAtOnce, turn);
  const epochs = random ? [epoch, epoch + 1, epoch + 2] : [1];
  const view = (row: number, phase: "training" | "inference", at: number) => {
    const query = new URLSearchParams({
      transformation,
      phase,
      seed: String(seed),
      epoch: String(at),
    });
    return `/api/images/${encodeURIComponent(images)}/previews/${row}?${query}`;
  };
  return (
    <section aria-label={words.title} className={styles.before}>
      <div className={styles.tools}>
        {random && (
          <>
            <Button icon="refresh" look="primary" onClick={() => setSeed((seed % largestSeed) + 1)}>
              {words.again}
            </Button>
            <WholeNumber label={words.seed} value={seed} least={0} onValue={setSeed} />
            <WholeNumber label={words.epoch} value={epoch} least={1} onValue={setEpoch} />
          </>
        )}
        {directory.count > shownAtOnce && (
          <Button icon="images" onClick={() => setTurn(turn + 1)}>
            {words.others}
          </Button>
        )}
        {source}
      </div>
      <p className={styles.hint}>{random ? words.random : words.fixed}</p>
      <div className={styles.frame}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{words.picture}</th>
              {epochs.map((at) => (
                <th key={at} scope="col">
                  {random ? words.training(at) : words.trainingOnce}
                </th>
              ))}
              <th scope="col">{words.inference}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row}>
                <td>
                  <Thumbnail
                    src={thumbnailOf(images, row, 256)}
                    alt={words.altBefore(String(row + 1))}
                    fit="contain"
                    className={styles.picture}
                  />
                </td>
                {epochs.map((at, column) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the place keeps its picture until the next is here
                  <td key={column}>
                    <Thumbnail
                      src={view(row, "training", at)}
                      alt={words.altTraining(String(row + 1), at)}
                      fit="contain"
                      className={styles.picture}
                    />
                  </td>
                ))}
                <td>
                  <Thumbnail
                    src={view(row, "inference", 1)}
                    alt={words.altInference(String(row + 1))}
                    fit="contain"
                    className={styles.picture}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

export function WholeNumber({
  label,
  value,
  least,
  onValue,
}: {
  label: string;
  value: number;
  least: number;
  onValue: (value: number) => void;
}) {
  // what is being typed stays as it is, also while it is no number; pictures follow a pause
  const [text, setText] = useState<string | null>(null);
  const most = label === words.epoch ? 100_000 - 2 : largestSeed;
  const typed = text === null || text.trim() === "" ? Number.NaN : Number(text);
  const takes = Number.isInteger(typed) && typed >= least && typed <= most;
  useEffect(() => {
    if (!takes || typed === value) return;
    const timer = setTimeout(() => onValue(typed), typingPause);
    return () => clearTimeout(timer);
  }, [takes, typed, value, onValue]);
  return (
    <Field label={label} className={styles.number}>
      {(control) => (
        <TextInput
          {...control}
          type="number"
          inputMode="numeric"
          min={least}
          max={most}
          value={text ?? value}
          onChange={(event) => setText(event.target.value)}
          onBlur={() => {
            if (takes) onValue(typed);
            setText(null);
          }}
        />
      )}
    </Field>
  );
}
