/** The newest runs, as they go on. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { t } from "~/messages";
import { home as homeWords } from "~/messages/home";
import { ago } from "~/messages/numbers";
import { latest, useLive } from "~/store/live";
import { Section } from "~/ui/Card";
import { FailureNotice } from "~/ui/Notice";
import { Progress } from "~/ui/Progress";
import { Waiting } from "~/ui/Spinner";
import { StateBadge } from "~/ui/StateBadge";
import { figuresInWords } from "../runs/figures";
import { newest } from "../runs/queries";
import styles from "./home.module.css";

export function Recent() {
  const answer = useQuery(newest);
  const live = useLive((state) => state.runs);
  return (
    <Section
      title={homeWords.recent.title}
      aside={<Link href="/runs">{homeWords.recent.all}</Link>}
      className={styles.recent}
    >
      {answer.error && (
        <FailureNotice failure={answer.error} onRetry={() => void answer.refetch()} />
      )}
      {answer.isPending && <Waiting>{t.common.loading}</Waiting>}
      {answer.data?.runs.length === 0 && <p className={styles.quiet}>{homeWords.recent.empty}</p>}
      {answer.data && answer.data.runs.length > 0 && (
        <ul className={styles.runs}>
          {answer.data.runs.map((read) => {
            const run = latest(live[read.id], read);
            return (
              <li key={run.id}>
                <div className={styles.line}>
                  <Link href={`/runs/${run.id}`} className={styles.grow}>
                    {run.name}
                  </Link>
                  <StateBadge state={run.state} />
                </div>
                {run.state === "running" && (
                  <Progress
                    label={homeWords.runs.steps(run.done, run.steps)}
                    value={run.steps > 0 ? run.done / run.steps : undefined}
                  />
                )}
                <p className={styles.quiet}>
                  {[ago(run.created), figuresInWords(run.figures)].filter(Boolean).join(", ")}
                </p>
              </li>
            );
          })}
        </ul>
      )}
    </Section>
  );
}
