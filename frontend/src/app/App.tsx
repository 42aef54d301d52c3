/** The frame: navigation, one lazy page per address, and what holds on every page. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  lazy,
  type ReactElement,
  Suspense,
  useCallback,
  useEffect,
  useLayoutEffect,
  useState,
} from "react";
import { Route, Switch, useLocation } from "wouter";
import { ApiError } from "~/api/client";
import type { Failure } from "~/api/types";
import { t } from "~/messages";
import { useCatalog } from "~/store/catalog";
import { useLive } from "~/store/live";
import { LinkButton } from "~/ui/Button";
import { FailureNotice, Notice } from "~/ui/Notice";
import { Page } from "~/ui/Page";
import { Waiting } from "~/ui/Spinner";
import { ToastArea } from "~/ui/Toast";
import styles from "./App.module.css";
import { ErrorBoundary } from "./ErrorBoundary";
import { Rail } from "./Rail";
import { useEvents } from "./useEvents";
import { useFocusOnNavigation } from "./useFocusOnNavigation";
import { useLeaving } from "./useLeaving";
import { useNoStrayDrops } from "./useNoStrayDrops";

const HomePage = lazy(() => import("~/pages/HomePage"));
const DraftPage = lazy(() => import("~/pages/DraftPage"));
const RunsPage = lazy(() => import("~/pages/RunsPage"));
const RunPage = lazy(() => import("~/pages/RunPage"));
const ComparePage = lazy(() => import("~/pages/ComparePage"));
const LookPage = lazy(() => import("~/pages/LookPage"));
const MachinePage = lazy(() => import("~/pages/MachinePage"));

const NotLetIn = lazy(() =>
  import("./NotLetIn").catch(() => ({ default: ({ away }: { away: ReactElement }) => away })),
);

const queries = new QueryClient({
  defaultOptions: { queries: { retry: 1, staleTime: 5_000, refetchOnWindowFocus: false } },
});

/** How long the server may be silent before the page says so. */
const GRACE = 1_500;

/** Titles that hold until a page says more. */
const titles: readonly (readonly [RegExp, string])[] = [
  [/^\/$/, t.common.home],
  [/^\/drafts\//, t.common.draft],
  [/^\/runs$/, t.common.runs],
  [/^\/runs\//, t.common.run],
  [/^\/compare\//, t.common.compare],
  [/^\/look\//, t.common.look],
  [/^\/machine$/, t.common.machine],
];

function useCatalogOrWhyNot(): { failure: ApiError | null; load: () => void } {
  const read = useCatalog((state) => state.load);
  const [failure, setFailure] = useState<ApiError | null>(null);
  const load = useCallback(() => {
    setFailure(null);
    read().catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error);
    });
  }, [read]);
  useEffect(load, [load]);
  // a server that comes back is asked by itself
  const openings = useLive((state) => state.openings);
  useEffect(() => {
    if (openings > 0 && !useCatalog.getState().catalog) load();
  }, [openings, load]);
  return { failure, load };
}

function Away() {
  return (
    <Notice tone="warn" className={styles.lost}>
      <p>{t.common.connectionLost}</p>
      <p>{t.common.connectionLostRemedy}</p>
    </Notice>
  );
}

function ConnectionLost() {
  const connected = useLive((state) => state.connected);
  const refused = useLive((state) => state.refusals > 0);
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (connected) {
      setShown(false);
      return;
    }
    const timer = setTimeout(() => setShown(true), GRACE);
    return () => clearTimeout(timer);
  }, [connected]);
  if (!shown) return null;
  if (!refused) return <Away />;
  return (
    <Suspense>
      <NotLetIn away={<Away />} />
    </Suspense>
  );
}

function Pages() {
  return (
    <Switch>
      <Route path="/">
        <HomePage />
      </Route>
      <Route path="/drafts/:draft">{({ draft }) => <DraftPage key={draft} draft={draft} />}</Route>
      <Route path="/runs">
        <RunsPage />
      </Route>
      <Route path="/runs/:run">{({ run }) => <RunPage key={run} run={run} />}</Route>
      <Route path="/compare/:first/:second">
        {({ first, second }) => <ComparePage first={first} second={second} />}
      </Route>
      <Route path="/look/:type/:artifact">
        {({ type, artifact }) => <LookPage key={artifact} type={type} artifact={artifact} />}
      </Route>
      <Route path="/machine">
        <MachinePage />
      </Route>
      <Route>
        <Page title={t.common.notFound}>
          <p>{t.common.notFoundRemedy}</p>
          <p>
            <LinkButton href="/" icon="home">
              {t.common.goHome}
            </LinkButton>
          </p>
        </Page>
      </Route>
    </Switch>
  );
}

function Frame() {
  const [location] = useLocation();
  const { failure, load } = useCatalogOrWhyNot();
  const signedOut = failure?.status === 401;
  useEvents(!signedOut);
  useFocusOnNavigation(location);
  useNoStrayDrops();
  useLeaving();
  useLayoutEffect(() => {
    const title = titles.find(([path]) => path.test(location));
    document.title = title ? t.common.title(title[1]) : t.common.name;
  }, [location]);

  if (signedOut) {
    return (
      <Suspense>
        <NotLetIn page away={<Away />} />
      </Suspense>
    );
  }
  const told: Failure | undefined = failure?.failure;
  return (
    <div className={styles.app}>
      <a href="#page" className={styles.skip}>
        {t.common.skip}
      </a>
      <Rail />
      <div id="page" tabIndex={-1} className={styles.content}>
        {told && (
          <div className={styles.top}>
            <FailureNotice
              failure={{
                message: `${t.common.catalogFailed} ${told.message}`,
                remedy: told.remedy,
              }}
              onRetry={load}
            />
          </div>
        )}
        <ErrorBoundary key={location}>
          <Suspense fallback={<Waiting>{t.common.loading}</Waiting>}>
            <Pages />
          </Suspense>
        </ErrorBoundary>
      </div>
      <ConnectionLost />
      <ToastArea />
    </div>
  );
}

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <Frame />
    </QueryClientProvider>
  );
}
