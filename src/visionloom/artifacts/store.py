"""Write an artifact whole, open it verified."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visionloom.artifacts.atomic import new_folder, write_file
from visionloom.artifacts.manifest import (
    MANIFEST_NAME,
    Manifest,
    describe_files,
    read_manifest,
    verify_files,
)
from visionloom.artifacts.types import Artifact
from visionloom.errors import ArtifactError


@dataclass
class Draft:
    """An artifact being written.

    Attributes:
        folder: Scratch folder; write the artifact's files here.
        digest: SHA-256 of the logical content; must be set before the block ends.
        origin: Where it comes from; add to it as facts become known.
    """

    folder: Path
    digest: str = ""
    origin: dict[str, Any] = field(default_factory=dict)


@contextlib.contextmanager
def new_artifact(
    kind: type[Artifact],
    target: Path,
    *,
    origin: Mapping[str, Any] | None = None,
    replace: bool = False,
) -> Iterator[Draft]:
    """Write an artifact of ``kind`` to ``target``: whole when the block ends, else not at all.

    Raises:
        OutputExistsError: ``target`` exists and ``replace`` is false.
        ModuleOutOfMemoryError, FailedToWriteOutputsError: see `visionloom.artifacts.atomic`.
    """
    with new_folder(target, replace=replace) as folder:
        draft = Draft(folder, origin=dict(origin or {}))
        yield draft
        if not draft.digest:
            raise ValueError("the logical digest of the artifact was not set")
        manifest = Manifest(
            type=kind.type_name,
            format_version=kind.format_version,
            digest=draft.digest,
            origin=draft.origin,
            files=describe_files(folder),
        )
        write_file(folder / MANIFEST_NAME, manifest.to_json())


def add_origin(folder: Path, facts: Mapping[str, Any]) -> None:
    """Add facts about where an artifact comes from to its manifest; its identity stays.

    Raises:
        ArtifactError: The folder is no artifact.
    """
    manifest = read_manifest(folder)
    origin = {**manifest.origin, **facts}
    write_file(folder / MANIFEST_NAME, dataclasses.replace(manifest, origin=origin).to_json())


def open_artifact(
    artifact: Artifact,
    *,
    verify: bool = True,
    wrong_type: type[ArtifactError] | type[Exception] = ArtifactError,
) -> Manifest:
    """Check that the folder is a whole artifact of the expected type and return its manifest.

    Args:
        artifact: The typed reference.
        verify: Whether every file is read and compared with its digest.
        wrong_type: The error to raise for a folder that is no artifact of this type.

    Raises:
        ArtifactError: Missing, damaged, or a newer format; ``wrong_type`` for another type.
    """
    expected = type(artifact)
    try:
        manifest = read_manifest(artifact.path)
    except ArtifactError as error:
        raise wrong_type(error.message, error.remedy) from error
    if manifest.type != expected.type_name:
        raise wrong_type(
            f"{artifact.path} is of type {manifest.type}; {expected.type_name} is needed here."
        )
    if manifest.format_version > expected.format_version:
        raise ArtifactError(
            f"{artifact.path} has format version {manifest.format_version} of "
            f"{expected.type_name}; this program reads up to {expected.format_version}.",
            "Update Visionloom to open it.",
        )
    if verify:
        verify_files(artifact.path, manifest)
    return manifest


def is_artifact(folder: Path) -> bool:
    """Whether the folder carries a manifest."""
    return (folder / MANIFEST_NAME).is_file()
