import { describe, expect, test } from "vitest";
import { ago, bytes, duration, percent } from "./numbers";

describe("numbers as they are read", () => {
  test("bytes in steps of a thousand", () => {
    expect([0, 999, 1000, 1_530, 45_000_000, 999_999].map(bytes)).toEqual([
      "0 bytes",
      "999 bytes",
      "1.0 kB",
      "1.5 kB",
      "45 MB",
      "1.0 MB",
    ]);
  });
  test("durations in the two largest units", () => {
    expect([0.42, 12, 60, 185, 7_800, 7_200].map(duration)).toEqual([
      "0.4 s",
      "12 s",
      "1 min",
      "3 min 5 s",
      "2 h 10 min",
      "2 h",
    ]);
  });
  test("times by their distance, then by date", () => {
    const now = 1_000_000_000;
    expect(ago(now - 5, now)).toBe("just now");
    expect(ago(now - 120, now)).toBe("2 minutes ago");
    expect(ago(now - 7_200, now)).toBe("2 hours ago");
    expect(ago(now - 30 * 86_400, now)).toMatch(/2001/);
  });
  test("shares as percentages", () => {
    expect(percent(0.9744)).toBe("97.4 %");
  });
});
