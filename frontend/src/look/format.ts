/** Figures as people read them. */
import { duration, milliseconds, points, percent as share } from "~/messages/numbers";

const nothing = "–";

/** A fraction as a percentage that stays on one line. */
export function percent(value: number | null | undefined, digits = 1): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return nothing;
  return share(value, digits).replace(" ", "\u00a0");
}

/** A share that never claims certainty it does not have: 0.9999 is ">99.9 %", not "100.0 %". */
export function probability(value: number): string {
  if (value > 0.9995 && value < 1) return ">99.9\u00a0%";
  if (value < 0.0005 && value > 0) return "<0.1\u00a0%";
  return percent(value);
}

/** Up to `digits` significant digits, without a needless exponent or trailing noughts. */
export function number(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return nothing;
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const small = Math.abs(value) < 1e-4 || Math.abs(value) >= 1e7;
  return small
    ? value.toExponential(digits - 2).replace(/\.?0+e/, "e")
    : String(Number(value.toPrecision(digits)));
}

export function seconds(value: number): string {
  return value < 1 ? milliseconds(Math.max(1, Math.round(value * 1000))) : duration(value);
}

/** Figures that are fractions from 0 to 1 and read best as percentages. */
const fractions = /accuracy|error|precision|recall|f1|waited/;
/** Figures of which less is better. */
const less = /loss|error|seconds|waited/;

export function isFraction(name: string): boolean {
  return fractions.test(name);
}

export function lessIsBetter(name: string): boolean {
  return less.test(name);
}

/** A figure by its name: a percentage where it is a fraction. */
export function figure(name: string, value: number | null | undefined): string {
  return isFraction(name) ? percent(value) : number(value);
}

/** Second against first; percentage points where the figure is a fraction. */
export function difference(name: string, first: number, second: number): string {
  const change = second - first;
  const sign = change > 0 ? "+" : change < 0 ? "−" : "±";
  const size = Math.abs(change);
  return isFraction(name)
    ? points(`${sign}${(100 * size).toFixed(1)}`)
    : `${sign}${number(size, 3)}`;
}

/** Words for a technical name: `top1_accuracy` -> "Top1 accuracy". */
export function words(name: string): string {
  const text = name
    .replaceAll("_", " ")
    .replace(/\bf1\b/, "F1")
    .trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
