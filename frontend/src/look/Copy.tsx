/** A button that copies a text and says so. */
import { useEffect, useState } from "react";
import { look as lookWords } from "~/messages/look";
import { IconButton } from "~/ui/Button";

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
        onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
      />
      <span role="status" className="visually-hidden">
        {copied ? lookWords.facts.copied : ""}
      </span>
    </>
  );
}
