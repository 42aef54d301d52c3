/** The figures of a run in a few words. */
import { home as homeWords } from "~/messages/home";
import { percent } from "~/messages/numbers";

type Figures = Readonly<Record<string, number | null>>;

/** Accuracy if there is one, else the loss; empty when nothing is known. */
export function figuresInWords(figures: Figures): string {
  const accuracy = figures["top1_accuracy"] ?? figures["accuracy"];
  if (accuracy != null) return homeWords.runs.accuracy(percent(accuracy));
  const loss = figures["valid_loss"] ?? figures["train_loss"];
  return loss != null ? homeWords.runs.loss(loss.toPrecision(3)) : "";
}
