/** The one button, and the one question where pretrained weights are not here. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { ask, client } from "~/api/client";
import type { Weights } from "~/api/types";
import { t } from "~/messages";
import { home as homeWords } from "~/messages/home";
import { useCatalog } from "~/store/catalog";
import { useHeard } from "~/store/heard";
import { Button } from "~/ui/Button";
import { Field } from "~/ui/Field";
import { FailureNotice } from "~/ui/Notice";
import { Select } from "~/ui/Select";
import styles from "./home.module.css";
import * as read from "./queries";
import { type Source, useSource } from "./source";
import { useUpload } from "./upload";
import { type Start, WeightsProgress, WeightsQuestion } from "./WeightsQuestion";

const MODEL = "resnet18";
const PRESET = "standard";
/** The model is trained, or only drawn for the user to go on with. */
type Aim = "train" | "draw";

interface Failed {
  message: string;
  remedy?: string;
}

function failureOf(error: unknown): Failed {
  const { failure, message } = error as { failure?: Failed; message?: string };
  return failure ?? { message: message ?? t.common.failed };
}

export function Train({ source }: { source: Source }) {
  const [model, setModel] = useState(MODEL);
  const [preset, setPreset] = useState(PRESET);
  const [start, setStart] = useState<Start>("fetch");
  const [file, setFile] = useState<File | null>(null);
  const [aim, setAim] = useState<Aim | null>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failed | null>(null);
  const [, go] = useLocation();
  const queries = useQueryClient();
  const upload = useUpload();
  const forget = useSource((state) => state.forget);
  const presets = useCatalog((state) => state.catalog?.presets);
  const machine = useQuery(read.machine);
  const listed = useQuery(read.weights);
  const told = useHeard((state) => state.weights[model]);
  const listedOne = listed.data?.find((one) => one.model === model);
  const weights: Weights | undefined = told && listedOne ? { ...listedOne, ...told } : listedOne;
  const missing = weights !== undefined && weights.state !== "here";
  const offline = machine.data?.offline ?? false;
  const chosen: Start = offline && start === "fetch" ? "scratch" : start;

  const folder =
    source.kind === "folder"
      ? source.id
      : source.kind === "dataset"
        ? source.dataset.id
        : upload.dataset?.id;
  const arriving = source.kind === "local" && folder === undefined;
  const stuck = upload.state === "stuck" || upload.state === "failed";

  const begin = useCallback(
    async (wanted: Aim, id: string, from: "pretrained" | "scratch") => {
      const draft = await ask(
        client.POST("/api/quickstart", {
          body: { folder: id, name: source.name, model, preset, weights: from },
        }),
      );
      void queries.invalidateQueries({ queryKey: ["drafts"] });
      if (wanted === "draw") {
        forget();
        return go(`/drafts/${draft.id}`);
      }
      const { run } = await ask(
        client.POST("/api/drafts/{draft}/runs", {
          params: { path: { draft: draft.id } },
          body: { up_to: "", start_from: "", only: "", no_reuse: false, target: "", values: {} },
        }),
      );
      forget();
      go(`/runs/${run}`);
    },
    [source.name, model, preset, queries, go, forget],
  );

  // pressed already: goes on by itself when photos and weights are here
  useEffect(() => {
    if (aim === null || folder === undefined) return;
    const scratch = missing && chosen === "scratch";
    if (missing && !scratch && aim === "train") {
      if (weights?.state !== "failed") return;
      setFailure({ message: homeWords.weights.failed(weights.reason) });
      setAim(null);
      return;
    }
    setAim(null);
    setBusy(true);
    begin(aim, folder, scratch ? "scratch" : "pretrained")
      .catch((error: unknown) => setFailure(failureOf(error)))
      .finally(() => setBusy(false));
  }, [aim, folder, missing, chosen, weights, begin]);
  const press = async (wanted: Aim) => {
    setFailure(null);
    try {
      if (wanted === "train" && missing) {
        const path = { params: { path: { model } } };
        if (chosen === "fetch" && weights?.state !== "fetching") {
          const state = await ask(client.POST("/api/weights/{model}/fetch", path));
          useHeard.getState().weight(state);
        }
        if (chosen === "file" && file) {
          const state = await ask(
            client.PUT("/api/weights/{model}", {
              ...path,
              body: file as never,
              bodySerializer: (body: unknown) => body as Blob,
              headers: { "Content-Type": "application/octet-stream" },
            }),
          );
          useHeard.getState().weight(state);
        }
      }
      setAim(wanted);
    } catch (error) {
      setFailure(failureOf(error));
    }
  };

  const waiting = aim !== null;
  const words = busy
    ? homeWords.train.starting
    : waiting
      ? arriving
        ? homeWords.train.waiting
        : homeWords.train.fetching
      : homeWords.train.button;
  return (
    <div className={styles.train}>
      {missing && weights && !machine.isPending && !waiting && weights.state !== "fetching" && (
        <WeightsQuestion
          weights={weights}
          offline={offline}
          start={chosen}
          file={file}
          onStart={setStart}
          onFile={setFile}
        />
      )}
      {weights?.state === "fetching" && <WeightsProgress weights={weights} />}
      {failure && <FailureNotice failure={failure} />}
      <div className={styles.trainButtons}>
        <Button
          look="primary"
          size="large"
          icon="run"
          busy={busy || waiting}
          disabled={stuck || (missing && chosen === "file" && !file)}
          onClick={() => void press("train")}
        >
          {words}
        </Button>
        <Button
          size="large"
          look="quiet"
          disabled={busy || waiting || stuck}
          onClick={() => void press("draw")}
        >
          {homeWords.train.canvas}
        </Button>
        <details className={styles.choices}>
          <summary>{homeWords.train.choices}</summary>
          <div className={styles.choicesBody}>
            <Field label={homeWords.train.model}>
              {(control) => (
                <Select
                  {...control}
                  value={model}
                  onChoose={setModel}
                  choices={(listed.data ?? []).map((one) => ({
                    value: one.model,
                    label: one.title,
                  }))}
                />
              )}
            </Field>
            <Field label={homeWords.train.preset}>
              {(control) => (
                <Select
                  {...control}
                  value={preset}
                  onChoose={setPreset}
                  choices={Object.keys(presets ?? {}).map((name) => ({
                    value: name,
                    label: homeWords.train.presets[name] ?? name,
                  }))}
                />
              )}
            </Field>
          </div>
        </details>
      </div>
    </div>
  );
}
