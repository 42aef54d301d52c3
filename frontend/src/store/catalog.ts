/** The catalog of components, read once. */
import { create } from "zustand";
import { ask, client } from "~/api/client";
import type { Catalog, Component } from "~/api/types";

interface CatalogStore {
  catalog: Catalog | null;
  byName: ReadonlyMap<string, Component>;
  load: () => Promise<void>;
}

export const useCatalog = create<CatalogStore>((set, get) => ({
  catalog: null,
  byName: new Map(),
  load: async () => {
    if (get().catalog) return;
    const catalog = await ask(client.GET("/api/catalog"));
    set({ catalog, byName: new Map(catalog.components.map((item) => [item.name, item])) });
  },
}));
