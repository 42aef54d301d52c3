/** Scored pictures as cards: the picture, what it is, what the model said, and whether that is right. */
import { useQuery } from "@tanstack/react-query";
import { Bars } from "~/charts/Bars";
import { number, probability } from "~/look/format";
import { PictureGrid } from "~/look/grid/PictureGrid";
import type { Preview } from "~/look/grid/PreviewDialog";
import { Thumbnail } from "~/look/grid/Thumbnail";
import { type FetchPage, useSections } from "~/look/grid/usePages";
import { thumbnailSide } from "~/look/grid/window";
import { baseName } from "~/look/images/ImageGrid";
import type { ScoreItem } from "~/look/types";
import { look as lookWords } from "~/messages/look";
import { cx } from "~/ui/cx";
import { Icon } from "~/ui/Icon";
import { type ScoreFilter, scoresPage } from "./filter";
import styles from "./ScoreGrid.module.css";

const words = lookWords.scores;

/** How many scored pictures match. */
export function useScoreCount(artifact: string, filter: ScoreFilter) {
  const { sort: _, descending: __, ...which } = filter;
  return useQuery({
    queryKey: ["score-count", artifact, which],
    queryFn: ({ signal }) => scoresPage(artifact, filter, 0, 1, signal),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (before) => before,
  });
}

export function scoreThumbnail(artifact: string, row: number, side: number): string {
  return `/api/scores/${encodeURIComponent(artifact)}/thumbnails/${row}?side=${side}`;
}

function isRight(item: ScoreItem): boolean | null {
  return item.label === null ? null : item.label === item.scored_label;
}

function verdict(item: ScoreItem): string {
  const right = isRight(item);
  return right === null ? words.unlabelled : right ? words.right : words.wrong;
}

export function ScoreGrid({
  artifact,
  filter,
  count,
  size,
  pictures,
  label,
  fill = false,
  emptyTitle,
}: {
  artifact: string;
  filter: ScoreFilter;
  count: number;
  size: number;
  /** Whether the pictures themselves are here. */
  pictures: boolean;
  label: string;
  fill?: boolean;
  emptyTitle?: string;
}) {
  const sections = useSections([{ key: "", count }]);
  const fetchPage: FetchPage<ScoreItem> = (_, offset, limit, signal) =>
    scoresPage(artifact, filter, offset, limit, signal);
  return (
    <PictureGrid<ScoreItem>
      fill={fill}
      label={label}
      name={["score-items", artifact, filter]}
      sections={sections}
      fetchPage={fetchPage}
      cell={Math.max(148, size + 16)}
      caption={58}
      {...(emptyTitle ? { emptyTitle, emptyHint: " " } : {})}
      nameOf={(item) =>
        item
          ? words.card(
              baseName(item.file),
              item.scored_label,
              probability(item.probability),
              verdict(item),
            )
          : lookWords.grid.waiting
      }
      render={(item, _, side) => (
        <Card item={item} side={side} artifact={artifact} pictures={pictures} />
      )}
      preview={(item) => previewOf(artifact, item)}
    />
  );
}

function Card({
  item,
  side,
  artifact,
  pictures,
}: {
  item: ScoreItem | undefined;
  side: number;
  artifact: string;
  pictures: boolean;
}) {
  if (!item) return <span className={styles.card} />;
  const right = isRight(item);
  return (
    <span className={cx(styles.card, right === false && styles.wrongCard)}>
      <span className={styles.picture} style={{ blockSize: side - 2 }}>
        {pictures ? (
          <Thumbnail
            src={scoreThumbnail(artifact, item.row, thumbnailSide(side, devicePixelRatio))}
            alt=""
            className={styles.fill}
          />
        ) : (
          <span className={styles.none}>{baseName(item.file)}</span>
        )}
      </span>
      <span className={styles.answer}>
        <span className={styles.name} title={item.scored_label}>
          {item.scored_label}
        </span>
        <b>{probability(item.probability)}</b>
      </span>
      <span className={styles.track}>
        <span
          className={cx(styles.bar, right === false && styles.wrongBar)}
          style={{ inlineSize: `${100 * item.probability}%` }}
        />
      </span>
      <span
        className={cx(
          styles.verdict,
          right === true && styles.right,
          right === false && styles.wrong,
        )}
      >
        {right !== null && <Icon name={right ? "check" : "close"} size={13} />}
        <span className={styles.name}>
          {right === false && item.label !== null ? words.isLabel(item.label) : verdict(item)}
        </span>
      </span>
    </span>
  );
}

function previewOf(artifact: string, item: ScoreItem | undefined): Preview {
  if (!item) return { title: lookWords.grid.waiting, src: "", alt: "", facts: [] };
  const names = lookWords.preview;
  const right = isRight(item);
  return {
    title: baseName(item.file),
    src: scoreThumbnail(artifact, item.row, 1024),
    alt: item.file,
    facts: [
      [
        words.scored,
        <span
          key="answer"
          className={cx(
            styles.verdict,
            right === true && styles.right,
            right === false && styles.wrong,
          )}
        >
          {right !== null && <Icon name={right ? "check" : "close"} size={14} />}
          {item.scored_label} ({probability(item.probability)}), {verdict(item)}
        </span>,
      ],
      [words.label, item.label ?? lookWords.grid.noLabel],
      ...(item.loss === null ? [] : [[names.loss, number(item.loss)] as const]),
      [names.file, item.file],
    ],
    more: (
      <Bars
        label={names.answers}
        most={1}
        className={styles.answers}
        bars={item.answers.map((answer) => ({
          name: answer.label,
          value: answer.probability,
          text: probability(answer.probability),
        }))}
      />
    ),
  };
}
