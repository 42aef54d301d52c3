/** All runs: found by state, kind and words; two of them compared. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { useLocation } from "wouter";
import type { RunSummary } from "~/api/types";
import { t } from "~/messages";
import { home as homeWords } from "~/messages/home";
import { Button, LinkButton } from "~/ui/Button";
import { Empty } from "~/ui/Empty";
import { SearchInput } from "~/ui/Field";
import { FailureNotice } from "~/ui/Notice";
import { Page } from "~/ui/Page";
import { Select } from "~/ui/Select";
import { Waiting } from "~/ui/Spinner";
import { runs } from "./runs/queries";
import { RunTable } from "./runs/RunTable";
import styles from "./runs/runs.module.css";

const NO_FILTERS = { state: "", kind: "", search: "" };
const STATES = [
  "queued",
  "running",
  "succeeded",
  "failed",
  "cancelled",
  "interrupted",
  "lost",
] as const;

export default function RunsPage() {
  const [filters, setFilters] = useState(NO_FILTERS);
  const [chosen, setChosen] = useState<readonly RunSummary[]>([]);
  const [, go] = useLocation();
  const asked = useDeferredValue(filters);
  const answer = useInfiniteQuery(runs(asked));
  const found = answer.data?.pages.flatMap((page) => page.runs) ?? [];
  const filtered = Object.values(filters).some(Boolean);
  const words = homeWords.runs;

  // one that was chosen stays so when another search does not show it
  const choose = (run: RunSummary) =>
    setChosen((before) =>
      before.some((one) => one.id === run.id)
        ? before.filter((one) => one.id !== run.id)
        : [...before.slice(-1), run],
    );
  const compare = () => {
    // the older one first, so that the page reads from before to after
    const [first, second] = chosen.toSorted((a, b) => a.created - b.created);
    if (first && second) go(`/compare/${first.id}/${second.id}`);
  };

  return (
    <Page
      title={words.title}
      actions={
        <>
          <span className={styles.hint}>
            {chosen.length > 0 ? words.chosen(chosen.length) : words.compareHint}
          </span>
          {chosen.length > 0 && (
            <Button look="quiet" onClick={() => setChosen([])}>
              {words.clear}
            </Button>
          )}
          <Button icon="compare" look="primary" disabled={chosen.length !== 2} onClick={compare}>
            {words.compare}
          </Button>
        </>
      }
    >
      <div className={styles.body}>
        <search className={styles.filters}>
          <SearchInput
            aria-label={words.search}
            placeholder={words.searchHint}
            value={filters.search}
            onChange={(event) => setFilters({ ...filters, search: event.target.value })}
          />
          <Select
            aria-label={words.state}
            value={filters.state}
            onChoose={(state) => setFilters({ ...filters, state })}
            choices={[
              { value: "", label: words.anyState },
              ...STATES.map((state) => ({ value: state, label: t.common.states[state] })),
            ]}
          />
          <Select
            aria-label={words.kind}
            value={filters.kind}
            onChoose={(kind) => setFilters({ ...filters, kind })}
            choices={[
              { value: "", label: words.anyKind },
              ...Object.entries(words.kinds).map(([value, label]) => ({ value, label })),
            ]}
          />
          {filtered && (
            <Button look="quiet" icon="close" onClick={() => setFilters(NO_FILTERS)}>
              {words.clearFilters}
            </Button>
          )}
        </search>
        {answer.error && (
          <FailureNotice failure={answer.error} onRetry={() => void answer.refetch()} />
        )}
        {answer.isPending && <Waiting>{t.common.loading}</Waiting>}
        {answer.data && found.length === 0 && filtered && (
          <Empty
            icon="search"
            title={words.noMatch}
            actions={<Button onClick={() => setFilters(NO_FILTERS)}>{words.clearFilters}</Button>}
          >
            {words.noMatchHint}
          </Empty>
        )}
        {answer.data && found.length === 0 && !filtered && (
          <Empty
            icon="runs"
            title={words.empty}
            actions={
              <LinkButton href="/" icon="home">
                {words.toHome}
              </LinkButton>
            }
          >
            {words.emptyHint}
          </Empty>
        )}
        {found.length > 0 && <RunTable runs={found} chosen={chosen} onChoose={choose} />}
        {answer.hasNextPage && (
          <p className={styles.older}>
            <Button busy={answer.isFetchingNextPage} onClick={() => void answer.fetchNextPage()}>
              {words.older}
            </Button>
          </p>
        )}
      </div>
    </Page>
  );
}
