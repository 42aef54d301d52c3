import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL(".", import.meta.url));

/** Every style sheet says the order of the layers first: nobody knows which one is loaded first. */
const layers: Plugin = {
  name: "layers",
  enforce: "pre",
  transform: (code, id) =>
    /\/src\/.*\.css$/.test(id) ? `@layer tokens, base, ui, pages;\n${code}` : null,
};

export default defineConfig({
  plugins: [layers, react()],
  base: "/",
  resolve: { alias: { "~": `${root}src` } },
  build: {
    outDir: process.env["VISIONLOOM_STATIC"] ?? `${root}../src/visionloom/server/static`,
    emptyOutDir: true,
    target: "es2023",
    // images and fonts stay files: the content security policy allows no data addresses
    assetsInlineLimit: 0,
    // scripts/budget.mjs reads what belongs to which page
    manifest: true,
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"] },
});
