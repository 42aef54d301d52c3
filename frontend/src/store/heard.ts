/** What the event stream tells of pretrained weights on their way. */
import { create } from "zustand";
import type { Weights } from "~/api/types";

interface HeardStore {
  /** Model -> state of its pretrained weights as last told. */
  weights: Readonly<Record<string, Weights>>;
  weight: (state: Weights) => void;
  forget: () => void;
}

export const useHeard = create<HeardStore>((set) => ({
  weights: {},
  weight: (told) => set((state) => ({ weights: { ...state.weights, [told.model]: told } })),
  forget: () => set({ weights: {} }),
}));
