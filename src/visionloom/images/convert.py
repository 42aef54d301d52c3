"""From a user's path to image directories: every picture decoded once, every other file named."""

from __future__ import annotations

import re
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from visionloom.errors import InvalidDatasetError, UsageError
from visionloom.images import lists
from visionloom.images.classes import class_list, of_part, renamed
from visionloom.images.decode import parse_intensity
from visionloom.images.directory import ImageRecord, Images, logical_digest
from visionloom.images.examine import examine_all
from visionloom.images.near_groups import with_near_groups
from visionloom.images.origin import Skipped
from visionloom.images.sources import Candidate, Listing, find_pictures
from visionloom.images.worker import Finding
from visionloom.settings import Limits
from visionloom.spec.context import Context

CHECKS = ("full", "headers")
_LITTLE_RANGE = 1 / 8


@dataclass(frozen=True)
class Converted:
    """The image lists a source gave.

    Attributes:
        parts: ``training``, ``validation``, ``test`` -> list; the key is empty when the source
            has no parts.
        notes: What the user should be told.
    """

    parts: Mapping[str, Images]
    notes: tuple[str, ...]


def convert(
    source: Path | Sequence[Path],
    context: Context,
    *,
    labelled: str = "auto",
    group_by: str | None = None,
    class_map: Mapping[str, str] | None = None,
    intensity: str = "type",
    check: str = "full",
    part: str | None = None,
    near_duplicates: bool = False,
) -> Converted:
    """List the pictures of a source and examine each in an isolated process.

    Args:
        source: See `find_pictures`.
        context: Progress, log, limits.
        labelled: ``auto``, ``yes`` or ``no``.
        group_by: ``parent`` (the folder a picture lies in), a column of the list, or a regular
            expression on the file name whose first group (or whole match) names the group.
        class_map: Class name -> class name to use instead.
        intensity: ``type``, ``image`` or ``MIN,MAX``.
        check: ``full`` decodes every picture; ``headers`` only reads the headers.
        part: The only part to examine, or None for all; the class list is that of all.
        near_duplicates: Whether near duplicates are looked for within each part, so that a split
            keeps them together; needs ``check`` full.

    Raises:
        InvalidDatasetError: Nothing usable, or class names that collide.
        InvalidZipFileError: An archive that is refused.
        UsageError: There is no such part.
        RunInterrupted: Stopped.
    """
    parse_intensity(intensity)
    limits = context.settings.limits
    listing = find_pictures(source, context.settings, labelled=labelled)
    candidates = renamed(listing.candidates, class_map or {})
    candidates = _grouped(candidates, group_by, source, limits, listing.notes)
    classes = class_list(candidates, listing, class_map or {}, limits)
    if part is not None:
        candidates = of_part(candidates, part, source)
    for note in listing.notes:
        context.log(note)
    full = check == "full"
    if near_duplicates and not full:
        context.log("Near duplicates are not looked for: --check headers decodes no picture.")
    findings = examine_all(
        candidates, listing.origin, intensity, full, context, sketched=near_duplicates and full
    )
    records: list[tuple[str, ImageRecord]] = []
    skipped = list(listing.skipped)
    for candidate, finding in zip(candidates, findings, strict=True):
        if finding.reason:
            skipped.append(Skipped(candidate.file, finding.reason))
        else:
            records.append((candidate.part, _record(len(records), candidate, finding)))
    if not records:
        raise InvalidDatasetError(_nothing_usable(source, listing, skipped), _WHAT_IS_READ)
    notes = [*listing.notes, *_remarks([r for _, r in records], findings, intensity)]
    for note in notes[len(listing.notes) :]:
        context.warn(note)
    whole = Images(
        records=tuple(record for _, record in records),
        classes=classes,
        skipped=tuple(sorted(skipped, key=lambda s: s.file)),
        origin=listing.origin,
        intensity=intensity,
        notes=tuple(notes),
        ignored=listing.ignored,
    )
    parts = _parts(whole, records)
    if near_duplicates and full:
        parts = {name: _with_near(images, findings, context) for name, images in parts.items()}
    told = dict.fromkeys([*notes, *(note for images in parts.values() for note in images.notes)])
    return Converted(parts, tuple(told))


_WHAT_IS_READ = (
    "Read are JPEG, PNG, BMP, GIF, TIFF, WebP and PPM files with their usual extensions."
)


def _grouped(
    candidates: list[Candidate],
    group_by: str | None,
    source: Path | Sequence[Path],
    limits: Limits,
    notes: list[str],
) -> list[Candidate]:
    if group_by is None:
        return candidates
    columns = _columns(source, limits)
    if group_by == "parent":
        grouped = [replace(c, group=str(PurePosixPath(c.file).parent)) for c in candidates]
    elif any(group_by in cells for cells in columns.values()):
        grouped = [replace(c, group=columns[c.file].get(group_by) or None) for c in candidates]
    else:
        grouped = [replace(c, group=g) for c, g in _matched(candidates, group_by)]
    counts = Counter(c.group for c in grouped if c.group is not None)
    if not counts:
        raise UsageError(
            f"--group-by {group_by!r} gives no picture a group.",
            "Give a column of the list, parent, or a regular expression that matches file names.",
        )
    shown = ", ".join(f"{name} ({count})" for name, count in counts.most_common(5))
    alone = sum(c.group is None for c in grouped)
    rest = f"; {alone} pictures have no group and count alone" if alone else ""
    notes.append(f"{len(counts)} groups, largest: {shown}{rest}.")
    return grouped


def _columns(source: Path | Sequence[Path], limits: Limits) -> dict[str, Mapping[str, str]]:
    if not isinstance(source, Path) or not source.is_file():
        return {}
    if source.suffix.lower() not in {".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"}:
        return {}
    return {row.file: row.columns for row in lists.read_list(source, limits)}


def _matched(
    candidates: Sequence[Candidate], expression: str
) -> Iterator[tuple[Candidate, str | None]]:
    try:
        pattern = re.compile(expression)
    except re.error as error:
        raise UsageError(
            f"--group-by {expression!r} is no column, not parent, and no regular expression: "
            f"{error}."
        ) from error
    for candidate in candidates:
        match = pattern.search(PurePosixPath(candidate.file).name)
        yield candidate, (match.group(1 if pattern.groups else 0) if match else None)


def _record(number: int, candidate: Candidate, finding: Finding) -> ImageRecord:
    return ImageRecord(
        id=number,
        file=candidate.file,
        label=candidate.label,
        group=candidate.group,
        width=finding.width,
        height=finding.height,
        bytes=finding.bytes,
        digest=finding.digest,
        pixel_digest=finding.pixel_digest,
        format=finding.format,
        frames=finding.frames,
        stored=candidate.stored,
    )


def _remarks(
    records: Sequence[ImageRecord], findings: Sequence[Finding], intensity: str
) -> list[str]:
    remarks = []
    moving = [record.file for record in records if record.frames > 1]
    if moving:
        remarks.append(
            f"{len(moving)} animations or multi-page files: the first frame is used "
            f"({', '.join(moving[:3])}{', ...' if len(moving) > 3 else ''})."
        )
    peaks = [finding.peak for finding in findings if finding.peak is not None]
    if peaks and intensity == "type" and max(peaks) < _LITTLE_RANGE:
        remarks.append(
            f"The {len(peaks)} 16-bit pictures use at most {max(peaks):.1%} of their range, so "
            "they will look almost black. If they hold 12-bit data, say --intensity 0,4095; "
            "--intensity image stretches each picture by itself."
        )
    return remarks


def _nothing_usable(
    source: Path | Sequence[Path], listing: Listing, skipped: Sequence[Skipped]
) -> str:
    name = source if isinstance(source, Path) else f"the {len(source)} files"
    if not skipped:
        return f"{name} holds no picture ({listing.ignored} other files)."
    first = "; ".join(f"{s.file}: {s.reason}" for s in skipped[:3])
    return f"{name} holds no usable picture: {len(skipped)} were skipped ({first})."


def _parts(whole: Images, records: Sequence[tuple[str, ImageRecord]]) -> dict[str, Images]:
    parts: dict[str, Images] = {}
    for name in dict.fromkeys(part for part, _ in records):
        chosen = tuple(record for part, record in records if part == name)
        images = replace(whole, records=chosen)
        parts[name] = replace(images, digest=logical_digest(images))
    return parts


def _with_near(images: Images, findings: Sequence[Finding], context: Context) -> Images:
    """The list with its near duplicates, and what is to be said of them."""
    context.progress("looking for near duplicates", 0, len(images.records))
    here = {record.pixel_digest for record in images.records}
    sketches = {f.pixel_digest: f.sketch for f in findings if f.pixel_digest in here}
    found = with_near_groups(
        images.records, {digest: b64decode(text) for digest, text in sketches.items()}
    )
    for note in found.notes:
        context.log(note)
    for warning in found.warnings:
        context.warn(warning)
    notes = (*images.notes, *found.notes, *found.warnings)
    changed = replace(images, records=found.records, notes=notes)
    return replace(changed, digest=logical_digest(changed))
