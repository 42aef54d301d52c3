/** A field to type into and what fits below it: arrows choose, Enter takes. */
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { SearchInput } from "~/ui/Field";
import { Icon, type IconName } from "~/ui/Icon";
import { Keys } from "~/ui/Keys";
import styles from "./SearchList.module.css";

export interface Option {
  id: string;
  label: string;
  hint?: string | undefined;
  icon?: IconName | undefined;
  keys?: string | undefined;
  /** Further words it is found by. */
  also?: string | undefined;
}

/** Options that have all the words, those whose label begins with them first. */
export function matching(options: readonly Option[], typed: string): readonly Option[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return options;
  const found = options.filter((option) => {
    const text = `${option.label} ${option.hint ?? ""} ${option.also ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const rank = (option: Option) => {
    const label = option.label.toLowerCase();
    return label.startsWith(words[0] ?? "") ? 0 : label.includes(words[0] ?? "") ? 1 : 2;
  };
  return [...found].sort((a, b) => rank(a) - rank(b));
}

export function SearchList({
  label,
  placeholder,
  results,
  options,
  none,
  onChoose,
}: {
  label: string;
  placeholder: string;
  /** What the list holds. */
  results: string;
  options: readonly Option[];
  /** Said where nothing fits. */
  none: (typed: string) => ReactNode;
  onChoose: (id: string) => void;
}) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const found = matching(options, typed);
  const here = Math.min(at, found.length - 1);

  useEffect(() => {
    list.current?.children[here]?.scrollIntoView({ block: "nearest" });
  }, [here]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(here + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(here - 1, 0));
    else if (event.key === "Enter") {
      const option = found[here];
      if (option) onChoose(option.id);
    } else return;
    event.preventDefault();
  };

  return (
    <div className={styles.search}>
      <SearchInput
        autoFocus
        role="combobox"
        aria-label={label}
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={here >= 0 ? `${id}-${here}` : undefined}
        aria-autocomplete="list"
        placeholder={placeholder}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div ref={list} id={id} role="listbox" aria-label={results} className={styles.list}>
        {found.map((option, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the field above has the focus
          // biome-ignore lint/a11y/useKeyWithClickEvents: Enter in the field does the same
          <div
            key={option.id}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === here}
            className={styles.option}
            onPointerMove={() => setAt(index)}
            onClick={() => onChoose(option.id)}
          >
            {option.icon && <Icon name={option.icon} />}
            <span className={styles.words}>
              <span>{option.label}</span>
              {option.hint && <small>{option.hint}</small>}
            </span>
            {option.keys && <Keys keys={option.keys} />}
          </div>
        ))}
      </div>
      {found.length === 0 && <p role="status">{none(typed)}</p>}
    </div>
  );
}
