/** Makes the pipeline that scores new photos, and shows what was replaced. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ask, client } from "~/api/client";
import { t } from "~/messages";
import { run as runWords } from "~/messages/run";
import { Button, LinkButton } from "~/ui/Button";
import { Dialog } from "~/ui/Dialog";
import { FailureNotice } from "~/ui/Notice";
import { ChangeTable } from "./ChangeTable";

const words = runWords;

export function ScoringDialog({ run, onClose }: { run: string; onClose: () => void }) {
  const queries = useQueryClient();
  // each answer is a new draft: made when it is asked for, never read anew by itself
  const made = useMutation({
    mutationFn: () => ask(client.POST("/api/runs/{run}/scoring", { params: { path: { run } } })),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["drafts"] }),
  });
  return (
    <Dialog
      wide
      title={words.scoringTitle}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>{t.common.close}</Button>
          {!made.data && (
            <Button look="primary" icon="draft" busy={made.isPending} onClick={() => made.mutate()}>
              {words.scoringMake}
            </Button>
          )}
          {made.data && (
            <LinkButton look="primary" icon="draft" href={`/drafts/${made.data.draft}`}>
              {words.openDraft}
            </LinkButton>
          )}
        </>
      }
    >
      {!made.data && <p>{words.scoringBefore}</p>}
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
