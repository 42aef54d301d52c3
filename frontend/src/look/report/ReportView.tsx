/** A report: a page of its own, which may run no script; so it is opened beside the designer. */
import type { ViewProps } from "~/look/types";
import { look as lookWords } from "~/messages/look";
import { buttonClass } from "~/ui/Button";
import { Card } from "~/ui/Card";
import { Icon } from "~/ui/Icon";
import styles from "./ReportView.module.css";

const words = lookWords.report;

export function ReportView({ artifact }: ViewProps) {
  const address = `/api/reports/${encodeURIComponent(artifact)}`;
  return (
    <Card className={styles.report}>
      <Icon name="report" size={40} strokeWidth={0.9} />
      <p>{words.text}</p>
      <div className={styles.actions}>
        <a
          href={address}
          target="_blank"
          rel="noreferrer"
          className={buttonClass({ look: "primary", size: "large" })}
        >
          <Icon name="external" />
          {words.open}
        </a>
        <a href={address} download="report.html" className={buttonClass({ size: "large" })}>
          <Icon name="download" />
          {words.download}
        </a>
      </div>
    </Card>
  );
}
