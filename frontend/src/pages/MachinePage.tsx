/** The machine: what it is, who runs and waits, weights, storage, photos that were brought in. */
import { useQuery } from "@tanstack/react-query";
import { t } from "~/messages";
import { home as homeWords } from "~/messages/home";
import { Card, Section } from "~/ui/Card";
import { FailureNotice, Notice } from "~/ui/Notice";
import { Page } from "~/ui/Page";
import { Waiting } from "~/ui/Spinner";
import * as read from "./home/queries";
import { DataSets } from "./machine/DataSets";
import styles from "./machine/machine.module.css";
import { Storage } from "./machine/Storage";
import { Targets } from "./machine/Targets";
import { WeightsTable } from "./machine/WeightsTable";

export default function MachinePage() {
  return (
    <Page title={homeWords.machine.title}>
      <ThisMachine />
      <Targets />
      <Storage />
      <WeightsTable />
      <DataSets />
    </Page>
  );
}

function ThisMachine() {
  const { data, error, isPending, refetch } = useQuery(read.machine);
  const words = homeWords.machine;
  return (
    <Section title={words.caption} aside={data && words.version(data.version)}>
      {error && <FailureNotice failure={error} onRetry={() => void refetch()} />}
      {isPending && <Waiting>{t.common.loading}</Waiting>}
      {data && (
        <Card className={styles.machine}>
          <p>{data.line}</p>
          <dl className={styles.facts}>
            <dt>{words.home}</dt>
            <dd>{data.home}</dd>
          </dl>
          {data.offline && <Notice>{words.offline}</Notice>}
          {data.warnings.map((warning) => (
            <Notice key={warning} tone="warn">
              {warning}
            </Notice>
          ))}
        </Card>
      )}
    </Section>
  );
}
