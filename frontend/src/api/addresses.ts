/** Addresses within the designer that several parts link to. */

/** A look at an artifact; `run` and `step` lead back to where it came from. */
export function lookAt(type: string, artifact: string, run: string, step: string): string {
  const query = new URLSearchParams();
  if (run) query.set("run", run);
  if (step) query.set("step", step);
  const text = query.toString();
  return `/look/${encodeURIComponent(type)}/${encodeURIComponent(artifact)}${text && `?${text}`}`;
}
