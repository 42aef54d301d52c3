/** Figures as people read them. */
import type { Value } from "~/api/types";
import { duration } from "~/messages/numbers";
import { panel as panelWords } from "~/messages/panel";

/** An expected time, as exact as a guess can be: ``3 min``, not ``3 min 7 s``. */
export function roughly(seconds: number): string {
  if (seconds < 10) return duration(Math.max(1, Math.ceil(seconds)));
  if (seconds < 60) return duration(Math.ceil(seconds / 5) * 5);
  if (seconds < 3600) return duration(Math.max(1, Math.round(seconds / 60)) * 60);
  return duration(Math.round(seconds / 900) * 900);
}

/** A value of the file, as it is shown in a form. */
export function shown(value: Value | null): string {
  if (value === null) return panelWords.fields.noLimit;
  if (value === "") return panelWords.fields.empty;
  if (value === true) return panelWords.fields.on;
  if (value === false) return panelWords.fields.off;
  return String(value);
}
