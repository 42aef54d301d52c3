"""Lists of images: CSV, JSON Lines or Parquet with path, label, and optional group and part.

Every cell stays text: the labels "0", "1" and "NA" are class names, not numbers or gaps.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from visionloom.artifacts.tables import measure_parquet, read_parquet
from visionloom.errors import ArtifactError, InvalidDatasetError
from visionloom.images.below import leaves
from visionloom.settings import Limits

_COLUMNS = {
    "file": ("path", "file", "file_name", "filename", "image", "image_path"),
    "label": ("label", "class", "category", "class_name", "target"),
    "part": ("part", "split", "subset"),
}


@dataclass(frozen=True)
class Row:
    """One row: path below the list's folder, and what it says of the picture."""

    file: str
    label: str | None
    group: str | None
    part: str | None
    columns: Mapping[str, str]


def read_list(path: Path, limits: Limits) -> list[Row]:
    """Read a list of images.

    Raises:
        InvalidDatasetError: No such columns, not readable, or beyond a limit; which line.
    """
    size = path.stat().st_size
    if size > limits.manifest_bytes:
        raise InvalidDatasetError(
            f"{path} has {size} bytes, more than {limits.named('manifest_bytes')}."
        )
    rows: list[Row] = []
    names: dict[str, str | None] = {}
    for number, cells in enumerate(_cells(path, limits), 1):
        if number > limits.manifest_rows:
            raise InvalidDatasetError(f"{path} has more rows than {limits.named('manifest_rows')}.")
        if not names:
            names = _column_names(path, cells)
        _check_lengths(path, number, cells, limits)
        rows.append(_row(path, number, cells, names))
    if not rows:
        raise InvalidDatasetError(f"{path} lists no picture.")
    return rows


def reason_refused(root: Path, file: str) -> str | None:
    """Why a listed path is not opened: it leaves the list's folder, or is not there."""
    if file.startswith("/") or "\0" in file or (len(file) > 1 and file[1] == ":"):
        return "its path is absolute; paths are relative to the list"
    if leaves(file):
        return "its path leaves the folder of the list"
    path = root / file
    try:
        if not path.resolve().is_relative_to(root.resolve()):
            return "it is a symbolic link out of the folder of the list"
        if not path.is_file():
            return "the file does not exist"
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    return None


def _cells(path: Path, limits: Limits) -> Iterator[Mapping[str, str | None]]:
    suffix = path.suffix.lower()
    if suffix in {".jsonl", ".ndjson"}:
        yield from _json_lines(path, limits)
    elif suffix == ".parquet":
        yield from _parquet(path, limits)
    else:
        yield from _csv(path, "\t" if suffix == ".tsv" else None, limits)


def _check_lengths(
    path: Path, number: int, cells: Mapping[str, str | None], limits: Limits
) -> None:
    most = limits.manifest_field_bytes
    for text in cells.values():
        # no character has more than four bytes
        if text is not None and 4 * len(text) > most and len(text.encode()) > most:
            raise InvalidDatasetError(
                f"{path}, row {number}: a cell has more bytes than "
                f"{limits.named('manifest_field_bytes')}."
            )


def _lines(path: Path, stream: IO[str], limits: Limits) -> Iterator[str]:
    number, most = 0, limits.manifest_line_bytes
    while line := stream.readline(most + 1):
        number += 1
        if len(line) > most:
            raise InvalidDatasetError(
                f"{path}, line {number} has more bytes than {limits.named('manifest_line_bytes')}."
            )
        yield line


def _csv(path: Path, delimiter: str | None, limits: Limits) -> Iterator[Mapping[str, str | None]]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            head = stream.readline(limits.manifest_line_bytes)
            stream.seek(0)
            found = delimiter or max(",;\t", key=head.count)
            lines = _lines(path, stream, limits)
            reader = csv.DictReader(lines, delimiter=found, strict=True)
            for row in reader:
                if None in row:
                    raise InvalidDatasetError(
                        f"{path}, line {reader.line_num}: more cells than columns."
                    )
                yield row
    except UnicodeDecodeError as error:
        raise InvalidDatasetError(
            f"{path} is not UTF-8 text (byte {error.start}).", "Save it as UTF-8."
        ) from error
    except csv.Error as error:
        raise InvalidDatasetError(f"{path} is no readable CSV file: {error}.") from error


def _json_lines(path: Path, limits: Limits) -> Iterator[Mapping[str, str | None]]:
    with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
        for number, line in enumerate(_lines(path, stream, limits), 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line.encode("utf-8", "surrogateescape"))
            except (ValueError, RecursionError) as error:
                raise InvalidDatasetError(f"{path}, line {number}: {error}.") from error
            if not isinstance(value, dict):
                raise InvalidDatasetError(f"{path}, line {number}: not an object.")
            yield {str(k): _text(v) for k, v in value.items()}


def _parquet(path: Path, limits: Limits) -> Iterator[Mapping[str, str | None]]:
    try:
        rows, size = measure_parquet(path, limits.manifest_rows)
        if rows > limits.manifest_rows:
            raise InvalidDatasetError(f"{path} has more rows than {limits.named('manifest_rows')}.")
        if size > limits.manifest_bytes:
            raise InvalidDatasetError(
                f"{path} unpacks to {size} bytes, more than {limits.named('manifest_bytes')}."
            )
        table = read_parquet(path)
    except ArtifactError as error:
        raise InvalidDatasetError(error.message) from error
    for row in zip(*table.values(), strict=True):
        yield {name: _text(cell) for name, cell in zip(table, row, strict=True)}


def _column_names(path: Path, cells: Mapping[str, str | None]) -> dict[str, str | None]:
    lowered = {name.strip().lower(): name for name in cells}
    names = {
        wanted: next((lowered[w] for w in words if w in lowered), None)
        for wanted, words in _COLUMNS.items()
    }
    if names["file"] is None:
        raise InvalidDatasetError(
            f"{path} has no column of paths; it has {', '.join(cells)}.",
            "Call the column path, and the column of class names label.",
        )
    names["group"] = lowered.get("group")
    return names


def _row(
    path: Path, number: int, cells: Mapping[str, str | None], names: Mapping[str, str | None]
) -> Row:
    def cell(wanted: str) -> str | None:
        name = names[wanted]
        text = cells.get(name) if name is not None else None
        return text or None

    file = cell("file")
    if file is None:
        raise InvalidDatasetError(f"{path}, row {number}: the path is empty.")
    texts = {name: text for name, text in cells.items() if text is not None}
    return Row(file.replace("\\", "/"), cell("label"), cell("group"), cell("part"), texts)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
