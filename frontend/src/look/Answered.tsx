/** What stands in the place of an answer that is awaited or was refused. */
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiError } from "~/api/client";
import { t } from "~/messages";
import { look as lookWords } from "~/messages/look";
import { FailureNotice } from "~/ui/Notice";
import { Waiting } from "~/ui/Spinner";

export function failureOf(error: unknown): { message: string; remedy: string } {
  return error instanceof ApiError
    ? { message: error.failure.message, remedy: error.failure.remedy }
    : { message: lookWords.failed, remedy: "" };
}

export function Answered<T>({
  query,
  children,
}: {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) {
    return <FailureNotice failure={failureOf(query.error)} onRetry={() => void query.refetch()} />;
  }
  return <Waiting>{t.common.loading}</Waiting>;
}
