"""Copies of files whose content is known: shared with the original where the disk can, verified."""

from __future__ import annotations

import errno
import hashlib
import sys
from pathlib import Path

from visionloom.artifacts.digest import sha256_of_file
from visionloom.artifacts.manifest import MANIFEST_NAME, Manifest
from visionloom.errors import ArtifactError

_BLOCK = 1024 * 1024
_FICLONE = 0x40049409
_CANNOT_SHARE = (
    errno.EOPNOTSUPP,
    errno.EXDEV,
    errno.EINVAL,
    errno.ENOTTY,
    errno.ENOSYS,
    errno.EPERM,
)


def copy_artifact(folder: Path, manifest: Manifest, target: Path) -> None:
    """Copy a whole artifact into the empty folder ``target``, the manifest last.

    Raises:
        ArtifactError: A file is missing or is not what the manifest says.
    """
    for name, entry in manifest.files.items():
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        _copy(folder / name, place, entry.sha256)
    _copy(folder / MANIFEST_NAME, target / MANIFEST_NAME, None)


def _copy(source: Path, target: Path, digest: str | None) -> None:
    try:
        found = sha256_of_file(target) if _share(source, target) else _copy_bytes(source, target)
    except FileNotFoundError as error:
        raise ArtifactError(f"{source} is missing: the artifact is not whole.") from error
    if digest is not None and found != digest:
        raise ArtifactError(f"{source} is damaged: its SHA-256 is not the recorded one.")


def _share(source: Path, target: Path) -> bool:
    """Let the copy share the original's blocks until one is written to; False where that fails."""
    if sys.platform != "linux":
        return False
    import fcntl

    with open(source, "rb") as original, open(target, "xb") as copy:
        try:
            fcntl.ioctl(copy.fileno(), _FICLONE, original.fileno())
        except OSError as error:
            if error.errno not in _CANNOT_SHARE:
                raise
            return False
    return True


def _copy_bytes(source: Path, target: Path) -> str:
    digest = hashlib.sha256()
    with open(source, "rb") as original, open(target, "wb") as copy:
        while block := original.read(_BLOCK):
            digest.update(block)
            copy.write(block)
    return digest.hexdigest()
