/** Differences that are causes, and those that only follow from them. */
import type { Difference } from "~/api/types";

/** A result differs because what made it does, and an input because it is such a result. */
export function causesAndConsequences(differences: readonly Difference[]): {
  causes: Difference[];
  consequences: Difference[];
} {
  const change = (one: Difference) => `${one.old} ${one.new}`;
  const results = new Set(differences.filter((one) => one.subject === "result").map(change));
  const follows = (one: Difference) =>
    one.subject === "result" || (one.subject === "input" && results.has(change(one)));
  return {
    causes: differences.filter((one) => !follows(one)),
    consequences: differences.filter(follows),
  };
}
