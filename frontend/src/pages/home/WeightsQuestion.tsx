/** Pretrained weights are not here: fetch them, give a file, or do without. */
import { useRef } from "react";
import type { Weights } from "~/api/types";
import { home as homeWords } from "~/messages/home";
import { Button } from "~/ui/Button";
import { Progress } from "~/ui/Progress";
import styles from "./home.module.css";

export type Start = "fetch" | "file" | "scratch";

export function WeightsQuestion({
  weights,
  offline,
  start,
  file,
  onStart,
  onFile,
}: {
  weights: Weights;
  offline: boolean;
  start: Start;
  file: File | null;
  onStart: (start: Start) => void;
  onFile: (file: File) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const words = homeWords.weights;
  const options: { start: Start; label: string; hint: string; disabled?: boolean }[] = [
    {
      start: "fetch",
      label: words.fetch(weights.bytes),
      hint: offline ? words.offline : words.fetchHint(weights.source, weights.licence),
      disabled: offline,
    },
    {
      start: "file",
      label: words.file,
      hint: file ? words.chosen(file.name) : words.fileHint(weights.source),
    },
    { start: "scratch", label: words.scratch, hint: words.scratchHint },
  ];
  return (
    <fieldset className={styles.question}>
      <legend>{words.question(weights.model)}</legend>
      <div className={styles.answers}>
        {options.map((option) => (
          <label key={option.start} className={styles.answer} data-disabled={option.disabled}>
            <input
              type="radio"
              name="start"
              checked={start === option.start}
              disabled={option.disabled}
              onChange={() => onStart(option.start)}
            />
            <span>
              <b>{option.label}</b>
              <small>{option.hint}</small>
            </span>
          </label>
        ))}
      </div>
      {start === "file" && (
        <div>
          <Button icon="file" onClick={() => input.current?.click()}>
            {words.choose}
          </Button>
          <input
            ref={input}
            type="file"
            hidden
            accept=".safetensors,.pth,.pt"
            aria-label={words.choose}
            onChange={(event) => {
              const [chosen] = event.target.files ?? [];
              if (chosen) onFile(chosen);
            }}
          />
        </div>
      )}
    </fieldset>
  );
}

export function WeightsProgress({ weights }: { weights: Weights }) {
  const text = homeWords.weights.fetched(weights.done, weights.bytes);
  return (
    <div className={styles.bringing}>
      <p>
        {homeWords.weights.progress}: {text}
      </p>
      <Progress
        label={homeWords.weights.progress}
        value={weights.done / weights.bytes}
        text={text}
      />
    </div>
  );
}
