/** Files that were left out, each with the reason. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { ask, client } from "~/api/client";
import { failureOf } from "~/look/Answered";
import { t } from "~/messages";
import { look as lookWords } from "~/messages/look";
import { Button } from "~/ui/Button";
import { Dialog } from "~/ui/Dialog";
import { FailureNotice } from "~/ui/Notice";
import { Waiting } from "~/ui/Spinner";
import { Table } from "~/ui/Table";

const words = lookWords.images;
const limit = 200;

export function SkippedDialog({ artifact, onClose }: { artifact: string; onClose: () => void }) {
  const pages = useInfiniteQuery({
    queryKey: ["skipped", artifact],
    initialPageParam: 0,
    queryFn: ({ pageParam, signal }) =>
      ask(
        client.GET("/api/images/{artifact}/skipped", {
          params: { path: { artifact }, query: { offset: pageParam, limit } },
          signal,
        }),
      ),
    getNextPageParam: (last, all) => {
      const seen = all.reduce((sum, page) => sum + page.items.length, 0);
      return seen < last.total && last.items.length > 0 ? seen : undefined;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Dialog title={words.skippedTitle} onClose={onClose} wide>
      {pages.error && <FailureNotice failure={failureOf(pages.error)} />}
      {pages.isPending && <Waiting>{t.common.loading}</Waiting>}
      {items.length > 0 && (
        <Table caption={words.skippedTitle} dense>
          <thead>
            <tr>
              <th scope="col">{words.skippedFile}</th>
              <th scope="col">{words.skippedReason}</th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <tr key={item.file}>
                <th scope="row">{item.file}</th>
                <td>{item.reason}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      {pages.hasNextPage && (
        <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {words.skippedMore}
        </Button>
      )}
    </Dialog>
  );
}
