/** Says what each page of the designer loads, gzipped, and fails above the budget.
 *
 * A page loads the entry, its own part and all that these import; what is imported later (`import()`)
 * does not count. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGET = 200_000;

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = process.env.VISIONLOOM_STATIC ?? `${root}../src/visionloom/server/static`;
const manifest = JSON.parse(readFileSync(`${folder}/.vite/manifest.json`, "utf8"));

function filesOf(key, files = new Set(), seen = new Set()) {
  const part = manifest[key];
  if (!part || seen.has(key)) return files;
  seen.add(key);
  for (const file of [part.file, ...(part.css ?? [])]) files.add(file);
  for (const other of part.imports ?? []) filesOf(other, files, seen);
  return files;
}

const sizes = new Map();
function sizeOf(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(`${folder}/${file}`)).length);
  return sizes.get(file);
}

const page = gzipSync(readFileSync(`${folder}/index.html`)).length;
const pages = Object.keys(manifest).filter((key) => /^src\/pages\/\w+Page\.tsx$/.test(key));
let over = 0;
for (const key of pages.sort()) {
  const files = new Set([...filesOf("index.html"), ...filesOf(key)]);
  const total = page + [...files].reduce((sum, file) => sum + sizeOf(file), 0);
  const name = key.replace(/^.*\/|\.tsx$/g, "");
  console.log(`${name.padEnd(12)} ${(total / 1000).toFixed(1).padStart(6)} kB gzipped`);
  if (total > BUDGET) over += 1;
}
if (pages.length === 0) throw new Error("the manifest names no page");
if (over > 0) {
  console.error(`A page loads more than ${BUDGET / 1000} kB at first.`);
  process.exit(1);
}
