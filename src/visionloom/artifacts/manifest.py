"""``visionloom.json``: type, format version, logical digest, origin, size and digest of every file.

Written last inside the scratch folder, so a folder with a manifest is a whole artifact. Its last
entry is the SHA-256 of the manifest itself, with zeros in its place, so that it vouches for itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from visionloom.artifacts.digest import sha256_of_bytes, sha256_of_file
from visionloom.errors import ArtifactError
from visionloom.limits import current_limits

MANIFEST_NAME = "visionloom.json"
_OWN_DIGEST = "sha256"
_KEYS = {"type", "format_version", "digest", "origin", "files", _OWN_DIGEST}
_ZEROS = "0" * 64
_END = b'"\n}\n'


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
        value[_OWN_DIGEST] = _ZEROS
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        return _with_digest(text.encode(), sha256_of_bytes(text.encode()))


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
        value = _checked(read_limited(path, "artifact_manifest_bytes"))
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


def _checked(data: bytes) -> dict[str, Any]:
    """The manifest's value; those of earlier versions do not vouch for themselves.

    Raises:
        ValueError: It is not what was written.
    """
    value = json.loads(data)
    if not value.keys() <= _KEYS:
        raise ValueError(f"{min(value.keys() - _KEYS)!r} is no part of it")
    if _OWN_DIGEST in value:
        digest = sha256_of_bytes(_with_digest(data, _ZEROS))
        if digest != value[_OWN_DIGEST] or not data.endswith(digest.encode() + _END):
            raise ValueError("its SHA-256 is not the one it names")
    return dict(value)


def _with_digest(data: bytes, digest: str) -> bytes:
    """The manifest with another digest of itself, which stands at its end."""
    return data[: -len(_ZEROS) - len(_END)] + digest.encode() + _END


def read_limited(path: Path, name: str) -> bytes:
    """The bytes of a JSON file of an artifact, no more than the limit of that name allows.

    Raises:
        ArtifactError: It is missing, larger, or cannot be read.
    """
    limits = current_limits()
    most = int(getattr(limits, name))
    try:
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except FileNotFoundError as error:
        raise ArtifactError(f"{path} is missing: the artifact is not whole.") from error
    except OSError as error:
        raise _unreadable(path, error) from error
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
        try:
            digest = sha256_of_file(path)
        except OSError as error:
            raise _unreadable(path, error) from error
        if digest != entry.sha256:
            raise ArtifactError(f"{path} is damaged: its SHA-256 is not the recorded one.")


def _unreadable(path: Path, error: OSError) -> ArtifactError:
    return ArtifactError(f"{path} cannot be read: {error.strerror or error}.")


def _safe_name(name: str) -> str:
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise ValueError(f"file name {name!r} leaves the artifact")
    return name
