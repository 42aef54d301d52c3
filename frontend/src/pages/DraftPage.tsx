/** A draft: drawn or written, checked as one goes, and run. */
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { listen } from "~/actions/keyboard";
import { perform } from "~/actions/registry";
import { ApiError } from "~/api/client";
import type { DraftState, Failure } from "~/api/types";
import { Canvas } from "~/canvas/Canvas";
import { Said } from "~/canvas/Said";
import { t } from "~/messages";
import { useFollowedRun } from "~/panels/useRun";
import { useCatalog } from "~/store/catalog";
import { useEditor } from "~/store/editor";
import { useView } from "~/store/view";
import { Button, IconButton, LinkButton } from "~/ui/Button";
import { Empty } from "~/ui/Empty";
import { FailureNotice, Notice } from "~/ui/Notice";
import { usePageTitle } from "~/ui/Page";
import { Waiting } from "~/ui/Spinner";
import { Tabs } from "~/ui/Tabs";
import { toast, toastFailure } from "~/ui/Toast";
import styles from "./draft/draft.module.css";
import { Palette } from "./draft/Palette";
import { Resizer } from "./draft/Resizer";
import { TopBar } from "./draft/TopBar";

const words = t.canvas;
// the canvas is seen first; these follow
const Inspector = lazy(() =>
  import("~/panels/Inspector").then(({ Inspector: found }) => ({ default: found })),
);
const Outline = lazy(() => import("./draft/Outline"));
const ConflictNotice = lazy(() => import("./draft/ConflictNotice"));
const ProblemsList = lazy(() => import("./draft/ProblemsList"));
const YamlTab = lazy(() => import("./draft/YamlTab"));

export default function DraftPage({ draft: id }: { draft: string }) {
  const draft = useEditor((state) => state.draft);
  const catalog = useCatalog((state) => state.catalog);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [attempt, setAttempt] = useState(0);
  usePageTitle(draft?.name ?? words.opening);

  // biome-ignore lint/correctness/useExhaustiveDependencies: an attempt is a reason to open anew
  useEffect(() => {
    const { open, close } = useEditor.getState();
    setFailure(null);
    open(id).catch((error: unknown) => {
      if (error instanceof ApiError) setFailure(error.failure);
      else throw error;
    });
    return close;
  }, [id, attempt]);
  useEffect(listen, []);

  if (failure) {
    return (
      <main className={styles.alone}>
        <h1 tabIndex={-1}>{words.notOpened}</h1>
        <FailureNotice failure={failure} onRetry={() => setAttempt(attempt + 1)} />
        <LinkButton href="/" icon="home">
          {words.backHome}
        </LinkButton>
      </main>
    );
  }
  if (!draft || !catalog) {
    return (
      <main className={styles.alone}>
        <Waiting>{words.opening}</Waiting>
      </main>
    );
  }
  return <Opened draft={draft} />;
}

function Opened({ draft }: { draft: DraftState }) {
  const [started, setStarted] = useState("");
  const run = started || draft.last_run;
  useFollowedRun(run);
  const panels = useView((state) => state.panels);
  const asked = useView((state) => state.dialog !== null);
  const Dialogs = useDialogs(asked);
  const selected = useEditor((state) => state.selected);
  const conflict = useEditor((state) => state.conflict !== null);
  const { select } = useEditor.getState();
  useEffect(() => useView.getState().leave, []);
  useRefusals();
  const columns = [
    panels.left ? `${panels.leftSize}px auto` : "",
    "minmax(0, 1fr)",
    panels.right ? `auto ${panels.rightSize}px` : "",
  ].join(" ");
  return (
    <main className={styles.page}>
      <TopBar draft={draft} run={run} onStarted={setStarted} />
      <div className={styles.body} style={{ gridTemplateColumns: columns }}>
        {panels.left && (
          <>
            <LeftPanel draft={draft} />
            <Resizer label={words.resize(words.panels.left)} side="left" />
          </>
        )}
        <Middle draft={draft} selected={selected} />
        {panels.right && (
          <>
            <Resizer label={words.resize(words.panels.right)} side="right" />
            <div className={styles.right} data-panel="right" tabIndex={-1}>
              <Suspense fallback={null}>
                <Inspector
                  mode="draft"
                  graph={draft.graph}
                  problems={draft.problems}
                  selected={selected}
                  runId={run}
                  onSelect={select}
                />
              </Suspense>
            </div>
          </>
        )}
      </div>
      {asked && Dialogs && <Dialogs graph={draft.graph} />}
      {conflict && (
        <Suspense fallback={null}>
          <ConflictNotice />
        </Suspense>
      )}
      <Said />
    </main>
  );
}

function LeftPanel({ draft }: { draft: DraftState }) {
  const tab = useView((state) => state.leftTab);
  return (
    <aside aria-label={words.panels.left} className={styles.left}>
      <Tabs
        label={words.panels.left}
        selected={tab}
        onSelect={(leftTab) => useView.getState().set({ leftTab })}
        tabs={[
          { id: "palette", label: words.palette, content: () => <Palette /> },
          {
            id: "outline",
            label: words.outline,
            content: () => (
              <Suspense fallback={null}>
                <Outline graph={draft.graph} problems={draft.problems} />
              </Suspense>
            ),
          },
        ]}
      />
    </aside>
  );
}

function Middle({ draft, selected }: { draft: DraftState; selected: readonly string[] }) {
  const tab = useView((state) => state.middleTab);
  const open = useView((state) => state.panels.bottom);
  const { select } = useEditor.getState();
  const [errors, warnings] = useMemo(() => {
    const bad = draft.problems.filter((problem) => problem.severity === "error").length;
    return [bad, draft.problems.length - bad];
  }, [draft.problems]);
  return (
    <div className={styles.middle}>
      {!draft.readable && <Notice tone="warn">{words.unreadable}</Notice>}
      <Tabs
        label={words.canvas}
        className={styles.tabs}
        selected={tab}
        onSelect={(middleTab) => useView.getState().set({ middleTab })}
        tabs={[
          {
            id: "canvas",
            label: words.canvas,
            icon: "outline",
            content: () => (
              <>
                <Canvas
                  graph={draft.graph}
                  problems={draft.problems}
                  readOnly={!draft.readable}
                  selected={selected}
                  onSelect={select}
                  changed={draft.changed_since}
                />
                {draft.graph.steps.length === 0 && <Nothing />}
              </>
            ),
          },
          {
            id: "yaml",
            label: words.yaml,
            icon: "code",
            content: () => (
              <Suspense fallback={<Waiting>{words.editor.loading}</Waiting>}>
                <YamlTab draft={draft} />
              </Suspense>
            ),
          },
        ]}
      />
      <section aria-label={words.problems} className={styles.bottom} data-open={open}>
        <div className={styles.bottomHead}>
          <Button
            look="quiet"
            size="small"
            icon={errors ? "error" : warnings ? "warning" : "succeeded"}
            aria-expanded={open}
            onClick={() => useView.getState().panel({ bottom: !open })}
          >
            {words.problemsList.count(errors, warnings)}
          </Button>
          <span className={styles.grow} />
          {(["left", "right"] as const).map((side) => (
            <PanelSwitch key={side} side={side} />
          ))}
        </div>
        {open && (
          <Suspense fallback={null}>
            <ProblemsList problems={draft.problems} />
          </Suspense>
        )}
      </section>
    </div>
  );
}

function PanelSwitch({ side }: { side: "left" | "right" }) {
  const open = useView((state) => state.panels[side]);
  const name = words.panels[side];
  return (
    <IconButton
      icon={(side === "left") === open ? "chevronLeft" : "chevronRight"}
      size="small"
      label={open ? words.hide(name) : words.show(name)}
      onClick={() => perform(side)}
    />
  );
}

function Nothing() {
  return (
    <div className={styles.nothing}>
      <Empty
        icon="outline"
        title={words.empty.title}
        actions={
          <>
            <Button look="primary" icon="plus" onClick={() => perform("add")}>
              {words.empty.add}
            </Button>
            <LinkButton href="/" icon="images">
              {words.empty.photos}
            </LinkButton>
          </>
        }
      >
        {words.empty.text}
      </Empty>
    </div>
  );
}

/** The dialogs, loaded once the page is there: one that opens takes the very next key. */
function useDialogs(asked: boolean) {
  const [found, setFound] = useState<typeof import("./draft/Dialogs").default | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: being asked is a reason to try again
  useEffect(() => {
    if (found) return;
    import("./draft/Dialogs")
      .then((loaded) => setFound(() => loaded.default))
      .catch((error: unknown) => {
        // asked for again with the next key
        if (useView.getState().dialog === null) return;
        useView.getState().set({ dialog: null });
        toastFailure(error);
      });
  }, [asked, found]);
  return found;
}

/** Says what was taken back, and what another tab did. */
function useRefusals() {
  const refused = useEditor((state) => state.refused);
  const notice = useEditor((state) => state.notice);
  useEffect(() => {
    if (!refused) return;
    const { message, remedy } = refused.failure;
    toast([words.refusedEdit(refused.label), message, remedy].filter(Boolean).join(" "), "bad");
    useEditor.getState().dismiss();
  }, [refused]);
  useEffect(() => {
    if (!notice) return;
    toast(notice, "info");
    useEditor.getState().dismiss();
  }, [notice]);
}
