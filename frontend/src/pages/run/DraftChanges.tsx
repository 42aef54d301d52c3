/** The draft a run is of, and what was changed in it since. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { ask, client } from "~/api/client";
import type { RunSummary } from "~/api/types";
import { run as runWords } from "~/messages/run";
import { Button } from "~/ui/Button";
import { Dialog } from "~/ui/Dialog";
import { ChangeTable } from "./ChangeTable";

const words = runWords;

export function DraftChanges({ run }: { run: RunSummary }) {
  const [open, setOpen] = useState(false);
  const { data } = useQuery({
    queryKey: ["drafts", "difference", run.draft, run.id],
    queryFn: ({ signal }) =>
      ask(
        client.GET("/api/drafts/{draft}/difference", {
          params: { path: { draft: run.draft }, query: { run: run.id } },
          signal,
        }),
      ),
    // the draft may have been deleted, or its text be past reading
    retry: false,
  });
  if (!data) return null;
  return (
    <>
      <Link href={`/drafts/${run.draft}`}>{words.draft}</Link>
      {data.length === 0 ? (
        <span>{words.same}</span>
      ) : (
        <Button look="quiet" size="small" icon="compare" onClick={() => setOpen(true)}>
          {words.changed(data.length)}
        </Button>
      )}
      {open && (
        <Dialog wide title={words.changedTitle} onClose={() => setOpen(false)}>
          <ChangeTable caption={words.changedTitle} changes={data} />
        </Dialog>
      )}
    </>
  );
}
