/** Typed calls to the server, and the one shape of an error. */
import createClient from "openapi-fetch";
import { t } from "~/messages";
import type { paths } from "./schema";
import type { Conflict, Failure } from "./types";

export const client = createClient<paths>({ baseUrl: "/", credentials: "same-origin" });

/** What a call failed with; `failure` holds the server's own words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly failure: Failure,
  ) {
    super(failure.message);
    this.name = failure.name;
  }
}

/** Somebody else saved first. */
export class ConflictError extends Error {
  constructor(readonly conflict: Conflict) {
    super(conflict.message);
    this.name = "ConflictError";
  }
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer.
 * @throws ApiError or ConflictError when the server refused, with status 0 when it is not there. */
export async function ask<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch {
    throw new ApiError(0, {
      name: "NotReachable",
      message: t.common.connectionLost,
      remedy: t.common.notReachableRemedy,
      problems: [],
    });
  }
  if (answer.response.ok) return answer.data as T;
  const failure = answer.error as Partial<Failure & Conflict> | undefined;
  if (answer.response.status === 409 && failure?.current !== undefined) {
    throw new ConflictError(failure as Conflict);
  }
  throw new ApiError(answer.response.status, {
    name: failure?.name ?? `HTTP ${answer.response.status}`,
    message: failure?.message ?? t.common.noReason,
    remedy: failure?.remedy ?? "",
    problems: failure?.problems ?? [],
  });
}
