/** The frame: navigation, and one lazy page per address. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { Link, Route, Switch } from "wouter";
import { t } from "~/messages";
import { useCatalog } from "~/store/catalog";

const HomePage = lazy(() => import("~/pages/HomePage"));
const DraftPage = lazy(() => import("~/pages/DraftPage"));
const RunsPage = lazy(() => import("~/pages/RunsPage"));
const RunPage = lazy(() => import("~/pages/RunPage"));
const ComparePage = lazy(() => import("~/pages/ComparePage"));
const LookPage = lazy(() => import("~/pages/LookPage"));
const MachinePage = lazy(() => import("~/pages/MachinePage"));

const queries = new QueryClient({
  defaultOptions: { queries: { retry: 1, staleTime: 5_000, refetchOnWindowFocus: false } },
});

export function App() {
  const load = useCatalog((state) => state.load);
  useEffect(() => {
    void load();
  }, [load]);
  return (
    <QueryClientProvider client={queries}>
      <nav aria-label={t.common.name}>
        <Link href="/">{t.common.home}</Link>
        <Link href="/runs">{t.common.runs}</Link>
        <Link href="/machine">{t.common.machine}</Link>
      </nav>
      <Suspense fallback={<p>{t.common.loading}</p>}>
        <Switch>
          <Route path="/">
            <HomePage />
          </Route>
          <Route path="/drafts/:draft">{({ draft }) => <DraftPage draft={draft} />}</Route>
          <Route path="/runs">
            <RunsPage />
          </Route>
          <Route path="/runs/:run">{({ run }) => <RunPage run={run} />}</Route>
          <Route path="/compare/:first/:second">
            {({ first, second }) => <ComparePage first={first} second={second} />}
          </Route>
          <Route path="/look/:type/:artifact">
            {({ type, artifact }) => <LookPage type={type} artifact={artifact} />}
          </Route>
          <Route path="/machine">
            <MachinePage />
          </Route>
          <Route>{t.common.notFound}</Route>
        </Switch>
      </Suspense>
    </QueryClientProvider>
  );
}
