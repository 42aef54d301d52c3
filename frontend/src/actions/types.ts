/** What a user can do, in one shape for menu, command palette, help sheet and keyboard. */
import type { IconName } from "~/ui/Icon";

export type Group = "edit" | "arrange" | "view" | "draft";

export interface Action {
  id: string;
  label: string;
  group: Group;
  icon?: IconName;
  /** Key combinations such as `Mod+Z`, `Shift+Mod+Z`, `Delete`, `A`. `Mod` is Command on a Mac. */
  keys: readonly string[];
  /** Whether the key works on any page part; others only while the canvas or nothing has focus. */
  everywhere?: boolean;
  /** The browser's own event (copy, cut, paste) brings it, not the key. */
  event?: "copy" | "cut" | "paste";
  enabled: () => boolean;
  perform: () => void | Promise<void>;
}
