/** Where photos come in, and where work is taken up again. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { home as homeWords } from "~/messages/home";
import { FolderDialog } from "~/panels/FolderDialog";
import { Icon } from "~/ui/Icon";
import { Page } from "~/ui/Page";
import { Drafts, Templates } from "./home/Drafts";
import { DropPlace } from "./home/DropPlace";
import styles from "./home/home.module.css";
import { PhotosCard } from "./home/PhotosCard";
import * as read from "./home/queries";
import { Recent } from "./home/Recent";
import { useSource } from "./home/source";

export default function HomePage() {
  const source = useSource((state) => state.source);
  const [browsing, setBrowsing] = useState(false);
  return (
    <Page title={homeWords.heading} tab={homeWords.title}>
      {source ? <PhotosCard source={source} /> : <DropPlace onBrowse={() => setBrowsing(true)} />}
      <div className={styles.columns}>
        <div className={styles.main}>
          <Drafts />
        </div>
        <div className={styles.side}>
          <Recent />
          <StorageLine />
        </div>
      </div>
      <Templates />
      {browsing && (
        <FolderDialog
          title={homeWords.here.title}
          onChoose={useSource.getState().usePlace}
          onClose={() => setBrowsing(false)}
        />
      )}
    </Page>
  );
}

function StorageLine() {
  const { data } = useQuery(read.storage);
  if (!data) return null;
  const used = data.parts.reduce((sum, part) => sum + part.bytes, 0);
  return (
    <p className={styles.storage}>
      <Icon name="storage" />
      <span>
        {homeWords.storage.line(used, data.free)}
        <br />
        <Link href="/machine">{homeWords.storage.look}</Link>
      </span>
    </p>
  );
}
