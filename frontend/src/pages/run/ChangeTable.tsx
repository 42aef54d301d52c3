/** In what two pipelines differ. */
import type { Difference } from "~/api/types";
import { words as inWords } from "~/look/format";
import { run as runWords } from "~/messages/run";
import { Table } from "~/ui/Table";

const words = runWords;

export function ChangeTable({
  caption,
  changes,
}: {
  caption: string;
  changes: readonly Difference[];
}) {
  return (
    <Table caption={caption} dense>
      <thead>
        <tr>
          <th scope="col">{words.what}</th>
          <th scope="col">{words.where}</th>
          <th scope="col">{words.was}</th>
          <th scope="col">{words.is}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((one) => (
          <tr key={`${one.subject} ${one.step} ${one.name}`}>
            <th scope="row">{[inWords(one.subject), one.name].filter(Boolean).join(" ")}</th>
            <td>{one.step}</td>
            <td>{one.old || words.nothing}</td>
            <td>{one.new || words.nothing}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
