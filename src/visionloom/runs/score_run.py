"""The chain behind `visionloom score`: convert, take labels if they are the model's, score."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from visionloom.artifacts.atomic import new_folder, remove_tree
from visionloom.artifacts.store import is_artifact
from visionloom.artifacts.tables import read_parquet
from visionloom.artifacts.types import ImageDirectory, TrainedModel
from visionloom.errors import OutputExistsError, UsageError
from visionloom.images.convert import convert
from visionloom.images.directory import write_images
from visionloom.images.sources import find_pictures
from visionloom.inference.predictor import classes_of
from visionloom.spec.context import Context, Listener, Log
from visionloom.spec.ports import Value
from visionloom.workspace import Workspace


def score_photos(
    workspace: Workspace,
    model: Path,
    photos: Sequence[Path],
    out: Path,
    parameters: Mapping[str, Value],
    *,
    overwrite: bool,
    listener: Listener,
    stop: threading.Event,
) -> dict[str, Any]:
    """Score photos into ``out``; returns the counts.

    Raises:
        OutputExistsError: ``out`` exists and is not to be replaced.
        VisionloomError: Whatever the components raise.
    """
    if out.exists():
        if not overwrite:
            raise OutputExistsError(
                f"{out} exists already.", "Choose another --out, or add --overwrite."
            )
        if not is_artifact(out):
            raise UsageError(
                f"{out} holds no scores of Visionloom, so it is not overwritten.",
                "Remove it yourself or choose another --out.",
            )
    known = classes_of(TrainedModel(model))
    source = photos[0] if len(photos) == 1 else tuple(photos)
    labelled = _labelled(source, workspace, known, listener)
    with tempfile.TemporaryDirectory(prefix="visionloom-") as temporary:
        images = _converted(workspace, source, labelled, Path(temporary), listener, stop)
        fresh = Path(temporary) / "scores"
        workspace.run(
            "Score Image Model",
            inputs={"trained_model": model, "dataset": images},
            parameters=parameters,
            outputs={"scored_dataset": fresh if overwrite else out},
            listener=listener,
            stop=stop,
        )
        if overwrite:
            remove_tree(out)
            _copy(fresh, out)
    table = read_parquet(out / "scores.parquet")
    skipped = read_parquet(out / "skipped.parquet")
    return {
        "scores": str(out),
        "scored": len(table["file"]),
        "skipped": len(skipped["file"]),
        "labelled": "label" in table,
    }


def _labelled(
    source: Path | Sequence[Path], workspace: Workspace, known: Sequence[str], listener: Listener
) -> str:
    """``auto`` when every label found is a class of the model, else ``no``; said."""
    listing = find_pictures(source, workspace.settings)
    found = {candidate.label for candidate in listing.candidates}
    if not listing.labelled:
        return "no"
    if found <= set(known):
        listener(Log("The sub-folders carry the model's class names: they are taken as labels."))
        return "auto"
    listener(Log("The sub-folders are not the model's classes: the pictures count as unlabelled."))
    return "no"


def _converted(
    workspace: Workspace,
    source: Path | Sequence[Path],
    labelled: str,
    folder: Path,
    listener: Listener,
    stop: threading.Event,
) -> ImageDirectory:
    context = Context({}, folder, workspace.settings, listener, stop)
    converted = convert(source, context, labelled=labelled)
    parts = list(converted.parts.values())
    if len(parts) > 1:
        whole = convert(source, context, labelled="no")
        parts = list(whole.parts.values())
    return write_images(parts[0], folder / "images")


def _copy(source: Path, target: Path) -> None:
    with new_folder(target) as scratch:
        shutil.copytree(source, scratch, dirs_exist_ok=True)
