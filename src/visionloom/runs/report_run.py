"""Gather what a run's page shows, and write it."""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from visionloom.artifacts.atomic import write_file
from visionloom.artifacts.types import ImageDirectory, ImageTransformation
from visionloom.errors import InvalidDatasetError, UsageError, VisionloomError
from visionloom.images.directory import PixelSource, class_counts, read_images
from visionloom.images.transforms import read_transformation
from visionloom.inference.report import WORST_SHOWN, Part, ReportData, render_report
from visionloom.runs.near_summary import NOTHING_FOUND, near_lines
from visionloom.runs.summary import evaluation_folder, part_directories
from visionloom.runs.train_request import TrainRequest, read_request

_THUMBNAIL = 192
_REMARKS = {
    "validation": "These pictures were not trained on, but they chose the best epoch.",
    "test": "These pictures were used for no choice: the honest figure.",
}


def rewrite_report(out: Path) -> Path:
    """Write the page of a finished run again.

    Raises:
        UsageError: No run, or one that is not finished.
    """
    read_request(out)
    path = out / "summary.json"
    if not path.is_file():
        raise UsageError(f"{out} is not finished.", "Go on with --resume, or end it with --finish.")
    return write_report(out, json.loads(path.read_text(encoding="utf-8")))


def write_report(out: Path, summary: Mapping[str, Any]) -> Path:
    """Write ``report.html`` into the run's folder."""
    request = read_request(out)
    lines = (out / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    directories = part_directories(out)
    images = {name: read_images(d, verify=False) for name, d in directories.items()}
    transformation = read_transformation(ImageTransformation(out / "work" / "transformation"))
    skipped = {(s.file, s.reason) for part in images.values() for s in part.skipped}
    notes = dict.fromkeys(note for part in images.values() for note in part.notes)
    # summaries that were written before there was such a thing have none
    notes |= dict.fromkeys(near_lines(summary.get("near_duplicates") or NOTHING_FOUND))
    data = ReportData(
        title=f"{Path(request.photos).name}, {summary['model']}",
        summary=summary,
        epochs=[json.loads(line) for line in lines],
        parts=[
            _part(out, name, directories[name])
            for name in ("validation", "test")
            if name in directories
        ],
        counts={name: class_counts(part) for name, part in images.items()},
        skipped=sorted(skipped),
        notes=tuple(notes),
        transformation=(transformation.describe(), transformation.for_inference().describe()),
        command=command(request, out),
    )
    path = out / "report.html"
    write_file(path, render_report(data).encode("utf-8", "backslashreplace"))
    return path


def command(request: TrainRequest, out: Path) -> str:
    """The command that does the run again."""
    words = ["visionloom", "train", request.photos, "--out", str(out)]
    plain = TrainRequest(request.photos)
    for name, value in vars(request).items():
        if name in {"photos", "training"} or value == getattr(plain, name):
            continue
        option = {"start_from": "from"}.get(name, name.replace("_", "-"))
        words += [f"--no-{option}"] if value is False else [f"--{option}", str(value)]
    for name, value in request.training.items():
        option = name.replace("_", "-")
        if name == "cache":
            words += [] if value else ["--no-cache"]
        elif value is not None and (name, value) != ("preset", "standard"):
            words += [f"--{option}", str(value)]
    return shlex.join(words)


def _part(out: Path, name: str, directory: ImageDirectory) -> Part:
    text = (evaluation_folder(out, name) / "evaluation.json").read_text(encoding="utf-8")
    figures = json.loads(text)["scores"]
    worst = [mistake["file"] for mistake in figures["mistakes"][:WORST_SHOWN]]
    return Part(name.capitalize(), _REMARKS[name], figures, _thumbnails(directory, worst))


def _thumbnails(directory: ImageDirectory, files: Sequence[str]) -> dict[str, bytes]:
    """Small JPEGs of pictures; one that cannot be read any more is left out."""
    images = read_images(directory, verify=False)
    records = {record.file: record for record in images.records}
    found: dict[str, bytes] = {}
    try:
        with PixelSource(images, directory) as source:
            for file in files:
                try:
                    picture = Image.fromarray(source.decode(records[file]))
                except VisionloomError:
                    continue
                picture.thumbnail((_THUMBNAIL, _THUMBNAIL))
                if max(picture.size) < _THUMBNAIL // 2:
                    factor = _THUMBNAIL // 2 // max(picture.size) + 1
                    size = (picture.width * factor, picture.height * factor)
                    picture = picture.resize(size, Image.Resampling.NEAREST)
                buffer = io.BytesIO()
                picture.save(buffer, "JPEG", quality=85)
                found[file] = buffer.getvalue()
    except InvalidDatasetError:
        return found
    return found
