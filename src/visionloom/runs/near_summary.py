"""What the summary says of near duplicates: how many are together, and what crossed the parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from visionloom.artifacts.types import ImageDirectory, Scores
from visionloom.images.directory import Images
from visionloom.images.overlap import Copy, find_overlap
from visionloom.images.sources import TRAINING
from visionloom.inference.scores import ScoreTable, read_scores
from visionloom.metrics.intervals import Figure, share

NOTHING_FOUND: Mapping[str, Any] = {"kept_together": {"pictures": 0, "groups": 0}, "across": {}}


def kept_together(images: Mapping[str, Images]) -> dict[str, int]:
    """Near duplicates that are in one part: ``pictures`` and ``groups``."""
    pictures = groups = 0
    for part in images.values():
        sizes = Counter(record.near for record in part.records if record.near is not None)
        several = [size for size in sizes.values() if size > 1]
        pictures, groups = pictures + sum(several), groups + len(several)
    return {"pictures": pictures, "groups": groups}


def across_parts(
    out: Path, parts: Mapping[str, ImageDirectory], given: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Held-out part -> its copies of training pictures, and the accuracy with and without them.

    Args:
        out: The run's folder, with the scores of each held-out part.
        parts: What the run delivered.
        given: The held-out parts that the user gave; those that were split off hold no copies.
    """
    found = {}
    for name in given:
        copies = find_overlap(parts[TRAINING], parts[name])
        scores = out / ("scores" if name == "validation" else f"{name}-scores")
        found[name] = _judged(copies, read_scores(Scores(scores)))
    return found


def _judged(copies: tuple[Copy, ...], table: ScoreTable) -> dict[str, Any]:
    among = {copy.held_out for copy in copies}
    labels = table.labels or (None,) * len(table.files)
    rows = list(zip(table.files, labels, table.scored_labels, strict=True))
    rest = [(label, scored) for file, label, scored in rows if file not in among]
    everything = _accuracy([(label, scored) for _, label, scored in rows])
    return {
        "pictures": len(copies),
        "exact": sum(copy.exact for copy in copies),
        "copies": [vars(copy) for copy in copies],
        "accuracy": everything.value,
        "accuracy_without": _accuracy(rest).to_json() if rest else None,
        "images_without": len(rest),
    }


def _accuracy(rows: list[tuple[str | None, str]]) -> Figure:
    return share(sum(label == scored for label, scored in rows), len(rows))


def near_lines(near: Mapping[str, Any]) -> list[str]:
    """What ``near_duplicates`` of the summary says, in words; empty when that is nothing."""
    together = near["kept_together"]
    lines = []
    if together["pictures"]:
        lines.append(
            f"{together['pictures']} near duplicates in {together['groups']} groups were kept on "
            "one side."
        )
    lines += [_overlap_line(part, found) for part, found in near["across"].items()]
    return [line for line in lines if line]


def _overlap_line(part: str, found: Mapping[str, Any]) -> str:
    """The copies in one sentence or two; empty when there are none."""
    if not found["pictures"]:
        return ""
    first = found["copies"][0]
    text = (
        f"{found['pictures']} of the {part} pictures are copies or near duplicates of training "
        f"pictures, e.g. {first['held_out']} of {first['training']}; summary.json names all."
    )
    without = found["accuracy_without"]
    if without is None:
        return f"{text} There are no others, so the accuracy says nothing about new pictures."
    return (
        f"{text} Accuracy {found['accuracy']:.1%} with them, {without['value']:.1%} on the other "
        f"{found['images_without']}."
    )
