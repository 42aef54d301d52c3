/** Precision, recall and F1 of each class with intervals; sorted by a click on a heading. */
import { useState } from "react";
import { Whisker } from "~/charts/Whisker";
import type { ClassFigure, FigureOf } from "~/look/types";
import { look as lookWords } from "~/messages/look";
import { Icon } from "~/ui/Icon";
import { Table } from "~/ui/Table";
import styles from "./EvaluationView.module.css";
import { inWords } from "./Figures";
import { type Column, type Order, sortClasses } from "./sorting";

const words = lookWords.evaluation;
const columns: readonly { id: Column; title: string }[] = [
  { id: "name", title: words.className },
  { id: "pictures", title: words.support },
  { id: "precision", title: words.precision },
  { id: "recall", title: words.recall },
  { id: "f1", title: words.f1 },
];

export function ClassTable({ classes }: { classes: readonly ClassFigure[] }) {
  const [order, setOrder] = useState<Order>({ column: "name", descending: false });
  return (
    <Table caption={words.perClass} className={styles.classes}>
      <thead>
        <tr>
          {columns.map(({ id, title }) => {
            const sorted = order.column === id;
            return (
              <th
                key={id}
                scope="col"
                aria-sort={sorted ? (order.descending ? "descending" : "ascending") : "none"}
              >
                <button
                  type="button"
                  className={styles.sort}
                  title={words.sortBy(title)}
                  onClick={() =>
                    setOrder({ column: id, descending: sorted ? !order.descending : false })
                  }
                >
                  {title}
                  <Icon
                    name={sorted && order.descending ? "arrowDown" : "arrowUp"}
                    size={12}
                    className={sorted ? undefined : styles.unsorted}
                  />
                </button>
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>
        {sortClasses(classes, order).map((row) => (
          <tr key={row.name}>
            <th scope="row">{row.name}</th>
            <td>{row.pictures.toLocaleString("en")}</td>
            <FigureCell figure={row.precision} />
            <FigureCell figure={row.recall} />
            <FigureCell figure={row.f1} />
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function FigureCell({ figure }: { figure: FigureOf }) {
  const said = inWords(figure);
  return (
    <td>
      <div className={styles.figureCell}>
        <span>{said.value}</span>
        {figure.value !== null && (
          <Whisker
            value={figure.value}
            low={figure.low}
            high={figure.high}
            label={[said.value, said.interval].filter(Boolean).join(", ")}
          />
        )}
        <small>{said.interval}</small>
      </div>
    </td>
  );
}
