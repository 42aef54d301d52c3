/** A button that copies a text and says so. */
import { useEffect, useState } from "react";
import { look as lookWords } from "~/messages/look";
import { IconButton } from "~/ui/Button";
import { toastFailure } from "~/ui/Toast";

// a page that is no secure context has no clipboard
const copyText = async (text: string) => navigator.clipboard.writeText(text);

export function Copy({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <>
      <IconButton
        icon={copied ? "check" : "copy"}
        label={label}
        size="small"
        onClick={() => {
          void copyText(text).then(() => setCopied(true), toastFailure);
        }}
      />
      <span role="status" className="visually-hidden">
        {copied ? lookWords.facts.copied : ""}
      </span>
    </>
  );
}
