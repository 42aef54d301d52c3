/** Light, dark or as the system has it; kept in the browser. */
import { create } from "zustand";

export type Theme = "system" | "light" | "dark";

const KEY = "visionloom.theme";
const themes: readonly Theme[] = ["system", "light", "dark"];

function kept(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return themes.find((theme) => theme === value) ?? "system";
  } catch {
    return "system"; // a browser that keeps nothing
  }
}

function apply(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export const useTheme = create<{ theme: Theme; choose: (theme: Theme) => void }>((set) => ({
  theme: kept(),
  choose: (theme) => {
    apply(theme);
    set({ theme });
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // it holds until the page is left
    }
  },
}));

/** Called before the first paint. */
export function applyTheme(): void {
  apply(useTheme.getState().theme);
  window.addEventListener("storage", (event) => {
    if (event.key !== KEY) return;
    const theme = kept();
    apply(theme);
    useTheme.setState({ theme });
  });
}
