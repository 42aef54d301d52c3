"""Image directories written by Azure Machine Learning designer: ``_meta.yaml`` and ``images.lst``.

A present but unreadable list is an error, never a folder to guess from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visionloom.errors import InvalidDatasetError, NotLabeledDatasetError
from visionloom.images.below import leaves

_META = "_meta.yaml"


@dataclass(frozen=True)
class OriginalImage:
    """One line of ``images.lst``: stored path, name shown, class name if any."""

    stored: str
    file: str
    label: str | None


@dataclass(frozen=True)
class OriginalImages:
    """The images, and the class list of ``_schema.json`` or None when unlabelled."""

    images: tuple[OriginalImage, ...]
    classes: tuple[str, ...] | None


def is_original(folder: Path) -> bool:
    """Whether the folder carries the original's mark."""
    return (folder / _META).is_file()


def read_original(folder: Path) -> OriginalImages:
    """Read an image directory of the original.

    Raises:
        InvalidDatasetError: Another kind of directory, a damaged or missing part.
        NotLabeledDatasetError: Its annotations are not for classification.
    """
    meta = _meta(folder)
    kind = meta.get("type", "")
    if kind != "ImageDirectory":
        raise InvalidDatasetError(f"{folder} is a {kind or 'damaged'} directory of the original.")
    classes = _classes(folder / _beside(folder, meta, "schema", "_schema.json"))
    list_path = folder / _beside(folder, meta, "image_list", "images.lst")
    images: list[OriginalImage] = []
    try:
        lines = list_path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidDatasetError(f"{list_path} cannot be read: {error}.") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            images.append(_image(list_path, number, line, labelled=classes is not None))
    inside = folder.resolve()
    outside = [i.stored for i in images if not (folder / i.stored).resolve().is_relative_to(inside)]
    if outside:
        raise InvalidDatasetError(
            f"{list_path} lists {len(outside)} links out of the directory, first {outside[0]}."
        )
    missing = [i.stored for i in images if not (folder / i.stored).is_file()]
    if missing:
        raise InvalidDatasetError(
            f"{folder} lists {len(missing)} images that are not there, first {missing[0]}."
        )
    unknown = {i.label for i in images if i.label is not None} - set(classes or ())
    if unknown:
        raise InvalidDatasetError(
            f"{list_path} uses classes its schema does not list: {', '.join(sorted(unknown))}."
        )
    return OriginalImages(tuple(images), classes)


def _beside(folder: Path, meta: dict[str, str], key: str, usual: str) -> str:
    """The name of a file of the directory, which must lie in it."""
    name = meta.get(key, usual)
    if (
        leaves(name)
        or "\\" in name
        or not (folder / name).resolve().is_relative_to(folder.resolve())
    ):
        raise InvalidDatasetError(f"{folder / _META}: {key} {name!r} leaves the directory.")
    return name


def _meta(folder: Path) -> dict[str, str]:
    """The top-level ``key: value`` lines; the file has no others that matter here."""
    values: dict[str, str] = {}
    try:
        text = (folder / _META).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidDatasetError(f"{folder / _META} cannot be read: {error}.") from error
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon and not line.startswith((" ", "-", "#")):
            values[key.strip()] = value.strip().strip("'\"")
    return values


def _classes(path: Path) -> tuple[str, ...] | None:
    try:
        columns = json.loads(path.read_text(encoding="utf-8"))["columnAttributes"]
        annotated = [c["properties"] for c in columns if "annotation_type" in _properties(c)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidDatasetError(
            f"{path} is damaged: {error}.", "Convert the pictures again from where they came."
        ) from error
    if not annotated:
        return None
    if annotated[0]["annotation_type"] != "COCO_classification":
        raise NotLabeledDatasetError(
            f"{path.parent} is annotated for {annotated[0]['annotation_type']}, not for "
            "classification."
        )
    try:
        categories = annotated[0]["categories"]
        pairs = sorted((int(c["id"]), str(c["name"])) for c in categories)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidDatasetError(f"{path} is damaged: {error}.") from error
    return tuple(name for _, name in pairs)


def _properties(column: dict[str, Any]) -> dict[str, Any]:
    return column.get("properties") or {}


def _image(path: Path, number: int, line: str, *, labelled: bool) -> OriginalImage:
    try:
        entry = json.loads(line)
        info = entry["image_info"]
        stored = str(info["file_name"])
        label = str(entry["category"]) if labelled else None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidDatasetError(f"{path}, line {number} is damaged: {error}.") from error
    if leaves(stored) or "\\" in stored:
        raise InvalidDatasetError(f"{path}, line {number}: {stored!r} leaves the directory.")
    return OriginalImage(stored, stored.removeprefix("image/"), label)
