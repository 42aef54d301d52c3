/** An image directory: its pictures as a grid, its classes as bars, what was left out and why. */
import { useMemo, useState } from "react";
import { useRun } from "~/api/run";
import { Answered } from "~/look/Answered";
import { useThumbnailSize } from "~/look/grid/SizeSlider";
import { useImages } from "~/look/queries";
import type { ViewProps } from "~/look/types";
import { look as lookWords } from "~/messages/look";
import { type Tab, Tabs } from "~/ui/Tabs";
import { BeforeAfter } from "./BeforeAfter";
import { ClassesAside } from "./ClassesAside";
import { ImageGrid } from "./ImageGrid";
import styles from "./ImagesView.module.css";
import { partsOf } from "./parts";
import { SplitView } from "./SplitView";

const words = lookWords.images;
type TabId = "pictures" | "before" | "split";

export function ImagesView({ artifact, run, step }: ViewProps) {
  const images = useImages(artifact);
  const made = useRun(run);
  const parts = useMemo(
    () => (made.data ? partsOf(made.data, artifact, step) : []),
    [made.data, artifact, step],
  );
  const [tab, setTab] = useState<TabId>("pictures");
  const [label, setLabel] = useState("");
  const [size, setSize] = useThumbnailSize();
  return (
    <Answered query={images}>
      {(directory) => {
        const tabs: Tab<TabId>[] = [
          {
            id: "pictures",
            label: words.tabPictures,
            icon: "images",
            content: () => (
              <div className={styles.body}>
                <ClassesAside
                  artifact={artifact}
                  directory={directory}
                  label={label}
                  onLabel={setLabel}
                />
                <ImageGrid
                  artifact={artifact}
                  directory={directory}
                  label={label}
                  size={size}
                  onSize={setSize}
                />
              </div>
            ),
          },
        ];
        if (directory.transformation) {
          tabs.push({
            id: "before",
            label: words.tabBefore,
            icon: "transform",
            content: () => (
              <div className={styles.scroll}>
                <BeforeAfter images={artifact} transformation={artifact} />
              </div>
            ),
          });
        }
        if (parts.length === 2) {
          tabs.push({
            id: "split",
            label: words.tabSplit,
            icon: "split",
            content: () => (
              <div className={styles.scroll}>
                <SplitView parts={parts} here={artifact} run={run} step={step} />
              </div>
            ),
          });
        }
        if (tabs.length === 1) return <div className={styles.tabs}>{tabs[0]?.content()}</div>;
        return (
          <Tabs
            label={lookWords.types["ImageDirectory"] ?? ""}
            tabs={tabs}
            selected={tab}
            onSelect={setTab}
            className={styles.tabs}
          />
        );
      }}
    </Answered>
  );
}
