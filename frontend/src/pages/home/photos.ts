/** Photos as they come from a drop or a file dialog, and what can be said of them before they leave. */

export interface Photo {
  /** Relative to the folder that was chosen, `/` between its parts. */
  path: string;
  file: File;
}

export interface Gathered {
  /** Of the folder or archive. */
  name: string;
  photos: readonly Photo[];
  bytes: number;
  /** One archive rather than files. */
  archive: boolean;
}

export interface ClassCount {
  name: string;
  count: number;
  /** Positions in the list of paths. */
  members: readonly number[];
}

export interface Outline {
  classes: readonly ClassCount[];
  pictures: number;
  /** Files that are no picture by their name. */
  others: readonly string[];
  /** Pictures that lie in no class folder. */
  loose: number;
}

const PICTURE = /\.(jpe?g|jpe|jfif|png|bmp|gif|tiff?|webp)$/i;
const ARCHIVE = /\.(zip|tar|tgz|tar\.gz)$/i;
const LIST = /\.(csv|tsv|jsonl|parquet)$/i;
const SPLIT = /^(train|training|val|valid|validation|dev|test|testing)$/i;

export const isArchive = (name: string): boolean => ARCHIVE.test(name);

const hidden = (path: string): boolean =>
  path
    .split("/")
    .some((part) => part.startsWith(".") || part === "__MACOSX" || part === "Thumbs.db");

/** Classes by the folder that a picture lies in. */
export function outline(paths: readonly string[]): Outline {
  const classes = new Map<string, number[]>();
  const others: string[] = [];
  let loose = 0;
  let pictures = 0;
  paths.forEach((path, index) => {
    if (hidden(path)) return;
    const parts = path.split("/");
    const name = parts.at(-1) ?? "";
    if (!PICTURE.test(name)) {
      if (!LIST.test(name)) others.push(path);
      return;
    }
    pictures += 1;
    const label = parts.at(-2);
    if (label === undefined || SPLIT.test(label)) {
      loose += 1;
      return;
    }
    const members = classes.get(label);
    if (members) members.push(index);
    else classes.set(label, [index]);
  });
  const sorted = [...classes].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  return {
    classes: sorted.map(([name, members]) => ({ name, count: members.length, members })),
    pictures,
    others,
    loose,
  };
}

/** What all paths have in common at their start is the name of what was chosen. */
export function gathered(photos: readonly Photo[], fallback: string): Gathered {
  const visible = photos.filter((photo) => !hidden(photo.path));
  const bytes = visible.reduce((sum, photo) => sum + photo.file.size, 0);
  const [only] = visible;
  if (visible.length === 1 && only && isArchive(only.file.name)) {
    const name = only.file.name.replace(ARCHIVE, "");
    return { name, photos: [{ path: only.file.name, file: only.file }], bytes, archive: true };
  }
  const tops = new Set(visible.map((photo) => photo.path.split("/")[0]));
  const [top] = tops;
  const inOne = tops.size === 1 && top !== undefined && visible.every((p) => p.path.includes("/"));
  return {
    name: inOne ? top : fallback,
    photos: inOne
      ? visible.map((photo) => ({ ...photo, path: photo.path.slice(top.length + 1) }))
      : visible,
    bytes,
    archive: false,
  };
}

/** Files of an input element; those of a folder know where they were in it. */
export function fromInput(files: FileList): Photo[] {
  return [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** Everything below what was dropped.
 * @param tell is told how many files were found so far. */
export async function fromDrop(
  data: DataTransfer,
  tell: (found: number) => void,
): Promise<Photo[]> {
  // entries must be asked for before anything is waited for
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((e) => e !== null);
  const found: Photo[] = [];
  const open: { entry: FileSystemEntry; below: string }[] = entries.map((entry) => ({
    entry,
    below: "",
  }));
  for (let next = open.pop(); next; next = open.pop()) {
    const path = next.below + next.entry.name;
    if (next.entry.isFile) {
      const file = await new Promise<File>((resolve, reject) =>
        (next.entry as FileSystemFileEntry).file(resolve, reject),
      );
      found.push({ path, file });
      if (found.length % 50 === 0) tell(found.length);
    } else {
      const reader = (next.entry as FileSystemDirectoryEntry).createReader();
      for (;;) {
        // a reader gives a hundred entries at a time
        const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
          reader.readEntries(resolve, reject),
        );
        if (some.length === 0) break;
        for (const entry of some) open.push({ entry, below: `${path}/` });
      }
    }
  }
  found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return found;
}

const END_SIGN = 0x06054b50;
const ENTRY_SIGN = 0x02014b50;
const END_LONGEST = 65_557;

/** Paths in a zip, from the list at its end; null when it is no zip that can be read so. */
export async function pathsInZip(file: Blob): Promise<string[] | null> {
  const start = Math.max(0, file.size - END_LONGEST);
  const tail = new DataView(await file.slice(start).arrayBuffer());
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== END_SIGN) end -= 1;
  if (end < 0) return null;
  const size = tail.getUint32(end + 12, true);
  const offset = tail.getUint32(end + 16, true);
  if (offset === 0xffffffff || offset + size > file.size) return null;
  const list = await file.slice(offset, offset + size).arrayBuffer();
  const view = new DataView(list);
  const words = new TextDecoder();
  const paths: string[] = [];
  for (let at = 0; at + 46 <= view.byteLength && view.getUint32(at, true) === ENTRY_SIGN; ) {
    const name = view.getUint16(at + 28, true);
    const rest = view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    const path = words.decode(new Uint8Array(list, at + 46, name));
    if (!path.endsWith("/")) paths.push(path);
    at += 46 + name + rest;
  }
  return paths;
}
