"""The chain behind `visionloom score`: convert, take labels if they are the model's, score."""

from __future__ import annotations

import glob
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from visionloom.artifacts.atomic import remove_tree
from visionloom.artifacts.store import open_artifact
from visionloom.artifacts.tables import read_parquet
from visionloom.artifacts.types import ImageDirectory, Scores, TrainedModel
from visionloom.errors import ArtifactError, InvalidDatasetError, OutputExistsError, UsageError
from visionloom.images.convert import convert
from visionloom.images.directory import Images, skipped_line, write_images
from visionloom.images.sources import Listing, find_pictures
from visionloom.inference.predictor import classes_of, intensity_of
from visionloom.runs.places import refuse_among_pictures, user_path
from visionloom.runs.recorded import recorded
from visionloom.runs.steps import Steps
from visionloom.spec.context import Context
from visionloom.spec.ports import Value

_LABELS_SHOWN = 5
_WILD = "*?["


@dataclass(frozen=True)
class Scored:
    """What was scored.

    Attributes:
        scores: The artifact.
        scored, skipped: Numbers of pictures.
        labelled: Whether labels were taken, so that the scores can be evaluated.
    """

    scores: Path
    scored: int
    skipped: int
    labelled: bool


def score_photos(
    steps: Steps,
    model: Path,
    photos: Sequence[str | Path],
    out: Path,
    parameters: Mapping[str, Value],
    *,
    overwrite: bool = False,
) -> Scored:
    """Score photos into ``out``.

    Args:
        steps: Runs the components.
        model: A trained model's folder, or the folder of a training run.
        photos: One folder, archive or list; or pictures; patterns (``*.jpg``) are expanded.
        out: The scores' folder to appear.
        parameters: Of Score Image Model.
        overwrite: Whether scores at ``out`` are replaced.

    Raises:
        OutputExistsError: ``out`` exists and is not to be replaced.
        UsageError: ``out`` is to be replaced and holds no scores, or lies among the pictures.
        VisionloomError: Whatever the components raise.
    """
    _check_target(out, overwrite=overwrite)
    refuse_among_pictures(out, photos)
    trained = TrainedModel(model / "model" if (model / "model" / "model.json").is_file() else model)
    known = classes_of(trained)
    source = expanded(photos)
    fresh = out.with_name(f".{out.name}.new-{os.getpid()}") if out.exists() else out
    said = {"model": str(trained.path), "photos": [str(photo) for photo in photos], **parameters}
    with (
        tempfile.TemporaryDirectory(prefix="visionloom-") as temporary,
        recorded(steps, "score", f"Score {Path(photos[0]).name}", "Score Image Model", said),
    ):
        intensity = intensity_of(trained)
        images = _converted(steps, source, known, intensity, Path(temporary))
        steps.run(
            "Score Image Model",
            {"trained_model": trained, "dataset": images},
            parameters,
            {"scored_dataset": fresh},
        )
    if fresh != out:
        remove_tree(out)
        os.replace(fresh, out)
    table = read_parquet(out / "scores.parquet")
    skipped = read_parquet(out / "skipped.parquet")
    return Scored(out, len(table["file"]), len(skipped["file"]), "label" in table)


def expanded(photos: Sequence[str | Path]) -> Path | tuple[Path, ...]:
    """One source, or several pictures; a pattern that the shell left alone is expanded.

    Raises:
        InvalidDatasetError: A pattern matches nothing.
        UsageError: Several sources, one of which is no picture file.
    """
    paths: list[Path] = []
    for given in photos:
        path = user_path(given)
        if path.exists() or not any(sign in str(given) for sign in _WILD):
            paths.append(path)
            continue
        matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - may be absolute
        if not matches:
            raise InvalidDatasetError(f"No file matches {given}.", "Check the pattern.")
        paths += map(Path, matches)
    if len(paths) == 1:
        return paths[0]
    for path in paths:
        if path.is_dir():
            raise UsageError(
                f"Several sources were given, and {path} is a folder.",
                "Give one folder, archive or list, or any number of pictures.",
            )
    return tuple(paths)


def _check_target(out: Path, *, overwrite: bool) -> None:
    if not out.exists():
        return
    if not overwrite:
        raise OutputExistsError(
            f"{out} exists already.", "Choose another --out, or add --overwrite."
        )
    try:
        open_artifact(Scores(out), verify=False)
    except ArtifactError as error:
        raise UsageError(
            f"{out} holds no scores of Visionloom, so it is not overwritten.",
            "Remove it yourself or choose another --out.",
        ) from error


def _converted(
    steps: Steps,
    source: Path | tuple[Path, ...],
    known: Sequence[str],
    intensity: str,
    folder: Path,
) -> ImageDirectory:
    """Convert the pictures as the model saw its own, with labels when they are its classes."""
    listing = find_pictures(source, steps.workspace.settings, labelled="auto")
    labelled = "auto"
    if not listing.labelled:
        labelled = "no"
        if _in_one_class_folder(listing, known):
            labelled = "yes"
            listing = find_pictures(source, steps.workspace.settings, labelled="yes")
    if labelled != "no":
        labelled = _say_labels(steps, listing, known, labelled)
    context = Context({}, folder, steps.workspace.settings, steps.listener, steps.stop)
    converted = convert(source, context, labelled=labelled, intensity=intensity)
    images = _joined(converted.parts)
    if images.skipped:
        steps.warn(skipped_line(images.skipped, "skipped.csv"))
    return write_images(images, folder / "images")


def _in_one_class_folder(listing: Listing, known: Sequence[str]) -> bool:
    tops = {candidate.file.partition("/")[0] for candidate in listing.candidates}
    return (
        len(tops) == 1
        and tops <= set(known)
        and all("/" in candidate.file for candidate in listing.candidates)
    )


def _say_labels(steps: Steps, listing: Listing, known: Sequence[str], labelled: str) -> str:
    found = {str(candidate.label) for candidate in listing.candidates}
    strange = sorted(found - set(known))
    if not strange:
        steps.log("The pictures carry the model's class names: they are taken as labels.")
        return labelled
    shown = ", ".join(strange[:_LABELS_SHOWN]) + (", ..." if len(strange) > _LABELS_SHOWN else "")
    steps.warn(
        f"The pictures count as unlabelled: {shown} {'is' if len(strange) == 1 else 'are'} not "
        "among the model's classes."
    )
    return "no"


def _joined(parts: Mapping[str, Images]) -> Images:
    """All parts of a divided set as one list."""
    lists = list(parts.values())
    records = sorted((r for images in lists for r in images.records), key=lambda r: r.file)
    numbered = tuple(replace(record, id=number) for number, record in enumerate(records))
    return replace(lists[0], records=numbered, digest="")
