/** Where steps run: slots in use, who holds them, who waits and why. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import type { Target } from "~/api/types";
import { t } from "~/messages";
import { home as homeWords } from "~/messages/home";
import { Card, Section } from "~/ui/Card";
import { Icon } from "~/ui/Icon";
import { FailureNotice } from "~/ui/Notice";
import { Progress } from "~/ui/Progress";
import { Waiting } from "~/ui/Spinner";
import { StateBadge } from "~/ui/StateBadge";
import * as read from "../home/queries";
import styles from "./machine.module.css";

const words = homeWords.machine;
/** Slots change without an event when a step of the command line begins. */
const LOOK_AGAIN = 3_000;

export function Targets() {
  const { data, error, isPending, refetch } = useQuery({
    ...read.targets,
    refetchInterval: LOOK_AGAIN,
  });
  return (
    <Section title={words.targets} aside={words.targetsHint}>
      {error && <FailureNotice failure={error} onRetry={() => void refetch()} />}
      {isPending && <Waiting>{t.common.loading}</Waiting>}
      <div className={styles.targets}>
        {data?.map((target) => (
          <TargetCard key={target.name} target={target} />
        ))}
      </div>
    </Section>
  );
}

function TargetCard({ target }: { target: Target }) {
  const text = words.slots(target.used, target.slots);
  const idle = target.running.length === 0 && target.waiting.length === 0;
  return (
    <Card className={styles.target}>
      <div className={styles.row}>
        <Icon name="target" />
        <h3 className={styles.targetName}>{target.name}</h3>
        {target.default && <span className={styles.tag}>{words.usual}</span>}
        <span className={styles.quiet}>
          {[target.device, target.memory].filter(Boolean).join(", ")}
        </span>
      </div>
      <Progress
        label={words.slotsOf(target.name)}
        value={target.slots > 0 ? target.used / target.slots : 0}
        text={text}
      />
      <p className={styles.quiet}>{text}</p>
      {idle && <p className={styles.quiet}>{words.nobody}</p>}
      <ul className={styles.holders}>
        {target.running.map((one) => (
          <li key={`${one.run}/${one.step}`}>
            <StateBadge state="running" />
            <Link href={`/runs/${one.run}`} aria-label={words.seeRun(one.step)}>
              {one.step}
            </Link>
            <span className={styles.quiet}>{one.reason}</span>
          </li>
        ))}
        {target.waiting.map((one) => (
          <li key={`${one.run}/${one.step}`}>
            <StateBadge state="queued" words={words.waiting} />
            <Link href={`/runs/${one.run}`} aria-label={words.seeRun(one.step)}>
              {one.step}
            </Link>
            <span className={styles.quiet}>{one.reason}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
