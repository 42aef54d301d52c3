/** Figures as people read them. */
import type { Value } from "~/api/types";
import { t } from "~/messages";

/** ``0.4 s``, ``45 s``, ``3 min 20 s``, ``2 h 5 min``. */
export function duration(seconds: number): string {
  const unit = t.panel.seconds;
  if (seconds < 1) return `${Math.max(0, seconds).toFixed(1)} ${unit.s}`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} ${unit.s}`;
  if (whole < 3600) {
    const rest = whole % 60;
    return `${Math.floor(whole / 60)} ${unit.min}${rest ? ` ${rest} ${unit.s}` : ""}`;
  }
  const minutes = Math.floor((whole % 3600) / 60);
  return `${Math.floor(whole / 3600)} ${unit.h}${minutes ? ` ${minutes} ${unit.min}` : ""}`;
}

/** An expected time, as exact as a guess can be: ``3 min``, not ``3 min 7 s``. */
export function roughly(seconds: number): string {
  if (seconds < 10) return duration(Math.max(1, Math.ceil(seconds)));
  if (seconds < 60) return duration(Math.ceil(seconds / 5) * 5);
  if (seconds < 3600) return duration(Math.max(1, Math.round(seconds / 60)) * 60);
  return duration(Math.round(seconds / 900) * 900);
}

/** ``712 B``, ``4.2 MB``. */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** ``93.4%``. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

/** A value of the file, as it is shown in a form. */
export function shown(value: Value | null): string {
  if (value === null) return t.panel.fields.noLimit;
  if (value === "") return t.panel.fields.empty;
  if (value === true) return t.panel.fields.on;
  if (value === false) return t.panel.fields.off;
  return String(value);
}

/** The day and minute, or only the minute when it was today. */
export function moment(at: number): string {
  const when = new Date(at * 1000);
  const today = new Date().toDateString() === when.toDateString();
  return new Intl.DateTimeFormat(undefined, {
    ...(today ? {} : { day: "numeric", month: "short" }),
    hour: "2-digit",
    minute: "2-digit",
  }).format(when);
}
