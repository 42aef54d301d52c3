/** Short names for the generated types. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Artifact = Schemas["ArtifactView"];
export type Binding =
  | Schemas["ValueBinding"]
  | Schemas["InputBindingView"]
  | Schemas["StepBindingView"];
export type Catalog = Schemas["CatalogView"];
export type CleanResult = Schemas["CleanView"];
export type Component = Schemas["ComponentView"];
export type Conflict = Schemas["Conflict"];
export type Curve = Schemas["Curve"];
export type DataSet = Schemas["DataSetView"];
export type Decision = Schemas["DecisionView"];
export type Difference = Schemas["DifferenceView"];
export type DraftState = Schemas["DraftState"];
export type DraftSummary = Schemas["DraftSummary"];
export type Edit = Schemas["EditRequest"]["edits"][number];
export type Failure = Schemas["Failure"];
export type Folder = Schemas["FolderView"];
export type FolderEntry = Schemas["FolderEntry"];
export type Graph = Schemas["Graph"];
export type GraphInput = Schemas["GraphInput"];
export type GraphStep = Schemas["GraphStep"];
export type InputPort = Schemas["InputPortView"];
export type LogLine = Schemas["LogLine"];
export type Machine = Schemas["MachineView"];
export type Note = Schemas["NoteView"];
export type OutputPort = Schemas["OutputPortView"];
export type Plan = Schemas["PlanView"];
export type Position = Schemas["Position"];
export type Problem = Schemas["ProblemView"];
export type Run = Schemas["RunView"];
export type RunChoice = Schemas["RunChoice"];
export type RunStep = Schemas["RunStepView"];
export type RunSummary = Schemas["RunSummary"];
export type StepState = RunStep["state"];
export type Storage = Schemas["StorageView"];
export type Target = Schemas["TargetView"];
export type Template = Schemas["TemplateView"];
export type Value = string | number | boolean;
export type Weights = Schemas["WeightsView"];
