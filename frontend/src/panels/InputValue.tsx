/** The value of a pipeline input that is a parameter set in one place. */
import { useRef } from "react";
import type { Edit, Graph } from "~/api/types";
import { panel as panelWords } from "~/messages/panel";
import { useCatalog } from "~/store/catalog";
import { send } from "./edits";
import { boundKind, freeRule, typed } from "./fields";
import { Switch } from "./Switch";
import { TypedField } from "./TypedField";

const words = panelWords.pipeline;
type SetInput = Extract<Edit, { kind: "set_input" }>;

export function setInput(name: string, patch: Partial<SetInput>): SetInput {
  return {
    kind: "set_input",
    name,
    data: true,
    path: null,
    folder: "",
    value: null,
    remove: false,
    ...patch,
  };
}

export function InputValue({
  draft,
  graph,
  name,
  value,
  error,
}: {
  draft: string;
  graph: Graph;
  name: string;
  value: string | number | boolean | null;
  error: string | undefined;
}) {
  const components = useCatalog((state) => state.byName);
  // a number stays one while it is typed anew; where no parameter says so, a whole one may be
  // replaced by a broken one
  const first = useRef(freeRule(name, value).kind).current;
  const kind = boundKind(graph, name, components) ?? (first === "integer" ? "number" : first);
  const rule = { ...freeRule(name, value), kind };
  const set = (next: string | number | boolean | null) =>
    send(words.valueOf(name), [setInput(name, { data: false, value: next })], `type input.${name}`);
  if (typeof value === "boolean") {
    return (
      <Switch aria-label={words.valueOf(name)} on={value} onChange={(next) => void set(next)} />
    );
  }
  const isNumber = kind === "integer" || kind === "number";
  return (
    <TypedField
      id={`${draft}//value/${name}`}
      label={words.valueOf(name)}
      parameter={name}
      hideLabel
      saved={value === null ? "" : String(value)}
      error={error}
      wrong={(text) => (isNumber ? typed(rule, text).wrong : "")}
      send={async (text) => {
        const next = typed(rule, text).value;
        // an emptied number is no text: it stays to be mended
        return !(isNumber && next === null) && set(next);
      }}
    />
  );
}
