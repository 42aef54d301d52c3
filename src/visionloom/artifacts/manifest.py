"""``visionloom.json``: type, format version, logical digest, origin, size and digest of every file.

Written last inside the scratch folder, so a folder with a manifest is a whole artifact.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from visionloom.artifacts.digest import sha256_of_file
from visionloom.errors import ArtifactError
from visionloom.limits import current_limits

MANIFEST_NAME = "visionloom.json"


@dataclass(frozen=True)
class FileEntry:
    """Size in bytes and hexadecimal SHA-256 of one file of an artifact."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What ``visionloom.json`` holds.

    Attributes:
        type: Type name of the artifact, e.g. ``ImageDirectory``.
        format_version: Version of the folder's layout, from 1.
        digest: SHA-256 of the logical content; equal content has an equal digest.
        origin: Where it came from (paths, component, parameters); not part of the identity.
        files: Relative POSIX path -> size and digest, without the manifest itself.
    """

    type: str
    format_version: int
    digest: str
    origin: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, FileEntry] = field(default_factory=dict)

    @property
    def refers_to(self) -> tuple[str, ...]:
        """Paths outside the artifact that it needs, such as the folder with the pictures."""
        paths = self.origin.get("refers_to")
        return tuple(map(str, paths)) if isinstance(paths, list) else ()

    def to_json(self) -> bytes:
        """The file's bytes: indented UTF-8 JSON."""
        value = {
            "type": self.type,
            "format_version": self.format_version,
            "digest": self.digest,
            "origin": dict(self.origin),
            "files": {n: {"bytes": f.bytes, "sha256": f.sha256} for n, f in self.files.items()},
        }
        return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def describe_files(folder: Path) -> dict[str, FileEntry]:
    """Size and digest of every file below ``folder``, sorted by path, without the manifest."""
    entries: dict[str, FileEntry] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if name != MANIFEST_NAME:
            entries[name] = FileEntry(path.stat().st_size, sha256_of_file(path))
    return entries


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of the artifact at ``folder`` without looking at its files.

    Raises:
        ArtifactError: No such folder, no manifest, or a manifest that cannot be read.
    """
    path = folder / MANIFEST_NAME
    if not folder.exists():
        raise ArtifactError(f"{folder} does not exist.")
    if not path.is_file():
        raise ArtifactError(
            f"{folder} is not a Visionloom artifact: it has no {MANIFEST_NAME}.",
            "Name a folder that a Visionloom component wrote.",
        )
    try:
        value = json.loads(read_limited(path, "artifact_manifest_bytes"))
        files = {
            _safe_name(name): FileEntry(int(entry["bytes"]), str(entry["sha256"]))
            for name, entry in value["files"].items()
        }
        return Manifest(
            type=str(value["type"]),
            format_version=int(value["format_version"]),
            digest=str(value["digest"]),
            origin=dict(value["origin"]),
            files=files,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ArtifactError(f"{path} is damaged: {error}.") from error


def read_limited(path: Path, name: str) -> bytes:
    """The bytes of a JSON file of an artifact, no more than the limit of that name allows.

    Raises:
        ArtifactError: It is missing, larger, or cannot be read.
    """
    limits = current_limits()
    most = int(getattr(limits, name))
    try:
        with open(path, "rb") as stream:
            data = stream.read(most + 1)
    except FileNotFoundError as error:
        raise ArtifactError(f"{path} is missing: the artifact is not whole.") from error
    except OSError as error:
        raise ArtifactError(f"{path} is damaged: {error}.") from error
    if len(data) > most:
        raise ArtifactError(f"{path} has more bytes than {limits.named(name)}.")
    return data


def verify_files(folder: Path, manifest: Manifest, names: Iterable[str] | None = None) -> None:
    """Compare files with the manifest: all of them, or only ``names``.

    Raises:
        ArtifactError: A file is missing, has another size, or other bytes; which one.
    """
    for name in manifest.files if names is None else names:
        entry = manifest.files.get(name)
        path = folder / name
        if entry is None or not path.is_file():
            raise ArtifactError(f"{path} is missing: the artifact is not whole.")
        size = path.stat().st_size
        if size != entry.bytes:
            raise ArtifactError(f"{path} is damaged: {size} bytes instead of {entry.bytes}.")
        if sha256_of_file(path) != entry.sha256:
            raise ArtifactError(f"{path} is damaged: its SHA-256 is not the recorded one.")


def _safe_name(name: str) -> str:
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise ValueError(f"file name {name!r} leaves the artifact")
    return name
