/** A new value with the parts of the old one that are equal, so that what did not change is the
 * same object and nothing that shows it is drawn again. */
export function shared<T>(before: unknown, after: T): T {
  if (before === after) return after;
  if (Array.isArray(before) && Array.isArray(after)) {
    let same = before.length === after.length;
    const items = after.map((item, at) => {
      const kept = shared(before[at], item);
      same &&= kept === before[at];
      return kept;
    });
    return (same ? before : items) as T;
  }
  if (isRecord(before) && isRecord(after)) {
    const keys = Object.keys(after);
    let same = Object.keys(before).length === keys.length;
    // a key may be called like something that every object has
    const entries = keys.map((key) => {
      const old = Object.hasOwn(before, key) ? before[key] : undefined;
      const kept = shared(old, after[key]);
      same &&= Object.hasOwn(before, key) && kept === old;
      return [key, kept] as const;
    });
    return (same ? before : Object.fromEntries(entries)) as T;
  }
  return after;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The same for a list whose entries are known by a name: an entry put before others leaves them. */
export function sharedBy<T>(
  before: readonly T[] | undefined,
  after: readonly T[],
  name: (item: T) => string,
): T[] {
  const old = new Map((before ?? []).map((item) => [name(item), item]));
  return after.map((item) => shared(old.get(name(item)), item));
}
