/** Short names for the generated types of what is inside artifacts. */
import type { components } from "~/api/schema";

type Schemas = components["schemas"];

export type Answer = Schemas["Answer"];
export type ClassFigure = Schemas["ClassFigureView"];
export type Comparison = Schemas["Comparison"];
export type Evaluation = Schemas["EvaluationView"];
export type FigureOf = Schemas["FigureView"];
export type ImageDirectory = Schemas["ImageDirectoryView"];
export type ImageItem = Schemas["ImageItem"];
export type Model = Schemas["ModelView"];
export type ScoreItem = Schemas["ScoreItem"];
export type Scores = Schemas["ScoresView"];
export type Tried = Schemas["TryView"];

/** What every view of an artifact gets: its id, and the run and step it is looked at from. */
export interface ViewProps {
  artifact: string;
  run: string;
  step: string;
}
