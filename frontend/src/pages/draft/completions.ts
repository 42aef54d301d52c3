/** What may be written at a place of a pipeline file, from the catalog. */
import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { useCatalog } from "~/store/catalog";
import { useEditor } from "~/store/editor";

export function completions(context: CompletionContext): CompletionResult | null {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const catalog = useCatalog.getState().catalog;
  const graph = useEditor.getState().draft?.graph;
  if (!catalog) return null;

  const component = /^\s+component:\s*(\S*)$/.exec(before);
  if (component) {
    return {
      from: context.pos - (component[1]?.length ?? 0),
      options: catalog.components.map((item) => ({
        label: `azureml:${item.name}:${item.version}`,
        detail: item.title,
        type: "class",
      })),
    };
  }
  const binding = /\$\{\{\s*([\w.]*)$/.exec(before);
  if (binding && graph) {
    const outputs = graph.steps.flatMap((step) => {
      const found = catalog.components.find((item) => item.name === step.component);
      return (found?.outputs ?? []).map((port) => ({
        label: `parent.jobs.${step.name}.outputs.${port.name}`,
        detail: port.title,
        type: "variable",
      }));
    });
    const inputs = graph.inputs.map((input) => ({
      label: `parent.inputs.${input.name}`,
      detail: input.type,
      type: "variable",
    }));
    return { from: context.pos - (binding[1]?.length ?? 0), options: [...inputs, ...outputs] };
  }
  const key = /^(\s{6})(\w*)$/.exec(before);
  if (key && (context.explicit || key[2])) {
    const name = componentAbove(context, line.number);
    const found = catalog.components.find((item) => item.name === name);
    if (!found) return null;
    const properties = (found.parameters["properties"] ?? {}) as Record<string, { title?: string }>;
    return {
      from: context.pos - (key[2]?.length ?? 0),
      options: [
        ...found.inputs.map((port) => ({
          label: port.name,
          detail: port.title,
          type: "property",
          apply: `${port.name}: `,
        })),
        ...Object.entries(properties).map(([label, schema]) => ({
          label,
          detail: schema.title ?? "",
          type: "property",
          apply: `${label}: `,
        })),
      ],
    };
  }
  return null;
}

/** Name of the component of the step a line is in. */
function componentAbove(context: CompletionContext, from: number): string {
  for (let number = from; number > 0; number -= 1) {
    const text = context.state.doc.line(number).text;
    const found = /^\s{4}component:\s*(?:azureml:)?([\w]+)/.exec(text);
    if (found?.[1]) return found[1];
    if (/^\s{0,2}\S/.test(text)) return "";
  }
  return "";
}
