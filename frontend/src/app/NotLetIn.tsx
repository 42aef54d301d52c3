/** What a browser is told that the server does not let in, or not any more. */
import { type ReactElement, useEffect, useState } from "react";
import { ApiError, ask } from "~/api/client";
import { t } from "~/messages";
import { sign as words } from "~/messages/sign";
import { useLive } from "~/store/live";
import { Notice } from "~/ui/Notice";
import frame from "./App.module.css";
import styles from "./NotLetIn.module.css";

/** Why the server refuses to tell what happens; null when it does not, or is away. */
async function whyNot(): Promise<ApiError | null> {
  const controller = new AbortController();
  try {
    const response = await fetch("/api/events", { signal: controller.signal });
    if (response.ok) return null;
    await ask(Promise.resolve({ response, error: await response.json() }));
    return null;
  } catch (error) {
    return error instanceof ApiError ? error : null;
  } finally {
    // an answer that is a stream has no end
    controller.abort();
  }
}

/** As a whole `page` for who never came by a link; otherwise a word over a page that is kept, which
 * goes on when the browser is let in again. `away` is said of a server that gives no reason. */
export default function NotLetIn({ page, away }: { page?: boolean; away: ReactElement }) {
  return page ? <NotSignedIn /> : <Refused away={away} />;
}

function NotSignedIn() {
  useEffect(() => {
    document.title = t.common.title(words.title);
  }, []);
  return (
    <main className={styles.sign}>
      <h1>{words.title}</h1>
      <p>{words.words}</p>
      <code>{words.command}</code>
      <small>{words.hint}</small>
    </main>
  );
}

function Refused({ away }: { away: ReactElement }) {
  const refusals = useLive((state) => state.refusals);
  const [why, setWhy] = useState<ApiError | null>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: each may have another reason
  useEffect(() => {
    let isOld = false;
    void whyNot().then((found) => {
      if (!isOld) setWhy(found);
    });
    return () => {
      isOld = true;
    };
  }, [refusals]);
  if (why === undefined) return null;
  if (why === null) return away;
  const { message, remedy } = why.failure;
  return (
    <Notice tone="warn" className={frame.lost}>
      {why.status === 401 ? (
        <>
          <p>{words.ended}</p>
          <p>
            {words.endedWords} <code>{words.command}</code>
          </p>
        </>
      ) : (
        <>
          <p>{message}</p>
          <p>{remedy || (why.status === 429 ? words.tooMany : t.common.connectionLostRemedy)}</p>
        </>
      )}
    </Notice>
  );
}
