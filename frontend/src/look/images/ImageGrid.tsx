/** The pictures of an image directory: by class or plain, searched, in the size one likes. */
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { ask, client } from "~/api/client";
import { Answered } from "~/look/Answered";
import { PictureGrid } from "~/look/grid/PictureGrid";
import { SizeSlider } from "~/look/grid/SizeSlider";
import { Thumbnail } from "~/look/grid/Thumbnail";
import { type FetchPage, useSections } from "~/look/grid/usePages";
import { type Section, thumbnailSide } from "~/look/grid/window";
import type { ImageDirectory, ImageItem } from "~/look/types";
import { look as lookWords } from "~/messages/look";
import { bytes } from "~/messages/numbers";
import { Checkbox, SearchInput } from "~/ui/Field";
import styles from "./ImagesView.module.css";

const words = lookWords.grid;

export function thumbnailOf(artifact: string, row: number, side: number): string {
  return `/api/images/${encodeURIComponent(artifact)}/thumbnails/${row}?side=${side}`;
}

/** The last part of a file's path. */
export function baseName(file: string): string {
  return file.split("/").at(-1) ?? file;
}

export function ImageGrid({
  artifact,
  directory,
  label,
  size,
  onSize,
}: {
  artifact: string;
  directory: ImageDirectory;
  label: string;
  size: number;
  onSize: (size: number) => void;
}) {
  const [typed, setTyped] = useState("");
  const [byClass, setByClass] = useState(false);
  const search = useDeferredValue(typed.trim());
  const grouped = byClass && directory.labelled && !label && !search;
  const found = useCount(artifact, label, search);
  const counts = new Map(directory.classes.map((one) => [one.name, one.count]));
  const plainCount = search
    ? found.data?.total
    : label
      ? (counts.get(label) ?? 0)
      : directory.count;
  const sections = useSections(
    grouped
      ? directory.classes.map(
          (one): Section => ({ key: one.name, title: one.name, count: one.count }),
        )
      : [{ key: label, count: plainCount ?? 0 }],
  );
  // a plain grid shows pictures by their numbers, before anything else is known of them
  const everything = !label && !search && !grouped;

  const fetchPage: FetchPage<ImageItem> = (section, offset, limit, signal) =>
    ask(
      client.GET("/api/images/{artifact}/items", {
        params: { path: { artifact }, query: { label: section.key, search, offset, limit } },
        signal,
      }),
    );

  return (
    <div className={styles.main}>
      <div className={styles.tools}>
        <SearchInput
          aria-label={words.search}
          placeholder={words.searchPlaceholder}
          value={typed}
          className={styles.search}
          onChange={(event) => setTyped(event.target.value)}
        />
        {directory.labelled && (
          <Checkbox
            label={words.group}
            checked={byClass}
            onChange={(event) => setByClass(event.target.checked)}
          />
        )}
        <span className={styles.shown} role="status">
          {plainCount === directory.count || grouped
            ? words.shown(directory.count)
            : plainCount !== undefined && words.shownOf(plainCount, directory.count)}
        </span>
        <SizeSlider size={size} onSize={onSize} />
      </div>
      {plainCount === undefined && !grouped ? (
        <Answered query={found}>{() => null}</Answered>
      ) : (
        <PictureGrid<ImageItem>
          fill
          label={words.label}
          name={["image-items", artifact, search]}
          sections={sections}
          fetchPage={fetchPage}
          cell={size}
          caption={22}
          {...(directory.count === 0 ? { emptyTitle: words.empty, emptyHint: " " } : {})}
          nameOf={(item) =>
            item
              ? item.label === null
                ? words.picture(baseName(item.file))
                : words.pictureOf(baseName(item.file), item.label)
              : words.waiting
          }
          render={(item, index, side) => {
            const row = item?.row ?? (everything ? index : undefined);
            return (
              <>
                {row === undefined ? (
                  <span className={styles.place} style={{ blockSize: side }} />
                ) : (
                  <span className={styles.picture} style={{ blockSize: side }}>
                    <Thumbnail
                      src={thumbnailOf(artifact, row, thumbnailSide(side, devicePixelRatio))}
                      alt=""
                      className={styles.fillPicture}
                    />
                  </span>
                )}
                <span className={styles.caption} title={item?.file}>
                  {item &&
                    (grouped || label || item.label === null ? baseName(item.file) : item.label)}
                </span>
              </>
            );
          }}
          preview={(item, index) => {
            const row = item?.row ?? (everything ? index : undefined);
            return {
              title: item ? baseName(item.file) : words.waiting,
              src: row === undefined ? "" : thumbnailOf(artifact, row, 1024),
              alt: item?.file ?? words.waiting,
              facts: item ? factsOf(item) : [],
            };
          }}
        />
      )}
    </div>
  );
}

function factsOf(item: ImageItem): [string, string][] {
  const names = lookWords.preview;
  const facts: [string, string][] = [[names.label, item.label ?? words.noLabel]];
  if (item.group !== null) facts.push([names.group, item.group]);
  facts.push(
    [names.size, names.pixels(item.width, item.height)],
    [names.bytes, bytes(item.bytes)],
    [names.file, item.file],
  );
  return facts;
}

/** How many pictures a search finds; asked only where there is one. */
function useCount(artifact: string, label: string, search: string) {
  return useQuery({
    queryKey: ["image-count", artifact, label, search],
    queryFn: ({ signal }) =>
      ask(
        client.GET("/api/images/{artifact}/items", {
          params: { path: { artifact }, query: { label, search, limit: 1 } },
          signal,
        }),
      ),
    enabled: search !== "",
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (before) => before,
  });
}
