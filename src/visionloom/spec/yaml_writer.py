"""Writes YAML that every program reads alike: one key a line, quotes where in doubt."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from visionloom.spec.yaml_nodes import core_value

Scalar = bool | int | float | str | None

# words and number forms that older readers of YAML take for something else than a text
_WORDS = frozenset(
    (
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "=", "<<",
        ".inf", "-.inf", "+.inf", ".nan",
    )
)  # fmt: skip
_LIKE_A_NUMBER = re.compile(r"[-+.0-9][-+.0-9_:,eExXoObBaAcCdDfFtTzZ ]*")
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`")
_FLOW = frozenset(",[]{}")
_SPECIAL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_LONGEST_KEY = 500
INDENT = 2


def write_yaml(value: Mapping[str, Any], *, apart: Collection[str] = ()) -> str:
    """A map as a YAML document.

    Args:
        value: Maps, lists and scalars; None becomes an empty value.
        apart: Keys of the top level before which, and between whose entries, a blank line stands;
            a blank line also stands before every map of the top level.
    """
    lines: list[str] = []
    for key, item in value.items():
        if lines and isinstance(item, Mapping) and item:
            lines.append("")
        if key in apart and isinstance(item, Mapping) and item:
            lines.append(f"{scalar_text(key)}:")
            for number, (name, entry) in enumerate(item.items()):
                if number:
                    lines.append("")
                lines += entry_lines(name, entry, INDENT)
        else:
            lines += entry_lines(key, item, 0)
    return "\n".join(lines) + "\n"


def entry_lines(key: str, value: Any, indent: int, step: int = INDENT) -> list[str]:
    """The lines of one entry of a map; what is inside stands ``step`` blanks further in."""
    blank = " " * indent
    head = f"{blank}{scalar_text(key)}:"
    if len(key) > _LONGEST_KEY:
        # longer keys are read only in this form
        head = f"{blank}? {scalar_text(key)}\n{blank}:"
    if isinstance(value, Mapping):
        if not value:
            return [f"{head} {{}}"]
        return [head, *_map_lines(value, indent + step, step)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        if not value:
            return [f"{head} []"]
        return [head, *_list_lines(value, indent)]
    if isinstance(value, str) and (block := _block_lines(value, indent + step)):
        return [f"{head} {block[0]}", *block[1:]]
    text = scalar_text(value)
    return [f"{head} {text}" if text else head]


def _map_lines(value: Mapping[str, Any], indent: int, step: int) -> Iterator[str]:
    for key, item in value.items():
        yield from entry_lines(key, item, indent, step)


def _list_lines(value: Sequence[Any], indent: int) -> Iterator[str]:
    blank = " " * indent
    for item in value:
        if isinstance(item, Mapping) and item:
            first, *rest = _map_lines(item, indent + INDENT, INDENT)
            yield f"{blank}- {first.lstrip()}"
            yield from rest
        elif isinstance(item, Mapping | list | tuple):
            yield f"{blank}- {json.dumps(item)}"
        else:
            text = scalar_text(item)
            yield f"{blank}- {text}" if text else f"{blank}- null"


def scalar_text(value: Scalar, *, flow: bool = False, quote: str = "") -> str:
    """A value as it is written on one line.

    Args:
        value: None becomes an empty text.
        flow: Whether it stands inside braces or brackets.
        quote: Quotes to prefer, where a text may have them.
    """
    if value is None:
        return "null" if flow else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number_text(value)
    if _SPECIAL.search(value):
        return _double_quoted(value)
    if quote == '"':
        return _double_quoted(value)
    if quote == "'" or not is_plain(value, flow=flow):
        return "'" + value.replace("'", "''") + "'"
    return value


def number_text(value: float) -> str:
    """A number that every reader of YAML takes for the same number."""
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    mantissa, letter, exponent = repr(value).partition("e")
    if letter and "." not in mantissa:
        mantissa += ".0"
    return f"{mantissa}{letter}{exponent}"


def is_plain(text: str, *, flow: bool = False) -> bool:
    """Whether a text may stand without quotes and stays a text for every reader."""
    if not text or text != text.strip() or _SPECIAL.search(text):
        return False
    if text[0] in _INDICATORS or text.lower() in _WORDS or text[:3] in {"---", "..."}:
        return False
    if ": " in text or " #" in text or text.endswith(":") or "\t" in text:
        return False
    if flow and (_FLOW & set(text) or ":" in text):
        return False
    return not _LIKE_A_NUMBER.fullmatch(text) and isinstance(core_value(text), str)


def _double_quoted(text: str) -> str:
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if not _SPECIAL.match(character):
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _block_lines(text: str, indent: int) -> list[str]:
    """A text of several lines as a literal block; empty when it must be quoted."""
    body = text.removesuffix("\n")
    lines = body.split("\n")
    if len(lines) < 2 or not lines[0] or not lines[-1]:
        return []
    if any(_SPECIAL.search(line) or line != line.rstrip() for line in lines):
        return []
    if lines[0][0] in " \t":
        return []
    blank = " " * indent
    head = "|" if text.endswith("\n") else "|-"
    return [head, *(blank + line if line else "" for line in lines)]
