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
    const record: Record<string, unknown> = {};
    for (const key of keys) {
      record[key] = shared(before[key], after[key]);
      same &&= key in before && record[key] === before[key];
    }
    return (same ? before : record) as T;
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
