/** Drop, paste or choose a photo and see what the model answers. */
import { useMutation } from "@tanstack/react-query";
import { type DragEvent, useCallback, useEffect, useRef, useState } from "react";
import { Bars } from "~/charts/Bars";
import { failureOf } from "~/look/Answered";
import { probability, seconds } from "~/look/format";
import type { Tried } from "~/look/types";
import { look as lookWords } from "~/messages/look";
import { Button } from "~/ui/Button";
import { Section } from "~/ui/Card";
import { cx } from "~/ui/cx";
import { Icon } from "~/ui/Icon";
import { FailureNotice } from "~/ui/Notice";
import { Waiting } from "~/ui/Spinner";
import styles from "./TryIt.module.css";
import { tryModel } from "./tryModel";

const words = lookWords.try;
const shownAnswers = 5;

export function TryIt({ artifact }: { artifact: string }) {
  const [photo, setPhoto] = useState<{ name: string; address: string } | null>(null);
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const tried = useMutation({ mutationFn: (file: Blob) => tryModel(artifact, file) });
  const { mutate, reset } = tried;

  const take = useCallback(
    (file: File | undefined | null) => {
      if (!file) return;
      setPhoto({ name: file.name, address: URL.createObjectURL(file) });
      reset();
      mutate(file);
    },
    [mutate, reset],
  );

  useEffect(() => {
    const address = photo?.address;
    return () => {
      if (address) URL.revokeObjectURL(address);
    };
  }, [photo]);

  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      const file = [...(event.clipboardData?.files ?? [])].find((one) =>
        one.type.startsWith("image/"),
      );
      if (file) take(file);
    };
    window.addEventListener("paste", onPaste);
    return () => window.removeEventListener("paste", onPaste);
  }, [take]);

  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };

  return (
    <Section title={words.title}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the button inside does the same */}
      <div
        className={cx(styles.place, over && styles.over)}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={onDrop}
      >
        <div className={styles.photo}>
          {photo ? (
            <Photo key={photo.address} address={photo.address} alt={words.preview(photo.name)} />
          ) : (
            <Icon name="image" size={44} strokeWidth={0.8} />
          )}
        </div>
        <div className={styles.side}>
          {!photo && <p className={styles.drop}>{words.drop}</p>}
          <input
            ref={input}
            type="file"
            accept="image/*"
            aria-label={words.file}
            className="visually-hidden"
            tabIndex={-1}
            onChange={(event) => {
              take(event.target.files?.[0]);
              event.target.value = "";
            }}
          />
          <div aria-live="polite" className={styles.answer}>
            {tried.isPending && <Waiting>{words.asking}</Waiting>}
            {tried.error && <FailureNotice failure={failureOf(tried.error)} />}
            {tried.data && <Answers tried={tried.data} />}
          </div>
          <div className={styles.actions}>
            <Button
              icon="upload"
              look={photo ? "plain" : "primary"}
              onClick={() => input.current?.click()}
            >
              {photo ? words.another : words.choose}
            </Button>
            <span className={styles.quiet}>{words.kept}</span>
          </div>
        </div>
      </div>
    </Section>
  );
}

/** The photo itself; formats that browsers cannot show are still answered. */
function Photo({ address, alt }: { address: string; alt: string }) {
  const [broken, setBroken] = useState(false);
  return broken ? (
    <Icon name="image" size={44} strokeWidth={0.8} />
  ) : (
    <img src={address} alt={alt} onError={() => setBroken(true)} />
  );
}

function Answers({ tried }: { tried: Tried }) {
  const top = tried.answers[0];
  const rest = tried.answers.length - shownAnswers;
  return (
    <>
      {top && (
        <p className={styles.top}>
          <strong>{top.label}</strong> {probability(top.probability)}
        </p>
      )}
      <Bars
        label={words.answers}
        most={1}
        bars={tried.answers.slice(0, shownAnswers).map((answer) => ({
          name: answer.label,
          value: answer.probability,
          text: probability(answer.probability),
        }))}
      />
      {rest > 0 && <p className={styles.quiet}>{words.more(rest)}</p>}
      <p className={styles.quiet}>
        {words.pixels(tried.width, tried.height)} {words.sees(tried.preprocessing)}{" "}
        {words.took(seconds(tried.seconds))}
      </p>
    </>
  );
}
