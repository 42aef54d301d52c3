/** The whole view of an artifact, by the name of its type. */
import { type ComponentType, lazy, Suspense } from "react";
import { t } from "~/messages";
import { look as lookWords } from "~/messages/look";
import { Empty } from "~/ui/Empty";
import { Waiting } from "~/ui/Spinner";
import styles from "./ArtifactView.module.css";
import { Facts } from "./Facts";
import type { ViewProps } from "./types";

interface View {
  component: ComponentType<ViewProps>;
  /** Fills the page and scrolls inside; others scroll as a whole. */
  fills: boolean;
}

const images = lazy(() => import("./images/ImagesView").then((m) => ({ default: m.ImagesView })));
const transformation = lazy(() =>
  import("./images/TransformationView").then((m) => ({ default: m.TransformationView })),
);
const model = lazy(() => import("./model/ModelView").then((m) => ({ default: m.ModelView })));
const scores = lazy(() => import("./scores/ScoresView").then((m) => ({ default: m.ScoresView })));
const evaluation = lazy(() =>
  import("./evaluation/EvaluationView").then((m) => ({ default: m.EvaluationView })),
);
const report = lazy(() => import("./report/ReportView").then((m) => ({ default: m.ReportView })));

const views: Readonly<Record<string, View>> = {
  ImageDirectory: { component: images, fills: true },
  TransformationDirectory: { component: transformation, fills: false },
  UntrainedModelDirectory: { component: model, fills: false },
  ModelDirectory: { component: model, fills: false },
  ScoresDirectory: { component: scores, fills: true },
  EvaluationDirectory: { component: evaluation, fills: false },
  ReportDirectory: { component: report, fills: false },
};

export function ArtifactView({
  type,
  artifact,
  run = "",
  step = "",
}: {
  type: string;
  artifact: string;
  run?: string;
  step?: string;
}) {
  const view = views[type];
  return (
    <div className={styles.artifact}>
      <Facts artifact={artifact} />
      <div className={view?.fills ? styles.fills : styles.scrolls}>
        {view ? (
          <Suspense fallback={<Waiting>{t.common.loading}</Waiting>}>
            <view.component key={artifact} artifact={artifact} run={run} step={step} />
          </Suspense>
        ) : (
          <Empty icon="file" title={lookWords.noView(type)} />
        )}
      </div>
    </div>
  );
}
