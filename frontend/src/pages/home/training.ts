/** What was asked for with photos, from the press on: it goes on by itself once photos and weights
 * are here, whichever page is looked at meanwhile. */
import { navigate } from "wouter/use-browser-location";
import { create } from "zustand";
import { ApiError, ask, client } from "~/api/client";
import type { Weights } from "~/api/types";
import { t } from "~/messages";
import { home as homeWords } from "~/messages/home";
import { useHeard } from "~/store/heard";
import { toast, toastFailure } from "~/ui/Toast";
import { type Source, useSource } from "./source";
import { useUpload } from "./upload";

/** The model is trained, or only drawn for the user to go on with. */
export type Aim = "train" | "draw";

const ASK_AGAIN = 2_000;

interface Failed {
  message: string;
  remedy?: string;
}

export interface Wish {
  aim: Aim;
  source: Source;
  model: string;
  preset: string;
  from: "pretrained" | "scratch";
  /** What is done first about weights that are not here. */
  weights: { kind: "none" } | { kind: "wait" } | { kind: "fetch" } | { kind: "send"; file: File };
}

interface TrainingStore {
  wish: Wish | null;
  /** From the press until it has begun or failed. */
  busy: boolean;
  /** Photos and weights are here. */
  starting: boolean;
  failure: Failed | null;
  press: (wish: Wish) => Promise<void>;
}

function failureOf(error: unknown): Failed {
  const { failure, message } = error as { failure?: Failed; message?: string };
  return failure ?? { message: message ?? t.common.failed };
}

/** Id of the photos; undefined while they are on their way. */
export function folderOf(source: Source): string | undefined {
  if (source.kind === "folder") return source.id;
  return source.kind === "dataset" ? source.dataset.id : useUpload.getState().dataset?.id;
}

async function bringWeights({ model, weights }: Wish): Promise<Weights | null> {
  const path = { params: { path: { model } } };
  if (weights.kind === "fetch") return ask(client.POST("/api/weights/{model}/fetch", path));
  if (weights.kind !== "send") return null;
  return ask(
    client.PUT("/api/weights/{model}", {
      ...path,
      body: weights.file as never,
      bodySerializer: (body: unknown) => body as Blob,
      headers: { "Content-Type": "application/octet-stream" },
    }),
  );
}

const nothing = { wish: null, busy: false, starting: false, failure: null };

export const useTraining = create<TrainingStore>((set, get) => ({
  ...nothing,
  press: async (wish) => {
    if (get().busy) return;
    set({ wish, busy: true, failure: null });
    try {
      const state = await bringWeights(wish);
      if (state) useHeard.getState().weight(state);
    } catch (error) {
      return fail(wish, error);
    }
    if (get().wish !== wish) return;
    set({ wish: { ...wish, weights: { kind: wish.weights.kind === "none" ? "none" : "wait" } } });
    await advance();
  },
}));

const isHome = () => location.pathname === "/";

function fail(wish: Wish, error: unknown): void {
  if (useTraining.getState().wish?.source !== wish.source) return;
  useTraining.setState({ ...nothing, failure: failureOf(error) });
  // whoever is elsewhere does not see the card of the photos
  if (!isHome()) toastFailure(error);
}

/** A draft that was made for a run that was refused then: the next press runs it. */
let kept = { of: "", draft: "" };

async function draftFor(wish: Wish, folder: string): Promise<string> {
  const body = {
    folder,
    name: wish.source.name,
    model: wish.model,
    preset: wish.preset,
    weights: wish.from,
  };
  const of = JSON.stringify(body);
  if (kept.of !== of) {
    kept = { of, draft: (await ask(client.POST("/api/quickstart", { body }))).id };
  }
  return kept.draft;
}

async function begin(wish: Wish, folder: string): Promise<void> {
  useTraining.setState({ starting: true });
  try {
    const draft = await draftFor(wish, folder);
    let address = `/drafts/${draft}`;
    if (wish.aim === "train") {
      const { run } = await ask(
        client.POST("/api/drafts/{draft}/runs", {
          params: { path: { draft } },
          body: { up_to: "", start_from: "", only: "", no_reuse: false, target: "", values: {} },
        }),
      );
      address = `/runs/${run}`;
    }
    kept = { of: "", draft: "" };
    // other photos were chosen meanwhile, or another page is looked at
    const isLookedAt = useTraining.getState().wish === wish && isHome();
    if (useTraining.getState().wish === wish) useSource.getState().forget();
    if (isLookedAt) navigate(address);
    else toast(homeWords.train.begun(wish.source.name));
  } catch (error) {
    // a draft that was deleted meanwhile is made anew
    if (error instanceof ApiError && error.status === 404) kept = { of: "", draft: "" };
    fail(wish, error);
  }
}

/** Go on if what was waited for is here. */
async function advance(): Promise<void> {
  const { wish, starting } = useTraining.getState();
  if (!wish || starting) return;
  const folder = folderOf(wish.source);
  if (folder === undefined) return;
  if (wish.aim === "train" && wish.weights.kind !== "none") {
    if (wish.weights.kind !== "wait") return;
    const weights = useHeard.getState().weights[wish.model];
    if (!weights) return readWeights(wish);
    if (weights.state === "failed" || weights.state === "absent") {
      const words = homeWords.weights;
      return fail(wish, new Error(words.failed(weights.reason || words.notFetched)));
    }
    if (weights.state !== "here") return;
  }
  await begin(wish, folder);
}

/** The server that fetched them may be another one now: what does it know of them? */
async function readWeights(wish: Wish): Promise<void> {
  try {
    const found = (await ask(client.GET("/api/weights"))).find((one) => one.model === wish.model);
    if (found) useHeard.getState().weight(found);
  } catch {
    setTimeout(() => void advance(), ASK_AGAIN);
  }
}

useUpload.subscribe((now, before) => {
  if (now.dataset !== before.dataset) void advance();
  const isOff = now.state === "stuck" || now.state === "failed";
  if (isOff && now.state !== before.state && !isHome()) {
    toast(homeWords.train.photosMissing, "bad");
  }
});
useHeard.subscribe(() => void advance());
useSource.subscribe(({ source: now }, { source: before }) => {
  const photosOf = (source: Source | null) => (source?.kind === "local" ? source.photos : source);
  if (photosOf(now) !== photosOf(before)) useTraining.setState(nothing);
});

/** What is on its way is lost with the page. */
function askBeforeLeaving(event: BeforeUnloadEvent): void {
  const { state } = useUpload.getState();
  if (state === "sending" || state === "stuck" || useTraining.getState().busy) {
    event.preventDefault();
  }
}
window.addEventListener("beforeunload", askBeforeLeaving);
