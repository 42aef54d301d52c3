import { describe, expect, it } from "vitest";
import { csv, csvCell } from "./csv";

describe("tables as text", () => {
  it("quotes what must be quoted", () => {
    expect(csvCell('a "b", c')).toBe('"a ""b"", c"');
    expect(csvCell("two\nlines")).toBe('"two\nlines"');
    expect(csvCell("plain")).toBe("plain");
  });

  it("leaves out what is missing or no number", () => {
    expect(csvCell(null)).toBe("");
    expect(csvCell(Number.NaN)).toBe("");
    expect(csvCell(0)).toBe("0");
  });

  it("marks text that a spreadsheet would compute, but no number", () => {
    expect(csvCell("=1+1")).toBe("'=1+1");
    expect(csvCell(-1.5)).toBe("-1.5");
  });

  it("writes a header and a line per row", () => {
    expect(
      csv(
        ["run", "epoch"],
        [
          ["a", 1],
          ["b", null],
        ],
      ),
    ).toBe("run,epoch\r\na,1\r\nb,\r\n");
  });
});
