"""Artifacts by the opaque ids that routes are given: objects of the store, and nothing else."""

from __future__ import annotations

from typing import TypeVar

from visionloom.artifacts.manifest import Manifest, read_manifest
from visionloom.artifacts.types import Artifact
from visionloom.errors import ArtifactError, NotThereError
from visionloom.server.desk import Desk
from visionloom.server.models.looking import ArtifactView

A = TypeVar("A", bound=Artifact)


def find_artifact(desk: Desk, artifact: str, kind: type[A]) -> A:
    """An artifact of a type.

    Raises:
        NotThereError: No id, nothing there, or an artifact of another type.
    """
    return find_any(desk, artifact, kind)[0]


def find_any(desk: Desk, artifact: str, *kinds: type[A]) -> tuple[A, Manifest]:
    """An artifact of one of several types, with its manifest; errors as `find_artifact`."""
    manifest = manifest_of(desk, artifact)
    for kind in kinds:
        if kind.type_name == manifest.type:
            return kind(desk.workspace.store.path(artifact)), manifest
    wanted = " or ".join(kind.type_name for kind in kinds)
    raise NotThereError(f"The artifact {artifact[:12]} is of type {manifest.type}, not {wanted}.")


def manifest_of(desk: Desk, artifact: str) -> Manifest:
    """The manifest of an artifact.

    Raises:
        NotThereError: No id, or nothing there.
    """
    try:
        folder = desk.workspace.store.path(artifact)
    except ArtifactError as error:
        raise NotThereError("This is no id of an artifact.") from error
    if folder.is_symlink() or not folder.is_dir():
        raise NotThereError(
            "This result is not here any more: a clean-up removed it, since no run needs it.",
            "Run the pipeline again to have it made anew.",
        )
    return read_manifest(folder)


def artifact_view(desk: Desk, artifact: str) -> ArtifactView:
    """Type, size and origin of an artifact; errors as `manifest_of`."""
    manifest = manifest_of(desk, artifact)
    published = desk.workspace.store.published_at(artifact)
    return ArtifactView(
        id=artifact,
        type=manifest.type,
        bytes=sum(file.bytes for file in manifest.files.values()),
        digest=manifest.digest,
        run=str(manifest.origin.get("run", "")),
        step=str(manifest.origin.get("step", "")),
        created=published or None,
    )
