/** In what two runs differ: first what was changed, then what follows from it. */
import type { Difference } from "~/api/types";
import { words as inWords } from "~/look/format";
import { look as lookWords } from "~/messages/look";
import { Table } from "~/ui/Table";
import { causesAndConsequences } from "./consequences";
import styles from "./Differences.module.css";

const words = lookWords.compare;

export function Differences({ differences }: { differences: readonly Difference[] }) {
  if (differences.length === 0) return <p>{words.same}</p>;
  const { causes, consequences } = causesAndConsequences(differences);
  if (causes.length === 0) return <Rows caption={words.differs} differences={consequences} />;
  return (
    <>
      <Rows caption={words.differs} differences={causes} />
      {consequences.length > 0 && (
        <details className={styles.follows}>
          <summary>{words.follows(consequences.length)}</summary>
          <Rows caption={words.follows(consequences.length)} differences={consequences} />
        </details>
      )}
    </>
  );
}

function Rows({ caption, differences }: { caption: string; differences: readonly Difference[] }) {
  return (
    <Table caption={caption} dense>
      <thead>
        <tr>
          <th scope="col">{words.subject}</th>
          <th scope="col">{words.where}</th>
          <th scope="col">{words.what}</th>
          <th scope="col">A</th>
          <th scope="col">B</th>
        </tr>
      </thead>
      <tbody>
        {differences.map((one) => (
          <tr key={`${one.subject} ${one.step} ${one.name}`}>
            <td>{inWords(one.subject)}</td>
            <td>{one.step}</td>
            <th scope="row">{one.name}</th>
            <td>{one.old || words.none}</td>
            <td>{one.new || words.none}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
