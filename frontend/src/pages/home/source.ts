/** The photos that a model is to be trained on: on their way, brought in, or on this machine. */
import { create } from "zustand";
import type { DataSet, Folder } from "~/api/types";
import type { Place } from "~/panels/FolderDialog";
import { type Gathered, type Outline, outline, pathsInZip } from "./photos";
import { useUpload } from "./upload";

export type Source =
  | { kind: "local"; name: string; photos: Gathered; outline: Outline | null }
  | { kind: "dataset"; name: string; dataset: DataSet }
  | { kind: "folder"; name: string; id: string; folder: Folder | null; pictures: number | null };

interface SourceStore {
  source: Source | null;
  take: (photos: Gathered) => Promise<void>;
  usePlace: (place: Place) => void;
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
  usePlace: (place) => set({ source: sourceOf(place) }),
  forget: () => {
    useUpload.getState().cancel();
    set({ source: null });
  },
}));

function sourceOf(place: Place): Source {
  if (place.kind === "dataset") {
    return { kind: "dataset", name: place.dataset.name, dataset: place.dataset };
  }
  const found = place.kind === "folder" ? place.folder : place.entry;
  return {
    kind: "folder",
    name: found.name,
    id: found.id,
    folder: place.kind === "folder" ? place.folder : null,
    pictures: found.pictures,
  };
}
