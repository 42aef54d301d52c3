/** The photos that a model is to be trained on: on their way, brought in, or on this machine. */
import { create } from "zustand";
import type { DataSet, Folder, FolderEntry } from "~/api/types";
import { type Gathered, type Outline, outline, pathsInZip } from "./photos";
import { useUpload } from "./upload";

export type Source =
  | { kind: "local"; name: string; photos: Gathered; outline: Outline | null }
  | { kind: "dataset"; name: string; dataset: DataSet }
  | { kind: "folder"; name: string; id: string; folder: Folder | null; pictures: number | null };

interface SourceStore {
  source: Source | null;
  take: (photos: Gathered) => Promise<void>;
  useDataSet: (dataset: DataSet) => void;
  useFolder: (folder: Folder) => void;
  useEntry: (entry: FolderEntry) => void;
  forget: () => void;
}

export const useSource = create<SourceStore>((set, get) => ({
  source: null,
  take: async (photos) => {
    const known = photos.archive ? null : outline(photos.photos.map((photo) => photo.path));
    set({ source: { kind: "local", name: photos.name, photos, outline: known } });
    if (known && known.pictures === 0) return;
    void useUpload.getState().begin(photos);
    const [archive] = photos.photos;
    if (!photos.archive || !archive) return;
    const paths = await pathsInZip(archive.file).catch(() => null);
    const { source } = get();
    if (paths && source?.kind === "local" && source.photos === photos) {
      set({ source: { ...source, outline: outline(paths) } });
    }
  },
  useDataSet: (dataset) => set({ source: { kind: "dataset", name: dataset.name, dataset } }),
  useFolder: (folder) =>
    set({
      source: {
        kind: "folder",
        name: folder.name,
        id: folder.id,
        folder,
        pictures: folder.pictures,
      },
    }),
  useEntry: (entry) =>
    set({
      source: {
        kind: "folder",
        name: entry.name,
        id: entry.id,
        folder: null,
        pictures: entry.pictures,
      },
    }),
  forget: () => {
    useUpload.getState().cancel();
    set({ source: null });
  },
}));
