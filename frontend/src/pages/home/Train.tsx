/** The one button, and the one question where pretrained weights are not here. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Weights } from "~/api/types";
import { home as homeWords } from "~/messages/home";
import { useCatalog } from "~/store/catalog";
import { useHeard } from "~/store/heard";
import { Button } from "~/ui/Button";
import { Field } from "~/ui/Field";
import { FailureNotice } from "~/ui/Notice";
import { Select } from "~/ui/Select";
import styles from "./home.module.css";
import * as read from "./queries";
import type { Source } from "./source";
import { type Aim, folderOf, useTraining, type Wish } from "./training";
import { useUpload } from "./upload";
import { type Start, WeightsProgress, WeightsQuestion } from "./WeightsQuestion";

const MODEL = "resnet18";
const PRESET = "standard";
export function Train({ source }: { source: Source }) {
  const { wish, busy, starting, failure, press } = useTraining();
  const [model, setModel] = useState(wish?.model ?? MODEL);
  const [preset, setPreset] = useState(wish?.preset ?? PRESET);
  const [start, setStart] = useState<Start>("fetch");
  const [file, setFile] = useState<File | null>(null);
  const upload = useUpload();
  const queries = useQueryClient();
  // a draft was made, also for a run that was refused
  useEffect(() => {
    if (!starting) void queries.invalidateQueries({ queryKey: ["drafts"] });
  }, [starting, queries]);
  const presets = useCatalog((state) => state.catalog?.presets);
  const machine = useQuery(read.machine);
  const listed = useQuery(read.weights);
  const told = useHeard((state) => state.weights[model]);
  const listedOne = listed.data?.find((one) => one.model === model);
  const weights: Weights | undefined = told && listedOne ? { ...listedOne, ...told } : listedOne;
  const missing = weights !== undefined && weights.state !== "here";
  const offline = machine.data?.offline ?? false;
  const chosen: Start = offline && start === "fetch" ? "scratch" : start;

  const arriving = folderOf(source) === undefined;
  // what is not known yet cannot be asked about
  const unknown = listed.isPending || machine.isPending;
  const stuck = upload.state === "stuck" || upload.state === "failed";

  const bring = (): Wish["weights"] => {
    if (!missing || chosen === "scratch") return { kind: "none" };
    if (chosen === "file" && file) return { kind: "send", file };
    return { kind: weights.state === "fetching" ? "wait" : "fetch" };
  };
  const wanted = (aim: Aim) =>
    press({
      aim,
      source,
      model,
      preset,
      from: missing && chosen === "scratch" ? "scratch" : "pretrained",
      weights: aim === "train" ? bring() : { kind: "none" },
    });

  const words = starting
    ? homeWords.train.starting
    : busy
      ? arriving
        ? homeWords.train.waiting
        : homeWords.train.fetching
      : homeWords.train.button;
  return (
    <div className={styles.train}>
      {missing && weights && !machine.isPending && !busy && weights.state !== "fetching" && (
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
          busy={busy}
          disabled={unknown || stuck || (missing && chosen === "file" && !file)}
          onClick={() => void wanted("train")}
        >
          {words}
        </Button>
        <Button
          size="large"
          look="quiet"
          disabled={busy || unknown || stuck}
          onClick={() => void wanted("draw")}
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
