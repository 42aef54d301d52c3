/** Photos on their way to the server: a few at a time, to be stopped, to be tried again. */
import { create } from "zustand";
import { ApiError, ask, client } from "~/api/client";
import type { DataSet } from "~/api/types";
import type { Gathered, Photo } from "./photos";

/** Requests at once; a browser opens six connections to a server, and one is the event stream. */
const AT_ONCE = 4;

export interface FailedFile {
  photo: Photo;
  reason: string;
  /** Refused for what it is: sending it again changes nothing. */
  refused: boolean;
}

export type UploadState = "idle" | "sending" | "stuck" | "done" | "failed";

interface UploadStore {
  state: UploadState;
  /** Which set of photos; grows with each. */
  turn: number;
  sent: number;
  total: number;
  sentBytes: number;
  totalBytes: number;
  failed: readonly FailedFile[];
  failure: { message: string; remedy: string } | null;
  dataset: DataSet | null;
  begin: (photos: Gathered) => Promise<void>;
  /** Send again what did not arrive. */
  retry: () => Promise<void>;
  /** Make do without what did not arrive. */
  goOn: () => Promise<void>;
  cancel: () => void;
}

const idle = {
  state: "idle" as UploadState,
  sent: 0,
  total: 0,
  sentBytes: 0,
  totalBytes: 0,
  failed: [] as readonly FailedFile[],
  failure: null,
  dataset: null,
};

function wordsOf(error: unknown): { message: string; remedy: string } {
  if (error instanceof ApiError) return error.failure;
  return { message: String(error), remedy: "" };
}

export const useUpload = create<UploadStore>((set, get) => {
  let upload = "";
  let controller = new AbortController();
  let announced: Gathered | null = null;

  const drop = (id: string) => {
    if (id === "") return;
    void ask(client.DELETE("/api/uploads/{upload}", { params: { path: { upload: id } } })).catch(
      () => undefined, // it is swept away later
    );
  };

  const sendOne = async (photo: Photo, turn: number): Promise<void> => {
    try {
      await ask(
        client.PUT("/api/uploads/{upload}/files", {
          params: { path: { upload }, query: { path: photo.path } },
          body: photo.file as never,
          bodySerializer: (body: unknown) => body as Blob,
          headers: { "Content-Type": "application/octet-stream" },
          signal: controller.signal,
        }),
      );
    } catch (error) {
      if (get().turn !== turn || controller.signal.aborted) return;
      const status = error instanceof ApiError ? error.status : 0;
      const reason = wordsOf(error).message;
      const refused = status >= 400 && status < 500;
      set((state) => ({ failed: [...state.failed, { photo, reason, refused }] }));
      return;
    }
    if (get().turn !== turn) return;
    set((state) => ({ sent: state.sent + 1, sentBytes: state.sentBytes + photo.file.size }));
  };

  const send = async (photos: readonly Photo[], turn: number): Promise<void> => {
    const queue = [...photos].reverse();
    const worker = async () => {
      for (let photo = queue.pop(); photo; photo = queue.pop()) {
        if (get().turn !== turn || controller.signal.aborted) return;
        await sendOne(photo, turn);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    if (get().turn !== turn || controller.signal.aborted) return;
    if (get().failed.some((one) => !one.refused)) set({ state: "stuck" });
    else await finish(turn);
  };

  const finish = async (turn: number): Promise<void> => {
    try {
      const dataset = await ask(
        client.POST("/api/uploads/{upload}/finish", { params: { path: { upload } } }),
      );
      if (get().turn === turn) set({ state: "done", dataset });
    } catch (error) {
      if (get().turn === turn) set({ state: "failed", failure: wordsOf(error) });
    }
  };

  const begin = async (photos: Gathered): Promise<void> => {
    get().cancel();
    controller = new AbortController();
    announced = photos;
    const turn = get().turn + 1;
    set({
      ...idle,
      turn,
      state: "sending",
      total: photos.photos.length,
      totalBytes: photos.bytes,
    });
    try {
      const view = await ask(
        client.POST("/api/uploads", {
          body: { name: photos.name, files: photos.photos.length, bytes: photos.bytes },
        }),
      );
      if (get().turn !== turn) return drop(view.id);
      upload = view.id;
    } catch (error) {
      if (get().turn === turn) set({ state: "failed", failure: wordsOf(error) });
      return;
    }
    await send(photos.photos, turn);
  };

  return {
    ...idle,
    turn: 0,
    begin,
    retry: async () => {
      const { failed, state } = get();
      if (state === "failed" && announced) return begin(announced);
      const again = failed.filter((one) => !one.refused).map((one) => one.photo);
      set({ state: "sending", failed: failed.filter((one) => one.refused) });
      await send(again, get().turn);
    },
    goOn: async () => {
      // the server counts what it was promised: what arrived is sent under a new promise
      const { failed } = get();
      if (!announced) return;
      const lost = new Set(failed.map((one) => one.photo.path));
      const photos = announced.photos.filter((photo) => !lost.has(photo.path));
      const bytes = photos.reduce((sum, photo) => sum + photo.file.size, 0);
      await begin({ ...announced, photos, bytes });
    },
    cancel: () => {
      controller.abort();
      const { state } = get();
      if (upload && state !== "done") drop(upload);
      upload = "";
      announced = null;
      set((now) => ({ ...idle, turn: now.turn + 1 }));
    },
  };
});
