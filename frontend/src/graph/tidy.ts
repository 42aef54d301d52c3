/** Lay a pipeline out anew in a worker; small ones are not worth the trip. */
import type { Graph, Position } from "~/api/types";
import { layout, layoutRequest } from "./layout";

export function tidied(graph: Graph): Promise<Record<string, Position>> {
  const request = layoutRequest(graph);
  if (request.names.length < 30 || typeof Worker === "undefined") {
    return Promise.resolve(layout(request));
  }
  const worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
  return new Promise<Record<string, Position>>((resolve, reject) => {
    worker.addEventListener("message", (event: MessageEvent<Record<string, Position>>) =>
      resolve(event.data),
    );
    worker.addEventListener("error", (event) => reject(new Error(event.message)));
    worker.postMessage(request);
  }).finally(() => worker.terminate());
}
