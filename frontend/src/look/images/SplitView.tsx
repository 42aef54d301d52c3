/** What a split made: the classes of both parts side by side, with their shares. */
import { Link } from "wouter";
import { lookAt } from "~/api/addresses";
import { Answered } from "~/look/Answered";
import { percent } from "~/look/format";
import { useImages } from "~/look/queries";
import type { ImageDirectory } from "~/look/types";
import { look as lookWords } from "~/messages/look";
import { Section } from "~/ui/Card";
import { Table } from "~/ui/Table";
import type { Part } from "./parts";
import styles from "./SplitView.module.css";

const words = lookWords.split;

export function SplitView({
  parts,
  here,
  run,
  step,
}: {
  parts: readonly Part[];
  here: string;
  run: string;
  step: string;
}) {
  const first = useImages(parts[0]?.artifact ?? "");
  const second = useImages(parts[1]?.artifact ?? "");
  return (
    <Answered query={first}>
      {(one) => (
        <Answered query={second}>
          {(two) => (
            <Section title={words.title}>
              <div className={styles.legend}>
                {parts.map((part, index) => (
                  <span key={part.artifact} className={styles.part}>
                    <span className={index === 0 ? styles.firstMark : styles.secondMark} />
                    <strong>{index === 0 ? words.first : words.second}</strong>
                    {lookWords.images.count((index === 0 ? one : two).count)}
                    {part.artifact === here ? (
                      <em>({words.here})</em>
                    ) : (
                      <Link href={lookAt("ImageDirectory", part.artifact, run, step)}>
                        {words.open}
                      </Link>
                    )}
                  </span>
                ))}
              </div>
              <Shares one={one} two={two} />
            </Section>
          )}
        </Answered>
      )}
    </Answered>
  );
}

function Shares({ one, two }: { one: ImageDirectory; two: ImageDirectory }) {
  const names = [...new Set([...one.classes, ...two.classes].map((entry) => entry.name))];
  const count = (of: ImageDirectory, name: string) =>
    of.classes.find((entry) => entry.name === name)?.count ?? 0;
  const rows = [
    { key: "", name: words.all, first: one.count, second: two.count },
    ...names.map((name) => ({
      key: `class ${name}`,
      name,
      first: count(one, name),
      second: count(two, name),
    })),
  ];
  return (
    <Table caption={words.caption} className={styles.table}>
      <thead>
        <tr>
          <th scope="col">{words.className}</th>
          <th scope="col" data-number>
            {words.first}
          </th>
          <th scope="col" className={styles.barColumn}>
            <span className="visually-hidden">{words.shares}</span>
          </th>
          <th scope="col">{words.second}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, name, first, second }) => {
          const share = first + second === 0 ? 0 : first / (first + second);
          return (
            <tr key={key}>
              <th scope="row">{name}</th>
              <td data-number>{words.share(first, percent(share))}</td>
              <td aria-hidden="true">
                <span className={styles.bar}>
                  <span className={styles.firstBar} style={{ inlineSize: `${100 * share}%` }} />
                  <span className={styles.secondBar} />
                </span>
              </td>
              <td>{words.share(second, percent(1 - share))}</td>
            </tr>
          );
        })}
      </tbody>
    </Table>
  );
}
