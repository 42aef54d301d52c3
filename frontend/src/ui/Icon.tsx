/** Icons of 16 px drawn with strokes in the colour of the text; they never stand without words. */
import type { SVGProps } from "react";

const paths = {
  // what can be done
  run: "M5 3.2v9.6l7.6-4.8z",
  stop: "M4.5 4.5h7v7h-7z",
  pause: "M5.5 4v8M10.5 4v8",
  undo: "M5.5 3 2.5 6l3 3M2.5 6H10a3.5 3.5 0 0 1 0 7H6.5",
  redo: "M10.5 3l3 3-3 3M13.5 6H6a3.5 3.5 0 0 0 0 7h3.5",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  trash: "M2.5 4.5h11M6 4.5V2.8h4v1.7M4 4.5l.6 8.7h6.8l.6-8.7M6.7 7v3.8M9.3 7v3.8",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3l3.2 3.2",
  copy: "M6 5.5h7.5v8H6zM10.5 5.5v-3H2.5v8H6",
  paste: "M5.5 3.5H3.5v10h9v-10h-2M5.5 2.2h5v2.6h-5zM6 8h4M6 10.5h4",
  cut: "M4 10.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6zM12 10.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6zM5 10.6 11.5 2.2M11 10.6 4.5 2.2",
  more: "M3.2 8h.01M8 8h.01M12.8 8h.01",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  edit: "M3 13l.7-3L11 2.7l2.3 2.3L6 12.3zM9.6 4.1l2.3 2.3",
  download: "M8 2.5v7.5M5 7.2l3 3 3-3M2.5 11v2.5h11V11",
  upload: "M8 10V2.5M5 5.3l3-3 3 3M2.5 11v2.5h11V11",
  refresh: "M13.2 7A5.3 5.3 0 1 0 12 11.6M13.4 3.2V7H9.6",
  reset: "M2.8 7A5.3 5.3 0 1 1 4 11.6M2.6 3.2V7h3.8",
  link: "M6.5 9.5l3-3M7 4.6l1.4-1.4a3 3 0 0 1 4.3 4.3l-1.4 1.4M9 11.4l-1.4 1.4a3 3 0 0 1-4.3-4.3l1.4-1.4",
  external: "M9 2.5h4.5V7M13.3 2.7 7.5 8.5M11.5 9.5v4h-9v-9h4",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  tidy: "M2.5 2.5h4v3h-4zM9.5 6.5h4v3h-4zM2.5 10.5h4v3h-4zM6.5 4H8v8H6.5M8 8h1.5",
  box: "M2.5 5V2.5H5M7 2.5h2M11 2.5h2.5V5M13.5 7v2M13.5 11v2.5H11M9 13.5H7M5 13.5H2.5V11M2.5 9V7",
  filter: "M2.5 3.5h11L9.3 8.4v4.1l-2.6 1V8.4z",
  pin: "M8 9.5v4.5M4.5 9.5h7L10 7V3h1V2H5v1h1v4z",
  zoomIn: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3l3.2 3.2M7 5v4M5 7h4",
  zoomOut: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3l3.2 3.2M5 7h4",
  alignLeft: "M2.5 2v12M5 4h8v2.8H5zM5 9.2h5V12H5z",
  alignTop: "M2 2.5h12M4 5h2.8v8H4zM9.2 5H12v5H9.2z",
  distribute: "M2.5 2v12M13.5 2v12M6 5h4v6H6z",
  // directions
  arrowLeft: "M13 8H3M7 4 3 8l4 4",
  arrowRight: "M3 8h10M9 4l4 4-4 4",
  arrowUp: "M8 13V3M4 7l4-4 4 4",
  arrowDown: "M8 3v10M4 9l4 4 4-4",
  chevronLeft: "M10 3.5 5.5 8l4.5 4.5",
  chevronRight: "M6 3.5 10.5 8 6 12.5",
  chevronUp: "M3.5 10 8 5.5l4.5 4.5",
  chevronDown: "M3.5 6 8 10.5 12.5 6",
  // what is said
  check: "M3 8.5 6.5 12 13 4.5",
  info: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 7.3v3.7M8 5h.01",
  help: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM6.2 6.4a1.9 1.9 0 1 1 2.6 1.9c-.6.3-.8.6-.8 1.2M8 11.5h.01",
  warning: "M8 2.3 14 13H2zM8 6.3v3.2M8 11.3h.01",
  error: "M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5zM8 5v3.6M8 11h.01",
  bulb: "M5.8 11.3h4.4M6.5 13.7h3M6 11c0-1.6-1.9-2.2-1.9-4.8a3.9 3.9 0 0 1 7.8 0C11.9 8.8 10 9.4 10 11",
  offline:
    "M2.5 2.5l11 11M3 7a7.5 7.5 0 0 1 2.5-1.6M13 7a7.5 7.5 0 0 0-4.6-2.1M5.3 9.6a4 4 0 0 1 2.2-1.1M8 12.5h.01",
  // states of runs and steps
  queued: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 4.8V8l2.2 1.5",
  running: "M8 2a6 6 0 1 0 6 6",
  succeeded: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM5.2 8.3l2 2 3.6-4.3",
  failed: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4",
  cancelled: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM3.8 12.2l8.4-8.4",
  interrupted: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM6.4 5.8v4.4M9.6 5.8v4.4",
  lost: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM6.2 6.4a1.9 1.9 0 1 1 2.6 1.9c-.6.3-.8.6-.8 1.2M8 11.5h.01",
  reused: "M3 6.5A5.2 5.2 0 0 1 12.4 5M12.6 2.3V5H9.9M13 9.5A5.2 5.2 0 0 1 3.6 11M3.4 13.7V11h2.7",
  skipped: "M3 4l4.5 4L3 12M8.5 4 13 8l-4.5 4",
  blocked: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM5 8h6",
  // things
  home: "M2.5 7.5 8 2.8l5.5 4.7M4 6.5v7h8v-7M6.7 13.5V9.7h2.6v3.8",
  runs: "M2.5 4h1M2.5 8h1M2.5 12h1M6 4h7.5M6 8h7.5M6 12h7.5",
  machine:
    "M4.5 4.5h7v7h-7zM6.5 2v2.5M9.5 2v2.5M6.5 11.5V14M9.5 11.5V14M2 6.5h2.5M2 9.5h2.5M11.5 6.5H14M11.5 9.5H14",
  draft: "M3.5 2h6l3 3v9h-9zM9.5 2v3h3M6 8.5h4M6 11h4",
  file: "M3.5 2h6l3 3v9h-9zM9.5 2v3h3",
  folder: "M2 4.2h4.2l1.5 1.7H14v7.3H2z",
  folderOpen: "M2 12.8V4h4.2l1.5 1.7h5v1.8M2 12.8l2-5.3h10.5l-2 5.3z",
  archive: "M2.5 2.5h11v3h-11zM3.5 5.5v8h9v-8M6.5 8.3h3",
  image: "M2.5 3h11v10h-11zM2.5 11l3.3-3.5 2.7 2.7 2-2 3 3M10.6 5.8h.01",
  images: "M5 2.5h8.5v8H5zM5 9l2.5-2.5 2 2 1.3-1.3L13.5 10M3 5v8h8",
  split: "M2.5 8h4M6.5 8c2.5 0 1.5-4.5 4-4.5h3M6.5 8c2.5 0 1.5 4.5 4 4.5h3",
  transform: "M4.5 1.5v10h10M1.5 4.5h10v10",
  model:
    "M3.5 2.3a1.4 1.4 0 1 0 0 2.8 1.4 1.4 0 0 0 0-2.8zM3.5 10.9a1.4 1.4 0 1 0 0 2.8 1.4 1.4 0 0 0 0-2.8zM12.5 6.6a1.4 1.4 0 1 0 0 2.8 1.4 1.4 0 0 0 0-2.8zM4.8 4.4l6.4 3M4.8 11.6l6.4-3",
  training: "M2 13.5h12M2.5 3c.8 5 3.5 7.5 11 7.7M12.5 3.5l-2 2.2",
  chart: "M2.5 2.5v11h11M5.5 11V8M8.5 11V5M11.5 11V6.5",
  curve: "M2.5 2.5v11h11M4.5 4c.8 4.3 3 6 8.5 6.3",
  scores: "M2.5 4h6M2.5 8h9M2.5 12h4",
  report: "M3.5 2h9v12h-9zM6 5h4M6 7.5h4M6 11.5v-1M8 11.5v-2M10 11.5V10",
  output: "M8 2.5v6M5.3 6l2.7 2.7L10.7 6M2.5 9.5h3l1 2h3l1-2h3v4h-11z",
  data: "M8 2c3 0 5.2.9 5.2 2S11 6 8 6 2.8 5.1 2.8 4 5 2 8 2zM2.8 4v8c0 1.1 2.2 2 5.2 2s5.2-.9 5.2-2V4M2.8 8c0 1.1 2.2 2 5.2 2s5.2-.9 5.2-2",
  note: "M2.5 2.5h11v7l-4 4h-7zM13.5 9.5h-4v4",
  outline: "M2.5 3.5h4M5 7h4M5 3.5V12.5M5 12.5h4M5 7M10.5 7h3M10.5 12.5h3",
  code: "M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5",
  parameters:
    "M2.5 5h6M11.5 5h2M10 3.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zM2.5 11h2M7.5 11h6M6 9.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z",
  wire: "M3.5 2.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zM12.5 10.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zM5 4c5 0 1 8 6 8",
  log: "M2.5 3h11v10h-11zM5 6l2 2-2 2M8.5 10.5H11",
  versions: "M8 4.5V8l2.5 1.5M2.8 7A5.3 5.3 0 1 1 4 11.6M2.6 3.2V7h3.8",
  compare: "M6.5 3h-4v10h4M9.5 3h4v10h-4M8 1.5v13",
  target: "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01",
  key: "M5 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM6.8 8.2 13 2.5M11 4.5l1.8 1.8",
  star: "M8 2l1.8 3.9 4.2.5-3.1 2.9.8 4.2L8 11.4l-3.7 2.1.8-4.2L2 6.4l4.2-.5z",
  clock: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 4.8V8l2.2 1.5",
  storage: "M2.5 9.5h11v4h-11zM2.5 9.5 4.5 2.5h7l2 7M11 11.5h.01",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M12.6 3.4l-.7.7M4.1 11.9l-.7.7",
  moon: "M13.3 9.8A5.8 5.8 0 0 1 6.2 2.7a5.8 5.8 0 1 0 7.1 7.1z",
  system: "M2 3h12v8H2zM5.5 13.5h5M8 11v2.5",
} as const;

export type IconName = keyof typeof paths;

export function Icon({
  name,
  size = 16,
  ...rest
}: { name: IconName; size?: number } & Omit<SVGProps<SVGSVGElement>, "name">) {
  const dots = name === "more";
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={dots ? 2.4 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      {...rest}
    >
      <path d={paths[name]} />
    </svg>
  );
}

const categories: Readonly<Record<string, IconName>> = {
  "Image data transformation": "images",
  "Image classification models": "model",
  "Model training": "training",
  "Model scoring and evaluation": "chart",
  Output: "output",
};

/** The icon of a component's category. */
export function categoryIcon(category: string): IconName {
  return categories[category] ?? "wire";
}
