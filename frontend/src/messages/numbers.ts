/** Numbers and times as they are read; one place, so that they look alike everywhere. */

const whole = new Intl.NumberFormat("en-GB");
const near = new Intl.RelativeTimeFormat("en-GB", { numeric: "auto" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const minute = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

export function count(value: number): string {
  return whole.format(value);
}

const units = ["bytes", "kB", "MB", "GB", "TB"];

/** Bytes in steps of 1,000, e.g. "45 MB". */
export function bytes(value: number): string {
  let size = value;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && size < 9.95 ? 1 : 0;
  return `${size.toFixed(digits)} ${units[unit]}`;
}

/** Seconds as "0.4 s", "12 s", "3 min 5 s", "2 h 10 min". */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const all = Math.round(seconds);
  if (all < 60) return `${all} s`;
  const minutes = Math.floor(all / 60);
  if (minutes < 60) return all % 60 ? `${minutes} min ${all % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

/** A difference of two shares in percentage points; `size` has its sign in front. */
export const points = (size: string) => `${size} points`;

export const milliseconds = (count: number) => `${count} ms`;

/** A share as a percentage, e.g. "97.4 %". */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** How long ago something was, from seconds since 1970; a date when it is more than a week. */
export function ago(at: number, now = Date.now() / 1000): string {
  const passed = now - at;
  if (passed < 45) return "just now";
  if (passed < 3600) return near.format(-Math.max(1, Math.round(passed / 60)), "minute");
  if (passed < 86_400) return near.format(-Math.round(passed / 3600), "hour");
  if (passed < 7 * 86_400) return near.format(-Math.round(passed / 86_400), "day");
  return day.format(at * 1000);
}

/** Day and time, for where "3 hours ago" is not enough. */
export function moment(at: number): string {
  return minute.format(at * 1000);
}
