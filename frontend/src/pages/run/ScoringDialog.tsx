/** Makes the pipeline that scores new photos, and shows what was replaced. */
import { useQuery } from "@tanstack/react-query";
import { ask, client } from "~/api/client";
import { t } from "~/messages";
import { run as runWords } from "~/messages/run";
import { Button, LinkButton } from "~/ui/Button";
import { Dialog } from "~/ui/Dialog";
import { FailureNotice } from "~/ui/Notice";
import { Waiting } from "~/ui/Spinner";
import { ChangeTable } from "./ChangeTable";

const words = runWords;

export function ScoringDialog({ run, onClose }: { run: string; onClose: () => void }) {
  const made = useQuery({
    queryKey: ["scoring", run],
    queryFn: () => ask(client.POST("/api/runs/{run}/scoring", { params: { path: { run } } })),
    // each answer is a new draft: asked once for as long as the dialog is open
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
    refetchOnReconnect: false,
  });
  return (
    <Dialog
      wide
      title={words.scoringTitle}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>{t.common.close}</Button>
          {made.data && (
            <LinkButton look="primary" icon="draft" href={`/drafts/${made.data.draft}`}>
              {words.openDraft}
            </LinkButton>
          )}
        </>
      }
    >
      {made.isPending && <Waiting>{t.common.loading}</Waiting>}
      {made.error && <FailureNotice failure={made.error} />}
      {made.data && (
        <>
          <p>{words.scoringHint}</p>
          <ChangeTable caption={words.scoringTitle} changes={made.data.differences} />
        </>
      )}
    </Dialog>
  );
}
