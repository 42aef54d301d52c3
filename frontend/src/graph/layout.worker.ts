/** The layout, off the main thread. */
import { type LayoutRequest, layout } from "./layout";

self.addEventListener("message", (event: MessageEvent<LayoutRequest>) => {
  self.postMessage(layout(event.data));
});
