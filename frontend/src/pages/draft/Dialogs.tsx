/** The dialogs of the draft page: one at a time, asked for through the view store. */
import { useMemo, useState } from "react";
import { addStep, connect, connectInput, graphNow } from "~/actions/edit";
import { shownKeys } from "~/actions/keyboard";
import { actions, perform } from "~/actions/registry";
import type { Edit, Graph } from "~/api/types";
import { fittingComponents, offersFor, PHOTOS, sourcesFor } from "~/graph/types";
import { t } from "~/messages";
import { useCatalog } from "~/store/catalog";
import { useEditor } from "~/store/editor";
import { type Dialog as Asked, useView } from "~/store/view";
import { Button } from "~/ui/Button";
import { Dialog } from "~/ui/Dialog";
import { Field, TextArea, TextInput } from "~/ui/Field";
import { categoryIcon } from "~/ui/Icon";
import { HelpSheet } from "./HelpSheet";
import { type Option, SearchList } from "./SearchList";

const words = t.canvas;

const close = () => {
  const { set, canvas } = useView.getState();
  set({ dialog: null });
  requestAnimationFrame(() => canvas?.focus());
};

export default function Dialogs({ graph }: { graph: Graph }) {
  const dialog = useView((state) => state.dialog);
  switch (dialog?.kind) {
    case "add":
      return <AddDialog asked={dialog} />;
    case "connect":
      return <ConnectDialog graph={graph} step={dialog.step} />;
    case "palette":
      return <CommandDialog graph={graph} />;
    case "help":
      return <HelpSheet onClose={close} />;
    case "rename":
      return <RenameDialog key={dialog.step} graph={graph} step={dialog.step} />;
    case "note":
      return <NoteDialog graph={graph} asked={dialog} />;
    case "version":
      return <VersionDialog />;
    default:
      return null;
  }
}

function AddDialog({ asked }: { asked: Extract<Asked, { kind: "add" }> }) {
  const catalog = useCatalog((state) => state.catalog);
  const byName = useCatalog((state) => state.byName);
  const { wire } = asked;
  const fitting = useMemo(
    () =>
      wire
        ? fittingComponents(wire.type, wire.end, byName.values())
        : (catalog?.components ?? []).map((component) => ({ component, port: "", title: "" })),
    [wire, byName, catalog],
  );
  const options = fitting.map(
    ({ component, title }): Option => ({
      id: component.name,
      label: component.title,
      hint: wire
        ? wire.end === "source"
          ? words.add.to(title)
          : words.add.from(title)
        : component.category,
      icon: categoryIcon(component.category),
      also: `${component.name} ${component.aliases.join(" ")} ${component.summary}`,
    }),
  );
  const kind = wire ? words.typeName(wire.type) : "";
  const title = wire
    ? wire.end === "source"
      ? words.add.after(kind)
      : words.add.before(kind)
    : words.add.title;
  return (
    <Dialog title={title} onClose={close}>
      <SearchList
        label={words.add.search}
        placeholder={words.add.placeholder}
        results={words.add.results}
        options={options}
        none={words.add.none}
        onChoose={(name) => {
          const found = fitting.find((item) => item.component.name === name);
          close();
          if (found) addStep(found.component, { at: asked.at, wire, port: found.port });
        }}
      />
    </Dialog>
  );
}

/** What a step can be connected with, as choices that do it. */
function connections(graph: Graph, name: string): { option: Option; act: () => void }[] {
  const components = useCatalog.getState().byName;
  const step = graph.steps.find((item) => item.name === name);
  const component = components.get(step?.component ?? "");
  if (!step || !component) return [];
  const found: { option: Option; act: () => void }[] = [];
  for (const port of component.inputs) {
    if (port.type === PHOTOS) {
      for (const input of graph.inputs.filter((item) => item.kind === "data")) {
        found.push({
          option: {
            id: `in ${port.name} ${input.name}`,
            label: words.connect.input(port.title, input.name),
            icon: "folder",
          },
          act: () => connectInput(name, port.name, input.name),
        });
      }
      found.push({
        option: {
          id: `new ${port.name}`,
          label: words.connect.newInput(port.title),
          icon: "folder",
        },
        act: () => connectInput(name, port.name, null),
      });
    }
    for (const offer of sourcesFor(graph, name, port.name, components)) {
      if (offer.taken) continue;
      found.push({
        option: {
          id: `from ${port.name} ${offer.step.name} ${offer.port}`,
          label: words.connect.from(port.title, offer.step.name, offer.title),
          hint: port.name in step.inputs ? words.connect.replaces : undefined,
          icon: "arrowDown",
        },
        act: () => void connect(offer.step.name, offer.port, name, port.name),
      });
    }
  }
  for (const port of component.outputs) {
    for (const offer of offersFor(graph, name, port.name, components)) {
      found.push({
        option: {
          id: `to ${port.name} ${offer.step.name} ${offer.port}`,
          label: words.connect.to(port.title, offer.step.name, offer.title),
          hint: offer.taken ? words.connect.replaces : undefined,
          icon: "arrowRight",
        },
        act: () => void connect(name, port.name, offer.step.name, offer.port),
      });
    }
  }
  // what replaces nothing first
  return found.sort((a, b) => Number(Boolean(a.option.hint)) - Number(Boolean(b.option.hint)));
}

function ConnectDialog({ graph, step }: { graph: Graph; step: string }) {
  const found = useMemo(() => connections(graph, step), [graph, step]);
  const title = graph.steps.find((item) => item.name === step)?.title ?? step;
  return (
    <Dialog title={words.connect.title(title)} onClose={close}>
      <SearchList
        label={words.connect.search}
        placeholder={words.connect.placeholder}
        results={words.connect.results}
        options={found.map((item) => item.option)}
        none={() => words.connect.none}
        onChoose={(id) => {
          close();
          found.find((item) => item.option.id === id)?.act();
        }}
      />
    </Dialog>
  );
}

function CommandDialog({ graph }: { graph: Graph }) {
  const commands = actions
    .filter((action) => action.id !== "commands" && action.enabled())
    .map(
      (action): Option => ({
        id: `do ${action.id}`,
        label: action.label,
        icon: action.icon,
        keys: action.keys[0] && shownKeys(action.keys[0]),
        also: words.groups[action.group],
      }),
    );
  const steps = graph.steps.map(
    (step): Option => ({
      id: `go ${step.name}`,
      label: words.commands.step(step.title),
      hint: step.name,
      icon: "target",
    }),
  );
  const notes = graph.notes.map(
    (note, index): Option => ({
      id: `note ${index}`,
      label: words.commands.note(note.text),
      icon: "note",
    }),
  );
  return (
    <Dialog title={words.commands.title} onClose={close}>
      <SearchList
        label={words.commands.search}
        placeholder={words.commands.placeholder}
        results={words.commands.title}
        options={[...commands, ...steps, ...notes]}
        none={() => words.commands.none}
        onChoose={(id) => {
          close();
          const note = id.startsWith("note ") ? graph.notes[Number(id.slice(5))] : undefined;
          if (id.startsWith("do ")) perform(id.slice(3));
          else if (note) {
            const index = graph.notes.indexOf(note);
            const at = { x: note.x, y: note.y };
            useView.getState().set({ dialog: { kind: "note", index, at } });
          } else {
            const name = id.slice(3);
            useView.getState().set({ middleTab: "canvas" });
            useEditor.getState().select([name]);
            requestAnimationFrame(() => useView.getState().canvas?.locate([name]));
          }
        }}
      />
    </Dialog>
  );
}

const STEP_NAME = /^[a-z_][a-z0-9_]*$/;

function RenameDialog({ graph, step: name }: { graph: Graph; step: string }) {
  const step = graph.steps.find((item) => item.name === name);
  const [given, setGiven] = useState(name);
  const [title, setTitle] = useState(step?.display_name ?? "");
  const taken = given !== name && graph.steps.some((item) => item.name === given);
  const wrong = taken
    ? words.renameStep.taken
    : STEP_NAME.test(given) || given === name
      ? ""
      : words.renameStep.bad;
  const save = () => {
    if (wrong) return;
    const edits: Edit[] = [];
    if (title !== step?.display_name) {
      edits.push({ kind: "set_step", step: name, key: "display_name", value: title || null });
    }
    if (given !== name) edits.push({ kind: "rename_step", step: name, new: given });
    close();
    if (edits.length === 0) return;
    void useEditor.getState().edit(words.labels.rename(step?.title ?? name), edits);
    if (given !== name) useEditor.getState().select([given]);
  };
  return (
    <Dialog
      title={words.renameStep.title(step?.title ?? name)}
      onClose={close}
      foot={
        <Button look="primary" disabled={wrong !== ""} onClick={save}>
          {words.renameStep.save}
        </Button>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Field label={words.renameStep.name} hint={words.renameStep.hint} error={wrong}>
          {(control) => (
            <TextInput
              {...control}
              autoFocus
              value={given}
              maxLength={255}
              onChange={(event) => setGiven(event.target.value)}
            />
          )}
        </Field>
        <Field label={words.renameStep.display}>
          {(control) => (
            <TextInput
              {...control}
              value={title}
              onChange={(event) => setTitle(event.target.value)}
            />
          )}
        </Field>
        <button type="submit" className="visually-hidden" tabIndex={-1}>
          {words.renameStep.save}
        </button>
      </form>
    </Dialog>
  );
}

function NoteDialog({ graph, asked }: { graph: Graph; asked: Extract<Asked, { kind: "note" }> }) {
  const note = asked.index === null ? undefined : graph.notes[asked.index];
  const [text, setText] = useState(note?.text ?? "");
  const put = (notes: Graph["notes"], label: string) => {
    close();
    void useEditor.getState().edit(label, [{ kind: "set_notes", notes }]);
  };
  const save = () => {
    const notes = graphNow()?.notes ?? [];
    if (!text.trim()) close();
    else if (asked.index === null) put([...notes, { text, ...asked.at }], words.labels.note);
    else {
      const changed = notes.map((item, at) => (at === asked.index ? { ...item, text } : item));
      put(changed, words.labels.editNote);
    }
  };
  return (
    <Dialog
      title={words.note.title}
      onClose={close}
      foot={
        <>
          {note && (
            <Button
              icon="trash"
              onClick={() =>
                put(
                  (graphNow()?.notes ?? []).filter((_, at) => at !== asked.index),
                  words.labels.deleteNote,
                )
              }
            >
              {words.note.delete}
            </Button>
          )}
          <Button look="primary" onClick={save}>
            {words.note.save}
          </Button>
        </>
      }
    >
      <Field label={words.note.text}>
        {(control) => (
          <TextArea
            {...control}
            autoFocus
            rows={5}
            maxLength={10_000}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
    </Dialog>
  );
}

function VersionDialog() {
  const usual = words.versions.usual(new Date().toLocaleString("en-GB").slice(0, 17));
  const [name, setName] = useState(usual);
  const save = () => {
    close();
    if (name.trim()) void useEditor.getState().nameVersion(name.trim());
  };
  return (
    <Dialog
      title={words.versions.save}
      onClose={close}
      foot={
        <Button look="primary" onClick={save}>
          {words.versions.save}
        </Button>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Field label={words.versions.name} hint={words.versions.hint}>
          {(control) => (
            <TextInput
              {...control}
              autoFocus
              maxLength={255}
              value={name}
              onFocus={(event) => event.target.select()}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
      </form>
    </Dialog>
  );
}
