/** The components by category: found by name, dragged, or added with a press. */
import { type DragEvent, type KeyboardEvent, useId, useRef, useState } from "react";
import { addStep } from "~/actions/edit";
import type { Component } from "~/api/types";
import { PALETTE_TYPE } from "~/canvas/pointer";
import { t } from "~/messages";
import { PortShape } from "~/panels/PortShape";
import { useCatalog } from "~/store/catalog";
import { useView } from "~/store/view";
import { IconButton } from "~/ui/Button";
import { Dialog } from "~/ui/Dialog";
import { SearchInput } from "~/ui/Field";
import { categoryIcon, Icon } from "~/ui/Icon";
import styles from "./draft.module.css";

const words = t.canvas.paletteTab;

/** Components that have all the words, in title, name, the original's names or summary. */
export function foundIn(components: readonly Component[], typed: string): readonly Component[] {
  const parts = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return components.filter((item) => {
    const text = [item.title, item.name, ...item.aliases, item.summary, item.category]
      .join(" ")
      .toLowerCase();
    return parts.every((part) => text.includes(part));
  });
}

export function Palette() {
  const catalog = useCatalog((state) => state.catalog);
  const [typed, setTyped] = useState("");
  const [about, setAbout] = useState<Component | null>(null);
  const [reached, setReached] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const found = foundIn(catalog?.components ?? [], typed);
  // the list is one tab stop and its help another: arrows go from component to component
  const stop =
    found.find((item) => item.name === reached) ?? firstShown(found, catalog?.categories);
  const add = (component: Component) => {
    useView.getState().set({ middleTab: "canvas" });
    addStep(component);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!by) return;
    const all = [...(list.current?.querySelectorAll<HTMLElement>("[data-component]") ?? [])];
    const next = all[all.indexOf(document.activeElement as HTMLElement) + by];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  return (
    <div className={styles.palette}>
      <SearchInput
        aria-label={words.search}
        placeholder={words.search}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          const [first] = found;
          if (event.key === "Enter" && first) add(first);
          if (event.key !== "ArrowDown") return;
          event.preventDefault();
          list.current?.querySelector<HTMLElement>("[data-component]")?.focus();
        }}
      />
      <p className={styles.hint}>{found.length ? words.hint : words.none(typed)}</p>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: arrows go between the buttons in it */}
      <div ref={list} onKeyDown={onKeyDown} className={styles.paletteList}>
        {(catalog?.categories ?? []).map((category, number) => {
          const inside = found.filter((item) => item.category === category);
          if (inside.length === 0) return null;
          return (
            <section key={category} aria-labelledby={`${id}-${number}`}>
              <h3 id={`${id}-${number}`}>{category}</h3>
              <ul>
                {inside.map((item) => (
                  <li key={item.name} onFocus={() => setReached(item.name)}>
                    <Entry component={item} onAdd={add} stop={item === stop} />
                    <IconButton
                      icon="help"
                      size="small"
                      tabIndex={item === stop ? 0 : -1}
                      label={words.help(item.title)}
                      onClick={() => setAbout(item)}
                    />
                  </li>
                ))}
              </ul>
            </section>
          );
        })}
      </div>
      {about && <About component={about} onClose={() => setAbout(null)} />}
    </div>
  );
}

const firstShown = (found: readonly Component[], categories: readonly string[] = []) =>
  categories.flatMap((category) => found.filter((item) => item.category === category))[0];

function Entry({
  component,
  onAdd,
  stop,
}: {
  component: Component;
  onAdd: (component: Component) => void;
  stop: boolean;
}) {
  const drag = (event: DragEvent) => {
    event.dataTransfer.setData(PALETTE_TYPE, component.name);
    event.dataTransfer.effectAllowed = "copy";
  };
  return (
    <button
      type="button"
      draggable
      data-component={component.name}
      tabIndex={stop ? 0 : -1}
      aria-label={words.add(component.title)}
      title={component.summary}
      className={styles.entry}
      onDragStart={drag}
      onClick={() => onAdd(component)}
    >
      <Icon name={categoryIcon(component.category)} />
      <span>{component.title}</span>
    </button>
  );
}

function Ports({
  title,
  ports,
}: {
  title: string;
  ports: readonly { name: string; title: string; type: string; optional?: boolean }[];
}) {
  return (
    <>
      <h3>{title}</h3>
      {ports.length === 0 ? (
        <p>{words.nothing}</p>
      ) : (
        <ul className={styles.ports}>
          {ports.map((port) => (
            <li key={port.name}>
              <PortShape type={port.type} /> {port.title}, {t.canvas.typeName(port.type)}
              {port.optional && ` (${words.optional})`}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function About({ component, onClose }: { component: Component; onClose: () => void }) {
  return (
    <Dialog title={component.title} onClose={onClose}>
      <div className={styles.about}>
        <p>{component.summary}</p>
        {component.extra && <p>{words.extra(component.extra)}</p>}
        <Ports title={words.takes} ports={component.inputs} />
        <Ports title={words.gives} ports={component.outputs} />
        {component.aliases.length > 0 && <p>{words.alias(component.aliases.join(", "))}</p>}
        {component.differs_from_the_original.length > 0 && (
          <>
            <h3>{words.differs}</h3>
            <ul>
              {component.differs_from_the_original.map((sentence) => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
          </>
        )}
      </div>
    </Dialog>
  );
}
