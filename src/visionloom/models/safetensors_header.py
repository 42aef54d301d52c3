"""The header of a safetensors file, read and checked before memory is taken for any tensor."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visionloom.errors import InvalidModelDirectoryError
from visionloom.limits import Limits, current_limits
from visionloom.models.foreign import foreign_file

_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16,
    "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64,
    "U64": 64,
}  # fmt: skip
_METADATA = "__metadata__"


@dataclass(frozen=True)
class TensorEntry:
    """What a header says of one tensor: type, shape, and its first and last byte."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def header_shapes(path: Path, limits: Limits | None = None) -> dict[str, tuple[int, ...]]:
    """Names and shapes in a safetensors file, from its header alone.

    Raises:
        InvalidModelDirectoryError: Not a safetensors file, or its header is damaged or too long.
    """
    limits = limits or current_limits()
    size = path.stat().st_size
    with open(path, "rb") as stream:
        start = stream.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= max(0, size - 8):
            raise foreign_file(path)
        if length > limits.safetensors_header_bytes:
            raise InvalidModelDirectoryError(
                f"{path} has a header of {length} bytes, more than "
                f"{limits.named('safetensors_header_bytes')}."
            )
        text = stream.read(length)
    most = limits.model_tensors
    # each tensor has one object and two lists: counted before anything is made of the text
    if text.count(b"{") > most + 2 or text.count(b"[") > 2 * most or text.count(b",") > 16 * most:
        raise InvalidModelDirectoryError(
            f"{path} lists more tensors than {limits.named('model_tensors')}."
        )
    try:
        entries = _entries(text)
        end = _checked_end(entries)
    except (
        ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, IndexError,
    ) as error:  # fmt: skip
        raise InvalidModelDirectoryError(f"{path} has a damaged header: {error}.") from error
    if end != size - 8 - length:
        raise InvalidModelDirectoryError(
            f"{path} is cut off or has bytes left over: its header describes {end} bytes, "
            f"{size - 8 - length} follow."
        )
    return {name: entry.shape for name, entry in entries.items()}


def _entries(text: bytes) -> dict[str, TensorEntry]:
    header = json.loads(text, object_pairs_hook=_once)
    found: dict[str, TensorEntry] = {}
    for name, value in header.items():
        if name == _METADATA:
            continue
        shape = tuple(_whole(side) for side in value["shape"])
        start, end = (_whole(place) for place in value["data_offsets"])
        found[name] = TensorEntry(value["dtype"], shape, start, end)
    return found


def _checked_end(entries: dict[str, TensorEntry]) -> int:
    """Bytes of all tensors, which must lie one behind the other without gaps."""
    at = 0
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].end)):
        if entry.start != at:
            raise ValueError(f"{name[:120]!r} overlaps another tensor, or bytes lie between")
        if entry.dtype not in _BITS:
            raise ValueError(f"{name[:120]!r} is of an unknown type")
        if math.prod(entry.shape) * _BITS[entry.dtype] != 8 * (entry.end - entry.start):
            raise ValueError(f"the shape of {name[:120]!r} is not that of its bytes")
        at = entry.end
    return at


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice[:120]!r} is in it twice")
    return values


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{str(value)[:40]} is no size")
    return value
