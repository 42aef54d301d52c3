"""From a user's path to image directories: every picture decoded once, every other file named."""

from __future__ import annotations

import csv
import re
import tarfile
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from queue import SimpleQueue

from visionloom.errors import InvalidDatasetError, RunInterrupted, UsageError
from visionloom.images import lists
from visionloom.images.batches import decode_threads
from visionloom.images.decode import parse_intensity
from visionloom.images.directory import ImageRecord, Images, PixelOrigin, Skipped, logical_digest
from visionloom.images.sources import Candidate, Listing, find_pictures
from visionloom.images.worker import Finding, Worker
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

    Raises:
        InvalidDatasetError: Nothing usable, or class names that collide.
        InvalidZipFileError: An archive that is refused.
        UsageError: There is no such part.
        RunInterrupted: Stopped.
    """
    parse_intensity(intensity)
    limits = context.settings.limits
    listing = find_pictures(source, context.settings, labelled=labelled)
    candidates = _renamed(listing.candidates, class_map or {})
    candidates = _grouped(candidates, group_by, source, limits, listing.notes)
    classes = _classes(candidates, listing, class_map or {}, limits)
    if part is not None:
        candidates = _of_part(candidates, part, source)
    for note in listing.notes:
        context.log(note)
    findings = _examine_all(candidates, listing.origin, intensity, check == "full", context)
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
    return Converted(_parts(whole, records), tuple(notes))


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


_WHAT_IS_READ = (
    "Read are JPEG, PNG, BMP, GIF, TIFF, WebP and PPM files with their usual extensions."
)


def _renamed(candidates: list[Candidate], class_map: Mapping[str, str]) -> list[Candidate]:
    return [
        replace(c, label=class_map.get(c.label, c.label)) if c.label is not None else c
        for c in candidates
    ]


def _of_part(
    candidates: list[Candidate], part: str, source: Path | Sequence[Path]
) -> list[Candidate]:
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


def _classes(
    candidates: Sequence[Candidate], listing: Listing, class_map: Mapping[str, str], limits: Limits
) -> tuple[str, ...] | None:
    """The class list, as given or sorted as plain text; names that collide are an error."""
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
                f"The class name {name[:40]!r}... is longer than the limit class_name_characters "
                f"of {limits.class_name_characters}."
            )
    if len(names) > limits.classes:
        raise InvalidDatasetError(
            f"There are {len(names)} classes, more than the limit classes of {limits.classes}."
        )
    return tuple(names)


def _examine_all(
    candidates: Sequence[Candidate],
    origin: PixelOrigin,
    intensity: str,
    full: bool,
    context: Context,
) -> list[Finding]:
    limits = context.settings.limits
    count = min(decode_threads(), max(1, len(candidates) // 50 + 1))
    workers: SimpleQueue[Worker] = SimpleQueue()
    everyone = [Worker(intensity, full=full, limits=limits) for _ in range(count)]
    for worker in everyone:
        workers.put(worker)

    def examine(candidate: Candidate, data: bytes | Finding | None) -> Finding:
        if isinstance(data, Finding):
            return data
        worker = workers.get()
        try:
            path = Path(origin.path) / candidate.stored if data is None else None
            return worker.examine(path, data)
        finally:
            workers.put(worker)

    findings: list[Finding] = []
    try:
        with ThreadPoolExecutor(count) as pool:
            window: list[tuple[Candidate, bytes | Finding | None]] = []
            for item in _with_bytes(candidates, origin, limits):
                window.append(item)
                if len(window) == 64 or len(findings) + len(window) == len(candidates):
                    findings += pool.map(lambda pair: examine(*pair), window)
                    window = []
                    context.progress("reading pictures", len(findings), len(candidates))
                    if context.stop.is_set():
                        raise RunInterrupted("Stopped while reading pictures.")
    finally:
        for worker in everyone:
            worker.close()
    return findings


def _with_bytes(
    candidates: Sequence[Candidate], origin: PixelOrigin, limits: Limits
) -> Iterator[tuple[Candidate, bytes | Finding | None]]:
    """Each candidate with its bytes, or why there are none, from an archive; else with None."""
    if origin.kind == "zip":
        with zipfile.ZipFile(origin.path) as archive:
            for candidate in candidates:
                yield candidate, _read_member(archive, candidate.stored, limits)
    elif origin.kind == "tar":
        with tarfile.open(origin.path, "r:") as bundle:
            for candidate in candidates:
                entry = bundle.extractfile(candidate.stored)
                yield candidate, entry.read(limits.image_bytes + 1) if entry else b""
    else:
        for candidate in candidates:
            yield candidate, None


def _read_member(archive: zipfile.ZipFile, name: str, limits: Limits) -> bytes | Finding:
    try:
        with archive.open(name) as member:
            return member.read(limits.image_bytes + 1)
    except NotImplementedError:
        return Finding("it is packed in a way that is not read: pack the archive again")
    except Exception as error:  # noqa: BLE001 - every decompressor has errors of its own
        return Finding(f"its data in the archive is damaged ({error})")


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
