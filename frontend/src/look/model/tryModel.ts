/** Ask a model about one photo. The photo goes as it is, so this is no JSON call. */
import { ApiError } from "~/api/client";
import type { Failure } from "~/api/types";
import type { Tried } from "~/look/types";
import { look as lookWords } from "~/messages/look";

export async function tryModel(artifact: string, photo: Blob): Promise<Tried> {
  let answer: Response;
  try {
    answer = await fetch(`/api/models/${encodeURIComponent(artifact)}/try`, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/octet-stream" },
      body: photo,
    });
  } catch {
    throw new ApiError(0, {
      name: "NotReachable",
      message: lookWords.try.unreachable,
      remedy: "",
      problems: [],
    });
  }
  if (answer.ok) return (await answer.json()) as Tried;
  const failure = (await answer.json().catch(() => ({}))) as Partial<Failure>;
  throw new ApiError(answer.status, {
    name: failure.name ?? `HTTP ${answer.status}`,
    message: failure.message ?? lookWords.failed,
    remedy: failure.remedy ?? "",
    problems: [],
  });
}
