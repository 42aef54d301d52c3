/** One line about any artifact: who made it, when, how large, and its content's digest. */
import { Link } from "wouter";
import { look as lookWords } from "~/messages/look";
import { bytes, moment } from "~/messages/numbers";
import { Copy } from "./Copy";
import styles from "./Facts.module.css";
import { useArtifact } from "./queries";

const words = lookWords.facts;

export function Facts({ artifact }: { artifact: string }) {
  const found = useArtifact(artifact).data;
  return (
    <dl aria-label={words.label} className={styles.facts}>
      {found && (
        <>
          {found.run && (
            <div>
              <dt>{words.madeBy}</dt>
              <dd>
                <Link href={`/runs/${encodeURIComponent(found.run)}`}>{found.run}</Link>
                {found.step && `, ${found.step}`}
              </dd>
            </div>
          )}
          {found.created !== null && (
            <div>
              <dt>{words.made}</dt>
              <dd>{moment(found.created)}</dd>
            </div>
          )}
          <div>
            <dt>{words.size}</dt>
            <dd>{bytes(found.bytes)}</dd>
          </div>
          <div>
            <dt>{words.digest}</dt>
            <dd title={words.digestHelp(found.digest)}>
              <code>{found.digest.replace(/^sha256:/, "").slice(0, 12)}</code>
              <Copy text={found.digest} label={words.copy} />
            </dd>
          </div>
        </>
      )}
    </dl>
  );
}
