/** All keys, by group. */
import { shownKeys } from "~/actions/keyboard";
import { actions } from "~/actions/registry";
import { t } from "~/messages";
import { Dialog } from "~/ui/Dialog";
import { Keys } from "~/ui/Keys";
import styles from "./draft.module.css";

const words = t.canvas;
const groups = ["edit", "arrange", "view", "draft"] as const;

export function HelpSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog wide title={words.help.title} onClose={onClose}>
      <p>{words.help.text}</p>
      <div className={styles.keys}>
        <section>
          <h3>{words.help.canvas}</h3>
          <dl>
            {words.help.canvasKeys.map(([keys, what]) => (
              <div key={keys}>
                <dt>{what}</dt>
                <dd>
                  <Keys keys={keys} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
        {groups.map((group) => (
          <section key={group}>
            <h3>{words.groups[group]}</h3>
            <dl>
              {actions
                .filter((action) => action.group === group)
                .map((action) => (
                  <div key={action.id}>
                    <dt>{action.label}</dt>
                    <dd>
                      {action.keys.map((keys) => (
                        <Keys key={keys} keys={shownKeys(keys)} />
                      ))}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
