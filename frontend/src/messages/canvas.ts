/** The draft page: canvas, palette, outline, YAML, problems, versions. */
/** Why a wire is refused. */
export type Refusal =
  | { why: "same-step" }
  | { why: "no-port" }
  | { why: "type"; takes: readonly string[]; gives: string; port: string }
  | { why: "loop"; step: string };

const types: Readonly<Record<string, string>> = {
  AnyDirectory: "photos",
  ImageDirectory: "image directory",
  TransformationDirectory: "image transformation",
  UntrainedModelDirectory: "untrained model",
  ModelDirectory: "trained model",
  ScoresDirectory: "scores",
  EvaluationDirectory: "evaluation",
  ReportDirectory: "report",
};

/** A type of artifact in words. */
const typeName = (type: string): string => types[type] ?? (type || "unknown");

const an = (words: string): string =>
  ["photos", "scores"].includes(words) ? words : `${/^[aeiou]/.test(words) ? "an" : "a"} ${words}`;

const steps = (count: number): string => (count === 1 ? "1 step" : `${count} steps`);

function refused(refusal: Refusal): string {
  switch (refusal.why) {
    case "same-step":
      return "A step cannot take its own output.";
    case "no-port":
      return "The component of this step is not known, so its ports are not either.";
    case "type":
      return `${refusal.port} takes ${refusal.takes.map((type) => an(typeName(type))).join(" or ")}, this gives ${an(typeName(refusal.gives))}.`;
    case "loop":
      return `${refusal.step} already comes before it: the steps would wait for each other.`;
  }
}

export const canvas = {
  canvas: "Canvas",
  yaml: "YAML",
  palette: "Components",
  outline: "Outline",
  inspector: "Properties",
  problems: "Problems",
  panels: { left: "Components and outline", right: "Properties", bottom: "Problems" },
  hide: (panel: string) => `Hide ${panel.toLowerCase()}`,
  show: (panel: string) => `Show ${panel.toLowerCase()}`,
  resize: (panel: string) => `Width of ${panel.toLowerCase()}`,
  undo: "Undo",
  redo: "Redo",
  undoLabel: (label: string) => `Undo: ${label}`,
  redoLabel: (label: string) => `Redo: ${label}`,
  nothingToUndo: "Nothing to undo",
  nothingToRedo: "Nothing to redo",
  rename: "Rename the draft",
  draftName: "Name of the draft",
  saved: "Saved",
  saving: "Saving",
  notSaved: (reason: string) => `Not saved: ${reason}`,
  savedIn: (file: string) => `Saved in ${file}`,
  inPlace: "Your own file, saved in place",
  refusedEdit: (label: string) => `Taken back: ${label}.`,
  opening: "Opening the draft",
  notOpened: "The draft could not be opened.",
  backHome: "Back to Home",
  unreadable: "The YAML cannot be read. You see the pipeline as it was before.",

  canvasLabel: (name: string, count: number) => `Canvas of ${name}, ${steps(count)}`,
  canvasHelp:
    "Up and down follow the wires, left and right go through all steps. Enter opens the properties, A adds a step, C connects, question mark lists all keys.",
  canvasHelpRead:
    "Up and down follow the wires, left and right go through all steps. Enter opens the properties.",
  notCopied: "What is not saved yet cannot be copied.",
  node: {
    role: "step",
    needs: (ports: readonly string[]) => `needs ${ports.join(" and ")}`,
    from: (port: string, step: string, output: string) => `${port} from ${step}, ${output}`,
    fromInput: (port: string, input: string) => `${port} from ${input}`,
    unknown: "Component not known",
    problems: (errors: number, warnings: number) =>
      [
        errors ? (errors === 1 ? "1 problem" : `${errors} problems`) : "",
        warnings ? (warnings === 1 ? "1 remark" : `${warnings} remarks`) : "",
      ]
        .filter(Boolean)
        .join(", "),
    changed: (names: readonly string[]) =>
      names.some(Boolean)
        ? `Changed since the last run: ${names.filter(Boolean).join(", ")}`
        : "New since the last run",
    position: (at: number, of: number) => `${at} of ${of}`,
    noPhotos: "no photos chosen",
    input: (name: string, path: string) => `Pipeline input ${name}: ${path}`,
    output: (name: string) => `Delivered as ${name}`,
    loss: "Training loss",
  },
  port: {
    input: (title: string, type: string) => `${title}: takes ${an(typeName(type))}`,
    output: (title: string, type: string) => `${title}: gives ${an(typeName(type))}`,
    open: "needed, not connected yet",
    optional: "may stay open",
    replaced: (step: string) => `Replaces the wire from ${step}.`,
  },
  typeName,
  refused,

  empty: {
    title: "Nothing here yet",
    text: "Add the first step, or drop a folder of photos on Home to begin with a filled pipeline.",
    add: "Add the first step",
    photos: "Begin with photos",
  },
  toolbar: "Canvas tools",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  fit: "Zoom to fit",
  box: "Select with a box",
  minimap: "Overview of the canvas",

  add: {
    title: "Add a step",
    after: (what: string) => `Add a step that takes ${an(what)}`,
    before: (what: string) => `Add a step that gives ${an(what)}`,
    search: "Search components",
    none: (words: string) => `No component fits "${words}".`,
    placeholder: "Type to search, Enter adds",
    to: (port: string) => `connects to ${port}`,
    from: (port: string) => `connects from ${port}`,
    results: "Components",
  },
  connect: {
    title: (step: string) => `Connect ${step}`,
    search: "Search ports",
    placeholder: "Type to search, Enter connects",
    none: "Nothing fits yet: add a step that takes what this one gives.",
    to: (output: string, step: string, input: string) => `${output} to ${step}, ${input}`,
    from: (input: string, step: string, output: string) => `${input} from ${step}, ${output}`,
    input: (port: string, input: string) => `${port} from the pipeline input ${input}`,
    newInput: (port: string) => `${port} from a new pipeline input, photos chosen later`,
    replaces: "replaces the present wire",
    results: "What fits",
    done: (from: string, to: string, port: string) => `${from} connected to ${to}, ${port}`,
  },
  paletteTab: {
    hint: "Drag onto the canvas, or press Enter to add.",
    search: "Search components",
    none: (words: string) => `Nothing is called "${words}".`,
    add: (title: string) => `Add ${title}`,
    help: (title: string) => `About ${title}`,
    takes: "Takes",
    gives: "Gives",
    nothing: "nothing",
    optional: "optional",
    differs: "Differs from the original",
    extra: (extra: string) => `Needs the extra ${extra}`,
    alias: (name: string) => `The original's ${name}`,
  },
  outlineTab: {
    label: "Steps in order",
    empty: "No step yet.",
    needs: (ports: string) => `needs ${ports}`,
    connect: (step: string) => `Connect ${step}`,
  },
  problemsList: {
    none: "No problems: the pipeline can run.",
    count: (errors: number, warnings: number) =>
      errors === 0 && warnings === 0 ? "No problems" : canvas.node.problems(errors, warnings),
    line: (line: number) => `line ${line}`,
    go: (message: string) => `Show: ${message}`,
    error: "Problem",
    warning: "Remark",
  },
  versions: {
    title: "Versions",
    save: "Save a version",
    name: "Name of the version",
    restore: "Restore a version",
    restoreOne: (name: string) => `Restore ${name}`,
    none: "No version has a name yet.",
    hint: "Every edit is kept anyway; a version is a point with a name that you can go back to.",
    usual: (date: string) => `Version of ${date}`,
  },
  conflict: {
    tabTitle: "Another tab saved first",
    diskTitle: "The file was changed on disk",
    tab: "This draft was edited elsewhere since your last edit. Nothing of either was overwritten.",
    disk: "Another program wrote to the file of this draft. Nothing was overwritten.",
    undoable: "Undo brings back what is shown here.",
    theirs: "Take theirs",
    top: "Put mine on top of theirs",
    replace: "Put my text in the place of theirs",
    copy: "Keep mine as a copy",
    reload: "Load the file from disk",
    overwrite: "Overwrite the file",
    copyName: (name: string) => `${name} (my copy)`,
    copyLabel: "Keep a copy",
    taken: "Another tab changed this draft; you see its newest state.",
  },
  left: {
    waits: (name: string, why: string) =>
      `Edits of “${name}” are not saved yet: ${why} They are kept in this tab: open the draft to see them.`,
    refused: (name: string, why: string) => `An edit of “${name}” was not saved: ${why}`,
    saved: (name: string) => `All edits of “${name}” are saved now.`,
  },
  note: {
    title: "Note",
    text: "Text of the note",
    edit: "Edit the note",
    delete: "Delete the note",
    label: (text: string) => `Note: ${text}`,
    save: "Keep",
  },
  renameStep: {
    title: (step: string) => `Rename ${step}`,
    name: "Name in the file",
    display: "Title on the canvas",
    hint: "Small letters, digits and _; wires follow.",
    taken: "Another step has this name.",
    bad: "Small letters, digits and _ are allowed, and no digit at the beginning.",
    save: "Rename",
  },
  labels: {
    add: (title: string) => `Add ${title}`,
    connect: (from: string, to: string) => `Connect ${from} to ${to}`,
    disconnect: (to: string) => `Disconnect ${to}`,
    move: (names: readonly string[]) =>
      names.length === 1 ? `Move ${names[0]}` : `Move ${steps(names.length)}`,
    delete: (names: readonly string[]) =>
      names.length === 1 ? `Delete ${names[0]}` : `Delete ${steps(names.length)}`,
    duplicate: (names: readonly string[]) =>
      names.length === 1 ? `Duplicate ${names[0]}` : `Duplicate ${steps(names.length)}`,
    cut: (names: readonly string[]) =>
      names.length === 1 ? `Cut ${names[0]}` : `Cut ${steps(names.length)}`,
    paste: "Paste",
    rename: (step: string) => `Rename ${step}`,
    align: "Align steps",
    distribute: "Distribute steps",
    tidy: "Tidy up",
    note: "Add a note",
    editNote: "Edit a note",
    deleteNote: "Delete a note",
    moveNote: "Move a note",
    yaml: "Edit YAML",
  },
  said: {
    added: (title: string) => `${title} added`,
    deleted: (count: number) => `${steps(count)} deleted`,
    copied: (count: number) => `${steps(count)} copied`,
    pasted: "Pasted",
    nothingToPaste: "There is nothing to paste.",
    cancelled: "Moving cancelled",
    selected: (count: number) => `${steps(count)} selected`,
    disconnected: "Wire taken away",
    undone: (label: string) => `Taken back: ${label}`,
    redone: (label: string) => `Done again: ${label}`,
  },
  actions: {
    add: "Add a step",
    connect: "Connect the selected step",
    delete: "Delete",
    duplicate: "Duplicate",
    copy: "Copy",
    cut: "Cut",
    paste: "Paste",
    selectAll: "Select all steps",
    undo: "Undo",
    redo: "Redo",
    tidy: "Tidy up the canvas",
    fit: "Zoom to fit",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    locate: "Bring the selected step into sight",
    find: "Find a step",
    note: "Add a note",
    rename: "Rename the selected step",
    left: "Show or hide components and outline",
    right: "Show or hide properties",
    bottom: "Show or hide problems",
    version: "Save a version",
    run: "Run",
    yaml: "Go to YAML or back to the canvas",
    alignLeft: "Align left",
    alignTop: "Align top",
    distribute: "Distribute evenly",
    commands: "All commands",
    help: "Keys",
    properties: "Open the properties",
  },
  groups: { edit: "Edit", arrange: "Arrange", view: "View", draft: "Draft" },
  commands: {
    title: "Commands and steps",
    search: "Search commands and steps",
    placeholder: "Type a command or the name of a step",
    none: "Nothing fits.",
    step: (name: string) => `Step ${name}`,
    note: (text: string) => `Note: ${text.split("\n", 1)[0]?.slice(0, 80)}`,
  },
  help: {
    title: "Keys",
    text: "These keys work when no text field has the focus.",
    canvas: "On the canvas",
    canvasKeys: [
      ["↑ ↓", "Follow the wires"],
      ["← →", "Previous, next step"],
      ["Home End", "First, last step"],
      ["Shift + arrow", "Select one more"],
      ["Alt + arrow", "Move the selected steps"],
      ["Enter", "Open the properties"],
      ["Esc", "Cancel a drag, select nothing"],
      ["Shift + drag", "Select with a box"],
    ] as readonly (readonly [string, string])[],
  },
  more: "More",
  editor: {
    label: "Pipeline as YAML",
    help: "Press Escape, then Tab, to leave the editor.",
    loading: "Opening the editor",
  },
};
