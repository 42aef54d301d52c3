/** Photos that were brought in, and how to let go of them. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ask, client } from "~/api/client";
import type { DataSet } from "~/api/types";
import { t } from "~/messages";
import { home as homeWords } from "~/messages/home";
import { ago, bytes, count } from "~/messages/numbers";
import { IconButton } from "~/ui/Button";
import { Section } from "~/ui/Card";
import { Confirm } from "~/ui/Dialog";
import { FailureNotice } from "~/ui/Notice";
import { Waiting } from "~/ui/Spinner";
import { Table } from "~/ui/Table";
import { toast, toastFailure } from "~/ui/Toast";
import * as read from "../home/queries";
import styles from "./machine.module.css";

const words = homeWords.machine;

export function DataSets() {
  const { data, error, isPending, refetch } = useQuery(read.datasets);
  const [asking, setAsking] = useState<DataSet | null>(null);
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: (one: DataSet) =>
      ask(client.DELETE("/api/datasets/{dataset}", { params: { path: { dataset: one.id } } })),
    onSuccess: (_, one) => {
      toast(words.deletedDataset(one.name));
      void queries.invalidateQueries({ queryKey: ["datasets"] });
      void queries.invalidateQueries({ queryKey: ["storage"] });
    },
    onError: toastFailure,
    onSettled: () => setAsking(null),
  });
  return (
    <Section title={words.datasets}>
      {error && <FailureNotice failure={error} onRetry={() => void refetch()} />}
      {isPending && <Waiting>{t.common.loading}</Waiting>}
      {data?.length === 0 && <p className={styles.quiet}>{words.datasetsEmpty}</p>}
      {data && data.length > 0 && (
        <Table caption={words.datasetsCaption}>
          <thead>
            <tr>
              <th scope="col">{words.datasetColumns.name}</th>
              <th scope="col" data-number>
                {words.datasetColumns.files}
              </th>
              <th scope="col" data-number>
                {words.datasetColumns.size}
              </th>
              <th scope="col">{words.datasetColumns.brought}</th>
              <th scope="col">
                <span className="visually-hidden">{words.columns.actions}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {data.map((one) => (
              <tr key={one.id}>
                <th scope="row">
                  {one.name}
                  <small className={styles.path}>{one.path}</small>
                </th>
                <td data-number>{count(one.files)}</td>
                <td data-number>{bytes(one.bytes)}</td>
                <td>{ago(one.created)}</td>
                <td data-number>
                  <IconButton
                    icon="trash"
                    size="small"
                    label={words.deleteDataset(one.name)}
                    onClick={() => setAsking(one)}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      {asking && (
        <Confirm
          title={words.deleteDatasetTitle(asking.name)}
          action={words.deleteDataset(asking.name)}
          busy={remove.isPending}
          onConfirm={() => remove.mutate(asking)}
          onClose={() => setAsking(null)}
        >
          <p>{words.deleteDatasetWords}</p>
        </Confirm>
      )}
    </Section>
  );
}
