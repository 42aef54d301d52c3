"""What a draft holds, as a value: the text of its file, and its layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from visionloom.spec.layout import Layout, Note

_BOM = "\ufeff"


@dataclass(frozen=True)
class Content:
    """A draft at one moment.

    Attributes:
        text: Without byte order mark; line ends as they are.
        layout: Where steps stand, and notes.
        marked: Whether the file begins with a byte order mark.
    """

    text: str
    layout: Layout
    marked: bool = False

    def to_bytes(self) -> bytes:
        """The file's bytes."""
        return ((_BOM if self.marked else "") + self.text).encode("utf-8", "surrogatepass")


def content_of(data: bytes, layout: Layout) -> Content:
    """The content of a file.

    Raises:
        UnicodeDecodeError: It is no UTF-8.
    """
    text = data.decode("utf-8")
    marked = text.startswith(_BOM)
    return Content(text[1:] if marked else text, layout, marked)


def layout_to_json(layout: Layout) -> dict[str, Any]:
    """A layout as a JSON value."""
    return {
        "steps": {name: list(at) for name, at in layout.positions.items()},
        "notes": [[note.text, note.x, note.y] for note in layout.notes],
    }


def layout_from_json(value: Mapping[str, Any]) -> Layout:
    """Read what `layout_to_json` gave."""
    return Layout(
        {name: (x, y) for name, (x, y) in value["steps"].items()},
        tuple(Note(text, x, y) for text, x, y in value["notes"]),
    )
