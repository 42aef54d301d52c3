/** A text field of the panel that never loses what was typed. */
import type { ReactNode } from "react";
import { Field, TextArea, TextInput } from "~/ui/Field";
import { useTyped } from "./useTyped";

const fine = () => "";

export function TypedField({
  id,
  label,
  accessibleName,
  saved,
  send,
  wrong = fine,
  onlyWhenLeft = false,
  hint,
  placeholder,
  long = false,
  hideLabel = false,
  error,
  aside,
  className,
  parameter,
}: {
  id: string;
  label: string;
  /** Where the label alone does not say what it is. */
  accessibleName?: string;
  saved: string;
  send: (text: string) => Promise<boolean>;
  wrong?: (text: string) => string;
  onlyWhenLeft?: boolean;
  hint?: ReactNode;
  placeholder?: string;
  long?: boolean;
  hideLabel?: boolean;
  error?: string | undefined;
  aside?: ReactNode;
  className?: string | undefined;
  /** What a problem calls it. */
  parameter?: string;
}) {
  const field = useTyped({ id, saved, wrong, onlyWhenLeft, send });
  return (
    <Field
      label={label}
      hint={hint}
      error={field.wrong || (field.dirty ? "" : error)}
      hideLabel={hideLabel}
      aside={aside}
      className={className}
    >
      {(control) => {
        const shared = {
          ...control,
          ...(accessibleName ? { "aria-label": accessibleName } : {}),
          "data-parameter": parameter,
          value: field.text,
          placeholder,
          onFocus: field.onFocus,
          onBlur: field.onBlur,
        };
        return long ? (
          <TextArea
            {...shared}
            rows={3}
            onChange={(event) => field.type(event.target.value)}
            onKeyDown={(event) => event.key === "Escape" && field.onKeyDown(event)}
          />
        ) : (
          <TextInput
            {...shared}
            onChange={(event) => field.type(event.target.value)}
            onKeyDown={field.onKeyDown}
          />
        );
      }}
    </Field>
  );
}
