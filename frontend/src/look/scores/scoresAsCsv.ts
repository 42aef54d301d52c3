/** The scored pictures that are shown, as a table. */
import { csv } from "~/charts/csv";
import type { ScoreItem } from "~/look/types";
import { type ScoreFilter, scoresPage } from "./filter";

const pageSize = 1_000;
const header = ["file", "label", "scored_label", "probability", "loss"];

export async function scoresAsCsv(artifact: string, filter: ScoreFilter): Promise<string> {
  const rows: ScoreItem[] = [];
  for (;;) {
    const page = await scoresPage(artifact, filter, rows.length, pageSize);
    rows.push(...page.items);
    if (page.items.length === 0 || rows.length >= page.total) break;
  }
  return csv(
    header,
    rows.map((row) => [row.file, row.label, row.scored_label, row.probability, row.loss]),
  );
}
