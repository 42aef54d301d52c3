"""Labels of a source before any picture is read: renamed, of one part, as a list of classes."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from visionloom.errors import InvalidDatasetError, NotLabeledDatasetError, UsageError
from visionloom.images.sources import Candidate, Listing
from visionloom.settings import Limits


def parse_class_map(text: str) -> dict[str, str]:
    """Read ``old=new,old2=new2``, or a CSV file with the columns old and new.

    Raises:
        UsageError: Another text.
    """
    if text.lower().endswith(".csv") and Path(text).is_file():
        with open(text, encoding="utf-8-sig", newline="") as stream:
            rows = [row for row in csv.reader(stream) if row]
        pairs = [row for row in rows if [cell.strip().lower() for cell in row] != ["old", "new"]]
    else:
        pairs = [part.split("=") for part in text.split(",") if part.strip()]
    if any(len(pair) != 2 or not pair[0].strip() or not pair[1].strip() for pair in pairs):
        raise UsageError(
            f"The class map {text!r} is not understood.",
            "Write old=new,old2=new2, or name a CSV file with the columns old and new.",
        )
    return {old.strip(): new.strip() for old, new in pairs}


def renamed(candidates: list[Candidate], class_map: Mapping[str, str]) -> list[Candidate]:
    """The files with the class names a class map gives them."""
    if not class_map:
        return candidates
    return [
        replace(c, label=class_map.get(c.label, c.label)) if c.label is not None else c
        for c in candidates
    ]


def of_part(
    candidates: list[Candidate], part: str, source: Path | Sequence[Path]
) -> list[Candidate]:
    """The files of one part of a divided source.

    Raises:
        UsageError: There is no such part.
    """
    chosen = [c for c in candidates if c.part == part]
    parts = dict.fromkeys(c.part for c in candidates)
    if not chosen and parts:
        divided = "" not in parts
        has = ", ".join(parts) if divided else "no parts"
        raise UsageError(
            f"{source} has {has}; the part asked for is {part or 'none'!r}.",
            "Set Part to one of them." if divided else "Leave Part empty.",
        )
    return chosen


def class_list(
    candidates: Sequence[Candidate], listing: Listing, class_map: Mapping[str, str], limits: Limits
) -> tuple[str, ...] | None:
    """The class list, as given or sorted as plain text; None when there are no labels.

    Raises:
        InvalidDatasetError: Names that collide, are too long or too many.
    """
    if not listing.labelled:
        return None
    if listing.classes is not None:
        names = list(dict.fromkeys(class_map.get(name, name) for name in listing.classes))
    else:
        names = sorted({c.label for c in candidates if c.label is not None})
    seen: dict[str, str] = {}
    for name in names:
        plain = unicodedata.normalize("NFC", name).casefold().strip()
        other = seen.setdefault(plain, name)
        if other != name:
            raise InvalidDatasetError(
                f"The class names {other!r} and {name!r} differ only in case, accents' form or "
                "blanks.",
                f"If they are one class, add --class-map {name!r}={other!r}.",
            )
        if len(name) > limits.class_name_characters:
            raise InvalidDatasetError(
                f"The class name {name[:40]!r}... is longer than "
                f"{limits.named('class_name_characters')}."
            )
    if len(names) > limits.classes:
        raise InvalidDatasetError(
            f"There are {len(names)} classes, more than {limits.named('classes')}."
        )
    return tuple(names)


def common_classes(
    training: Sequence[str] | None, validation: Sequence[str] | None
) -> tuple[str, ...]:
    """The classes of training images, which validation images must have too.

    Raises:
        NotLabeledDatasetError: One of them has no labels.
        InvalidDatasetError: Fewer than two classes, or different ones.
    """
    for name, classes in (("training", training), ("validation", validation)):
        if classes is None:
            raise NotLabeledDatasetError(
                f"The {name} images have no labels.",
                "Put the pictures of each class in a folder of that name, or give a list of "
                "images with a label column.",
            )
    ours, theirs = tuple(training or ()), tuple(validation or ())
    if len(ours) < 2:
        raise InvalidDatasetError(
            f"The training images have one class, {', '.join(ours)}; two or more are needed."
        )
    if set(ours) != set(theirs):
        only_ours = sorted(set(ours) - set(theirs))
        only_theirs = sorted(set(theirs) - set(ours))
        parts = []
        if only_ours:
            parts.append(f"only the training images have {', '.join(only_ours)}")
        if only_theirs:
            parts.append(f"only the validation images have {', '.join(only_theirs)}")
        raise InvalidDatasetError(
            f"The classes of the training and validation images differ: {'; '.join(parts)}.",
            "Give both the same classes, or let Visionloom split one set.",
        )
    return ours
