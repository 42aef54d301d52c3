/** Pretrained weights: here, on their way, or to be had. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { ask, client } from "~/api/client";
import type { Weights } from "~/api/types";
import { t } from "~/messages";
import { home as homeWords } from "~/messages/home";
import { bytes } from "~/messages/numbers";
import { useHeard } from "~/store/heard";
import { Button } from "~/ui/Button";
import { Section } from "~/ui/Card";
import { Icon, type IconName } from "~/ui/Icon";
import { FailureNotice } from "~/ui/Notice";
import { Progress } from "~/ui/Progress";
import { Waiting } from "~/ui/Spinner";
import { Table } from "~/ui/Table";
import { toast, toastFailure } from "~/ui/Toast";
import * as read from "../home/queries";
import styles from "./machine.module.css";

const words = homeWords.machine;
const icons: Readonly<Record<Weights["state"], IconName>> = {
  here: "succeeded",
  absent: "download",
  fetching: "running",
  failed: "failed",
};

export function WeightsTable() {
  const { data, error, isPending, refetch } = useQuery(read.weights);
  const { data: machine } = useQuery(read.machine);
  const heard = useHeard((state) => state.weights);
  return (
    <Section title={words.weights} aside={words.weightsHint}>
      {error && <FailureNotice failure={error} onRetry={() => void refetch()} />}
      {isPending && <Waiting>{t.common.loading}</Waiting>}
      {data && (
        <Table caption={words.weightsCaption}>
          <thead>
            <tr>
              <th scope="col">{words.columns.model}</th>
              <th scope="col" data-number>
                {words.columns.size}
              </th>
              <th scope="col">{words.columns.licence}</th>
              <th scope="col">{words.columns.state}</th>
              <th scope="col">{words.columns.actions}</th>
            </tr>
          </thead>
          <tbody>
            {data.map((read) => (
              <Row
                key={read.model}
                weights={heard[read.model] ?? read}
                offline={machine?.offline ?? false}
              />
            ))}
          </tbody>
        </Table>
      )}
    </Section>
  );
}

function Row({ weights, offline }: { weights: Weights; offline: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  const queries = useQueryClient();
  const path = { params: { path: { model: weights.model } } };
  const told = (state: Weights) => {
    useHeard.getState().weight(state);
    void queries.invalidateQueries({ queryKey: ["weights"] });
    if (state.state === "here") toast(words.took(state.title));
  };
  const fetchThem = useMutation({
    mutationFn: () => ask(client.POST("/api/weights/{model}/fetch", path)),
    onSuccess: told,
    onError: toastFailure,
  });
  const put = useMutation({
    mutationFn: (file: File) =>
      ask(
        client.PUT("/api/weights/{model}", {
          ...path,
          body: file as never,
          bodySerializer: (body: unknown) => body as Blob,
          headers: { "Content-Type": "application/octet-stream" },
        }),
      ),
    onSuccess: told,
    onError: toastFailure,
  });
  const { state } = weights;
  return (
    <tr>
      <th scope="row">
        {weights.model}
        <small className={styles.more}>{weights.title.replace(`${weights.model}, `, "")}</small>
      </th>
      <td data-number>{bytes(weights.bytes)}</td>
      <td className={styles.quiet}>{weights.licence}</td>
      <td className={styles.stateCell}>
        <span className={styles.state} data-state={state}>
          <Icon name={icons[state]} size={14} />
          {words.states[state]}
        </span>
        {state === "fetching" && (
          <Progress label={words.states.fetching} value={weights.done / weights.bytes} />
        )}
        {weights.reason && <small className={styles.quiet}>{weights.reason}</small>}
      </td>
      <td>
        {state !== "here" && (
          <div className={styles.buttons}>
            <Button
              size="small"
              icon="download"
              aria-label={words.fetchLabel(weights.title)}
              title={offline ? words.fetchOffline : undefined}
              disabled={offline}
              busy={state === "fetching" || fetchThem.isPending}
              onClick={() => fetchThem.mutate()}
            >
              {words.fetch}
            </Button>
            <Button
              size="small"
              icon="file"
              aria-label={words.fileLabel(weights.title)}
              busy={put.isPending}
              onClick={() => input.current?.click()}
            >
              {words.file}
            </Button>
            <input
              ref={input}
              type="file"
              hidden
              accept=".safetensors,.pth,.pt"
              aria-label={words.fileLabel(weights.title)}
              onChange={(event) => {
                const [file] = event.target.files ?? [];
                event.target.value = "";
                if (file) put.mutate(file);
              }}
            />
          </div>
        )}
      </td>
    </tr>
  );
}
