"""What an image directory holds, how it is stored, and how its pixels are reached."""

from __future__ import annotations

import json
import os
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from visionloom.artifacts.digest import sha256_of_bytes, sha256_of_json, sha256_of_rows
from visionloom.artifacts.manifest import read_limited
from visionloom.artifacts.store import new_artifact, open_artifact
from visionloom.artifacts.tables import Cell, ColumnType, read_parquet, write_parquet
from visionloom.artifacts.types import ImageDirectory
from visionloom.errors import ArtifactError, InvalidDatasetError
from visionloom.images.archives import read_member
from visionloom.images.below import leaves, read_below
from visionloom.images.decode import UnreadableImage, decode
from visionloom.images.origin import PixelOrigin, Skipped
from visionloom.images.transforms import Transformation
from visionloom.limits import current_limits

Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]

FOR_TRAINING = "For training"
FOR_INFERENCE = "For inference"


@dataclass(frozen=True)
class ImageRecord:
    """One picture of a list.

    Attributes:
        id: Position at conversion; kept by splits.
        file: Original path below the data set's root, POSIX.
        label, group: Names, or None when not known.
        width, height: Upright, pixels.
        bytes: Size of the encoded file.
        digest: SHA-256 of the encoded bytes.
        pixel_digest: SHA-256 of the upright pixels; empty when only headers were checked.
        format: ``JPEG``, ``PNG`` ...
        frames: Frames or pages; the first is used.
        stored: Where the bytes are below the origin: equals ``file`` unless wrapped or copied.
        near: Of near duplicates, the smallest id among them; None for a picture that has none.
    """

    id: int
    file: str
    label: str | None
    group: str | None
    width: int
    height: int
    bytes: int
    digest: str
    pixel_digest: str
    format: str
    frames: int
    stored: str
    near: int | None = None


@dataclass(frozen=True)
class Images:
    """A list of pictures.

    Attributes:
        records: The pictures, by id.
        classes: Class names in order, or None when the list is not labelled.
        skipped: Files that are not used, with reasons.
        origin: Where the pixels are.
        intensity: Rule for values of more than 8 bits.
        transformation, mode: What Apply Image Transformation attached, and for what.
        notes: What was said at conversion.
        ignored: Number of files that were not pictures or hidden.
        digest: SHA-256 of the logical content; empty until written or computed.
    """

    records: tuple[ImageRecord, ...]
    classes: tuple[str, ...] | None
    skipped: tuple[Skipped, ...]
    origin: PixelOrigin
    intensity: str = "type"
    transformation: Transformation | None = None
    mode: str | None = None
    notes: tuple[str, ...] = ()
    ignored: int = 0
    digest: str = ""


_SKIPPED_SHOWN = 3
_NOT_TO_BE_HAD = (
    OSError, EOFError, KeyError, NotImplementedError, tarfile.TarError, zipfile.BadZipFile,
    zlib.error,
)  # fmt: skip
_SCHEMA: dict[str, ColumnType] = {
    "id": "BIGINT",
    "file": "VARCHAR",
    "label": "VARCHAR",
    "group": "VARCHAR",
    "width": "BIGINT",
    "height": "BIGINT",
    "bytes": "BIGINT",
    "digest": "VARCHAR",
    "pixel_digest": "VARCHAR",
    "format": "VARCHAR",
    "frames": "BIGINT",
    "stored": "VARCHAR",
}
# only where there are near duplicates: a list without is what it always was, to the byte
_NEAR: dict[str, ColumnType] = {"near": "BIGINT"}


def class_counts(images: Images) -> dict[str, int]:
    """Number of pictures of every class of the list, classes without pictures included."""
    counts = dict.fromkeys(images.classes or (), 0)
    for record in images.records:
        if record.label is not None:
            counts[record.label] += 1
    return counts


def skipped_line(skipped: Sequence[Skipped], where: str) -> str:
    """``2 skipped: a.jpg: cut off; b.jpg: empty.``, the first few by name; empty for none.

    Args:
        skipped: What was not used.
        where: Where all of them are named.
    """
    if not skipped:
        return ""
    shown = "; ".join(f"{s.file}: {s.reason}" for s in skipped[:_SKIPPED_SHOWN])
    more = len(skipped) - _SKIPPED_SHOWN
    return f"{len(skipped)} skipped: {shown}{f'; and {more} more, all in {where}' * (more > 0)}."


def logical_digest(images: Images) -> str:
    """SHA-256 of what the list means: rows, classes, intensity, transformation."""
    head = {
        "classes": list(images.classes) if images.classes is not None else None,
        "intensity": images.intensity,
        "transformation": images.transformation.to_json() if images.transformation else None,
        "mode": images.mode,
    }
    rows: list[list[Cell]]
    rows = [[r.id, r.file, r.label, r.group, r.digest] for r in images.records]
    if _has_near(images):
        rows = [[*row, record.near] for row, record in zip(rows, images.records, strict=True)]
    return sha256_of_json([head, sha256_of_rows(rows)])


def _has_near(images: Images) -> bool:
    return any(record.near is not None for record in images.records)


def write_images(
    images: Images,
    target: Path,
    *,
    origin: Mapping[str, Any] | None = None,
    replace_existing: bool = False,
    pixels: Mapping[str, bytes] | None = None,
) -> ImageDirectory:
    """Write an image directory.

    Args:
        images: The list; its digest is computed here.
        target: Folder to appear.
        origin: Further facts for the manifest.
        replace_existing: Whether an existing folder is replaced.
        pixels: Encoded pictures by ``stored`` name for an origin of kind ``self``.
    """
    outside = {} if images.origin.kind == "self" else {"refers_to": [images.origin.path]}
    facts = {
        "pixels": vars(images.origin),
        **outside,
        "ignored_files": images.ignored,
        **(origin or {}),
    }
    with new_artifact(ImageDirectory, target, origin=facts, replace=replace_existing) as draft:
        schema = _SCHEMA | _NEAR if _has_near(images) else _SCHEMA
        columns = {name: [getattr(r, name) for r in images.records] for name in schema}
        write_parquet(draft.folder / "images.parquet", schema, columns)
        write_parquet(
            draft.folder / "skipped.parquet",
            {"file": "VARCHAR", "reason": "VARCHAR"},
            {
                "file": [s.file for s in images.skipped],
                "reason": [s.reason for s in images.skipped],
            },
        )
        document = {
            "classes": list(images.classes) if images.classes is not None else None,
            "intensity": images.intensity,
            "notes": list(images.notes),
        }
        _write_json(draft.folder / "classes.json", document)
        if images.transformation is not None:
            attached = {"operations": images.transformation.to_json(), "mode": images.mode}
            _write_json(draft.folder / "transformation.json", attached)
        for name, data in (pixels or {}).items():
            path = draft.folder / "pixels" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        draft.digest = logical_digest(images)
    return ImageDirectory(target)


def read_images(directory: ImageDirectory, *, verify: bool = True) -> Images:
    """Read an image directory.

    Raises:
        InvalidDatasetError: Not an image directory.
        ArtifactError: Damaged, or of a newer format.
    """
    manifest = open_artifact(directory, verify=verify, wrong_type=InvalidDatasetError)
    folder = directory.path
    table = read_parquet(folder / "images.parquet")
    skipped = read_parquet(folder / "skipped.parquet")
    try:
        outside = next((name for name in table["stored"] if leaves(str(name))), None)
        if outside is not None:
            raise ValueError(f"the picture {outside!r} lies outside its folder")
        names = [f.name for f in fields(ImageRecord) if f.name in table or f.name not in _NEAR]
        rows = zip(*(table[name] for name in names), strict=True)
        document = json.loads(read_limited(folder / "classes.json", "artifact_json_bytes"))
        classes = document["classes"]
        attached = None
        if (folder / "transformation.json").is_file():
            attached = json.loads(
                read_limited(folder / "transformation.json", "artifact_json_bytes")
            )
        pixels = manifest.origin["pixels"]
        return Images(
            records=tuple(ImageRecord(*row) for row in rows),
            classes=tuple(classes) if classes is not None else None,
            skipped=tuple(map(Skipped, skipped["file"], skipped["reason"])),
            origin=PixelOrigin(str(pixels["kind"]), str(pixels["path"])),
            intensity=str(document["intensity"]),
            transformation=Transformation.from_json(attached["operations"]) if attached else None,
            mode=attached["mode"] if attached else None,
            notes=tuple(document["notes"]),
            ignored=int(manifest.origin.get("ignored_files", 0)),
            digest=manifest.digest,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"{folder} is damaged: {error}.") from error


def with_records(images: Images, records: Sequence[ImageRecord]) -> Images:
    """The same list with other pictures, and its digest."""
    changed = replace(images, records=tuple(records), digest="")
    return replace(changed, digest=logical_digest(changed))


class PixelSource:
    """Reads the pictures of a list; may be used from several threads. A context manager.

    Args:
        images: The list.
        directory: Its artifact; needed when it holds the pixels itself.

    Raises:
        InvalidDatasetError: The folder or archive is not there any more.
    """

    def __init__(self, images: Images, directory: ImageDirectory | None = None) -> None:
        self._images = images
        self._lock = threading.Lock()
        self._zip: zipfile.ZipFile | None = None
        self._tar: tarfile.TarFile | None = None
        origin = images.origin
        if origin.kind == "self":
            if directory is None:
                raise ValueError("an image directory that holds its pixels is needed")
            self._root = directory.path / "pixels"
        else:
            self._root = Path(origin.path)
        if images.records and not self._root.exists():
            raise InvalidDatasetError(
                f"The pictures were in {self._root} at conversion and are not there now.",
                "Put them back, or convert them again.",
            )
        self._limits = current_limits()
        self._real = os.path.realpath(self._root)
        if origin.kind == "zip":
            self._zip = zipfile.ZipFile(self._root)
        elif origin.kind == "tar":
            self._tar = tarfile.open(self._root, "r:")  # noqa: SIM115 - closed in close()

    def read(self, record: ImageRecord) -> bytes:
        """The encoded bytes of a picture, compared with what they were at conversion.

        Raises:
            InvalidDatasetError: It vanished or changed.
        """
        try:
            data = self._bytes(record.stored, record.bytes + 1)
        except _NOT_TO_BE_HAD as error:
            raise InvalidDatasetError(
                f"{record.file} was readable at conversion and is not now ({error}).",
                "Put it back, or convert the pictures again.",
            ) from error
        if len(data) != record.bytes or sha256_of_bytes(data) != record.digest:
            raise InvalidDatasetError(
                f"{record.file} has changed since conversion.",
                "Restore it, or convert the pictures again.",
            )
        return data

    def decode(self, record: ImageRecord, scale: int = 1) -> Pixels:
        """Upright RGB pixels, uint8 (H, W, 3), both sides divided by ``scale``.

        Raises:
            InvalidDatasetError: It vanished, changed, or cannot be decoded.
        """
        try:
            intensity, limits = self._images.intensity, self._limits
            return decode(self.read(record), intensity=intensity, scale=scale, limits=limits)
        except UnreadableImage as error:
            raise InvalidDatasetError(
                f"{record.file} was found usable at conversion and cannot be decoded now: {error}.",
                "Convert the pictures again with --check full.",
            ) from error

    def close(self) -> None:
        """Close the archive."""
        if self._zip is not None:
            self._zip.close()
        if self._tar is not None:
            self._tar.close()

    def __enter__(self) -> PixelSource:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _bytes(self, stored: str, most: int) -> bytes:
        if self._zip is not None:
            with self._lock:
                return read_member(self._zip, stored, most)
        if self._tar is not None:
            with self._lock:
                member = self._tar.extractfile(stored)
                if member is None:
                    raise KeyError(f"{stored} is no file")
                return member.read(most)
        return read_below(self._real, stored, most)


def _write_json(path: Path, value: object) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8")
