/** One artifact, with the way back to the run and the step it is looked at from. */
import { Link, useSearchParams } from "wouter";
import { useRun } from "~/api/run";
import { ArtifactView } from "~/look/ArtifactView";
import { look as lookWords } from "~/messages/look";
import { Icon } from "~/ui/Icon";
import { usePageTitle } from "~/ui/Page";
import styles from "./LookPage.module.css";

const words = lookWords;

export default function LookPage({ type, artifact }: { type: string; artifact: string }) {
  const [query] = useSearchParams();
  const run = query.get("run") ?? "";
  const step = query.get("step") ?? "";
  const title = words.types[type] ?? words.unknownType;
  usePageTitle(step ? `${title}, ${step}` : title);
  const name = useRun(run).data?.summary.name;
  return (
    <main className={styles.page}>
      {run && (
        <nav aria-label={words.breadcrumb} className={styles.crumbs}>
          <Link href={`/runs/${encodeURIComponent(run)}`}>{words.run(name || run)}</Link>
          {step && (
            <>
              <Icon name="chevronRight" size={12} />
              <Link href={`/runs/${encodeURIComponent(run)}?step=${encodeURIComponent(step)}`}>
                {words.step(step)}
              </Link>
            </>
          )}
        </nav>
      )}
      <h1 tabIndex={-1} className={styles.title}>
        {title}
      </h1>
      <ArtifactView type={type} artifact={artifact} run={run} step={step} />
    </main>
  );
}
