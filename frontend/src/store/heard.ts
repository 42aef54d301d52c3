/** What the event stream tells apart from runs: drafts saved elsewhere, weights on their way. */
import { create } from "zustand";
import type { Weights } from "~/api/types";

interface HeardStore {
  /** Draft -> newest revision that was told of. */
  drafts: Readonly<Record<string, number>>;
  /** Model -> state of its pretrained weights as last told. */
  weights: Readonly<Record<string, Weights>>;
  draft: (change: { id: string; revision: number }) => void;
  weight: (state: Weights) => void;
}

export const useHeard = create<HeardStore>((set) => ({
  drafts: {},
  weights: {},
  draft: ({ id, revision }) => set((state) => ({ drafts: { ...state.drafts, [id]: revision } })),
  weight: (told) => set((state) => ({ weights: { ...state.weights, [told.model]: told } })),
}));
