/** What the home folder holds, and what can safely go. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ask, client } from "~/api/client";
import type { CleanResult } from "~/api/types";
import { t } from "~/messages";
import { home as homeWords } from "~/messages/home";
import { bytes, count } from "~/messages/numbers";
import { Button } from "~/ui/Button";
import { Section } from "~/ui/Card";
import { Dialog } from "~/ui/Dialog";
import { FailureNotice } from "~/ui/Notice";
import { Progress } from "~/ui/Progress";
import { Waiting } from "~/ui/Spinner";
import { Table } from "~/ui/Table";
import { toast, toastFailure } from "~/ui/Toast";
import * as read from "../home/queries";
import styles from "./machine.module.css";

const words = homeWords.machine;

export function Storage() {
  const { data, error, isPending, refetch } = useQuery(read.storage);
  const [found, setFound] = useState<CleanResult | null>(null);
  const look = useMutation({
    mutationFn: () => ask(client.POST("/api/storage/clean", { body: { apply: false } })),
    onSuccess: setFound,
    onError: toastFailure,
  });
  const all = data?.parts.reduce((sum, part) => sum + part.bytes, 0) ?? 0;
  return (
    <Section
      title={words.storage}
      aside={
        <>
          {data && words.free(data.free)}
          <Button icon="trash" busy={look.isPending} onClick={() => look.mutate()}>
            {words.clean}
          </Button>
        </>
      }
    >
      {error && <FailureNotice failure={error} onRetry={() => void refetch()} />}
      {isPending && <Waiting>{t.common.loading}</Waiting>}
      {data && (
        <Table caption={words.storageCaption}>
          <thead>
            <tr>
              <th scope="col">{words.part}</th>
              <th scope="col">{words.share}</th>
              <th scope="col" data-number>
                {words.bytes}
              </th>
              <th scope="col" data-number>
                {words.files}
              </th>
            </tr>
          </thead>
          <tbody>
            {data.parts
              .filter((part) => part.files > 0)
              .map((part) => (
                <tr key={part.name}>
                  <th scope="row">{part.title}</th>
                  <td className={styles.shareCell}>
                    <Progress label={part.title} value={all > 0 ? part.bytes / all : 0} />
                  </td>
                  <td data-number>{bytes(part.bytes)}</td>
                  <td data-number>{count(part.files)}</td>
                </tr>
              ))}
          </tbody>
        </Table>
      )}
      {found && <Clean found={found} onClose={() => setFound(null)} />}
    </Section>
  );
}

function Clean({ found, onClose }: { found: CleanResult; onClose: () => void }) {
  const queries = useQueryClient();
  const apply = useMutation({
    mutationFn: () => ask(client.POST("/api/storage/clean", { body: { apply: true } })),
    onSuccess: (done) => {
      toast(words.cleaned(done.bytes));
      void queries.invalidateQueries({ queryKey: ["storage"] });
      onClose();
    },
  });
  const nothing = found.items.length === 0;
  return (
    <Dialog
      title={words.cleanTitle}
      onClose={onClose}
      wide
      foot={
        <>
          <Button onClick={onClose}>{nothing ? t.common.close : t.common.cancel}</Button>
          {!nothing && (
            <Button look="danger" busy={apply.isPending} onClick={() => apply.mutate()}>
              {words.cleanApply(found.bytes)}
            </Button>
          )}
        </>
      }
    >
      {apply.error && <FailureNotice failure={apply.error} />}
      <p>{nothing ? words.cleanNothing : words.cleanWords(found.bytes)}</p>
      {!nothing && (
        <Table caption={words.cleanTitle} dense>
          <thead>
            <tr>
              <th scope="col">{words.cleanColumns.what}</th>
              <th scope="col">{words.cleanColumns.why}</th>
              <th scope="col" data-number>
                {words.cleanColumns.bytes}
              </th>
            </tr>
          </thead>
          <tbody>
            {found.items.map((item) => (
              <tr key={`${item.what}/${item.why}/${item.bytes}`}>
                <td>{item.what}</td>
                <td>{item.why}</td>
                <td data-number>{bytes(item.bytes)}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </Dialog>
  );
}
