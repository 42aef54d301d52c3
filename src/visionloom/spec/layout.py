"""Where steps stand on a canvas, and notes: in a file of its own beside the pipeline's.

The pipeline's file stays free of it, so that moving a box changes no line of it. A layout that is
missing or damaged keeps nothing from opening: what is not known is laid out anew.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visionloom.limits import current_limits

_FORMAT = 1
_MAXIMUM_NOTES = 1_000
FARTHEST = 1e7


@dataclass(frozen=True)
class Note:
    """A text on the canvas, at a position."""

    text: str
    x: float
    y: float


@dataclass(frozen=True)
class Layout:
    """How a pipeline is drawn.

    Attributes:
        positions: Step -> (x, y) of its upper left corner.
        notes: Texts on the canvas.
    """

    positions: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    def whole(self) -> Layout:
        """The same in whole pixels, as its file keeps it."""
        return Layout(
            {name: (_number(x), _number(y)) for name, (x, y) in self.positions.items()},
            tuple(Note(note.text, _number(note.x), _number(note.y)) for note in self.notes),
        )

    def renamed(self, old: str, new: str) -> Layout:
        """The same for a step that has another name."""
        return Layout(
            {new if name == old else name: at for name, at in self.positions.items()}, self.notes
        )


def layout_path(pipeline: Path) -> Path:
    """The layout's file: ``NAME.layout.json`` beside ``NAME.yml``."""
    return pipeline.with_name(f"{pipeline.stem}.layout.json")


def read_layout(pipeline: Path) -> Layout:
    """The layout of a pipeline file; an empty one when there is none that can be read."""
    try:
        with open(layout_path(pipeline), "rb") as stream:
            data = stream.read(current_limits().layout_bytes + 1)
    except OSError:
        return Layout()
    return layout_from_bytes(data)


def layout_from_bytes(data: bytes) -> Layout:
    """Read what `layout_bytes` gave; an empty layout where it cannot be read."""
    try:
        document = json.loads(data) if len(data) <= current_limits().layout_bytes else None
    except (ValueError, RecursionError):
        return Layout()
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        return Layout()
    steps, notes = document.get("steps"), document.get("notes")
    return Layout(
        {
            str(name): (float(entry["x"]), float(entry["y"]))
            for name, entry in (steps.items() if isinstance(steps, dict) else ())
            if _is_position(entry)
        },
        tuple(
            Note(entry["text"], float(entry["x"]), float(entry["y"]))
            for entry in (notes[:_MAXIMUM_NOTES] if isinstance(notes, list) else ())
            if _is_position(entry) and isinstance(entry.get("text"), str)
        ),
    )


def write_layout(pipeline: Path, layout: Layout) -> None:
    """Write the layout of a pipeline file: the old one or the new one, never a part.

    Raises:
        FailedToWriteOutputsError, ModuleOutOfMemoryError: see `visionloom.artifacts.atomic`.
    """
    from visionloom.artifacts.atomic import write_file

    write_file(layout_path(pipeline), layout_bytes(layout))


def layout_bytes(layout: Layout) -> bytes:
    """A layout as its file has it; the same for the same layout."""
    document = {
        "format": _FORMAT,
        "steps": {
            name: {"x": _number(x), "y": _number(y)}
            for name, (x, y) in sorted(layout.positions.items())
        },
        "notes": [
            {"text": note.text, "x": _number(note.x), "y": _number(note.y)} for note in layout.notes
        ],
    }
    return (json.dumps(document, indent=1, ensure_ascii=True, allow_nan=False) + "\n").encode()


def _is_position(entry: Any) -> bool:
    return isinstance(entry, dict) and all(
        isinstance(entry.get(key), int | float)
        and not isinstance(entry[key], bool)
        and math.isfinite(entry[key])
        and abs(entry[key]) <= FARTHEST
        for key in ("x", "y")
    )


def _number(value: float) -> float | int:
    """Whole pixels are enough, and keep differences between two versions small."""
    return round(min(max(value, -FARTHEST), FARTHEST))
