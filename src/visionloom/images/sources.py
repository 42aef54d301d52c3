"""What a user's path is: which pictures it names, with which labels, groups and parts.

Nothing is decoded here and nothing is written in the user's folder. The same rules serve a folder
and an archive.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from visionloom.errors import InvalidDatasetError
from visionloom.images import lists, original_format
from visionloom.images.archives import open_archive
from visionloom.images.formats import (
    MANIFEST_EXTENSIONS,
    archive_extension,
    is_hidden,
    is_picture_name,
    reason_not_read,
)
from visionloom.images.origin import PixelOrigin, Skipped
from visionloom.settings import Settings
from visionloom.spec.names import is_text

TRAINING, VALIDATION, TEST = "training", "validation", "test"

_PART_NAMES = {
    "train": TRAINING,
    "training": TRAINING,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
    "testing": TEST,
}
_NOT_UTF8 = "its name is not UTF-8: rename it"


@dataclass(frozen=True)
class Candidate:
    """A file that may be a picture.

    Attributes:
        stored: Path below the origin, or the archive member's name.
        file: The path the user is shown.
        label, group: Names, or None.
        part: ``training``, ``validation``, ``test``, or empty when there are no parts.
    """

    stored: str
    file: str
    label: str | None = None
    group: str | None = None
    part: str = ""


@dataclass
class Listing:
    """What was found below a path.

    Attributes:
        origin: Where the bytes are.
        candidates: Files that may be pictures, sorted by ``file`` as plain text.
        labelled: Whether they have labels.
        classes: The class list if it is given by the source, e.g. the original's; else None.
        skipped: Files left out, with reasons.
        ignored: Files that are no pictures or hidden.
        notes: What the user should be told.
    """

    origin: PixelOrigin
    candidates: list[Candidate]
    labelled: bool
    classes: tuple[str, ...] | None = None
    skipped: list[Skipped] = field(default_factory=list)
    ignored: int = 0
    notes: list[str] = field(default_factory=list)


def find_pictures(
    source: Path | Sequence[Path], settings: Settings, *, labelled: str = "auto"
) -> Listing:
    """Find out what ``source`` is and list its pictures.

    Args:
        source: A folder, picture, archive, list of images (CSV, JSON Lines, Parquet), a folder
            the original wrote, or several pictures.
        settings: Cache folder and limits.
        labelled: ``auto`` takes sub-folders as classes when there are two or more; ``yes``
            insists; ``no`` takes every picture as unlabelled.

    Raises:
        InvalidDatasetError: Nothing there, or not usable.
        InvalidZipFileError: An archive that is refused.
    """
    if not isinstance(source, Path):
        return _several(list(source))
    _check_path(source)
    if source.is_dir():
        if original_format.is_original(source):
            return _from_original(source)
        return _folder(source, labelled)
    if archive_extension(source.name) is not None:
        return _archive(source, settings, labelled)
    if source.suffix.lower() in MANIFEST_EXTENSIONS:
        return _list_of_images(source, settings, labelled)
    if is_picture_name(source.name):
        return _several([source])
    raise InvalidDatasetError(
        f"{source} is no folder, picture, archive or list of images.",
        "Give a folder of pictures, a .zip or .tar, or a .csv, .jsonl or .parquet list.",
    )


def _check_path(source: Path) -> None:
    if not is_text(str(source)):
        raise InvalidDatasetError(f"The path {_shown(str(source))} is not UTF-8.", "Rename it.")
    try:
        source.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InvalidDatasetError(f"{source} does not exist.", "Check the path.") from error
    except OSError as error:
        raise InvalidDatasetError(f"{source} cannot be read: {error.strerror}.") from error


def _shown(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _folder(root: Path, labelled: str) -> Listing:
    names, skipped = _walk(root)
    listing = _arrange(names, PixelOrigin("folder", str(root.absolute())), labelled)
    listing.skipped += skipped
    if not listing.candidates:
        archives = [n for n in names if "/" not in n and archive_extension(n)]
        if archives:
            raise InvalidDatasetError(
                f"{root} holds no picture, but archives: {', '.join(sorted(archives)[:5])}.",
                "Give the archive itself.",
            )
    return listing


def _archive(path: Path, settings: Settings, labelled: str) -> Listing:
    opened = open_archive(path, settings)
    names = [member.name for member in opened.members]
    return _arrange(names, PixelOrigin(opened.kind, str(opened.path.absolute())), labelled)


def _several(paths: list[Path]) -> Listing:
    missing = [str(path) for path in paths if not path.is_file()]
    if missing or not paths:
        raise InvalidDatasetError(f"{missing[0] if missing else 'The list'} is no file.")
    root = Path(os.path.commonpath([path.absolute().parent for path in paths]))
    names = sorted({path.absolute().relative_to(root).as_posix() for path in paths})
    candidates = [Candidate(name, name) for name in names if is_text(name)]
    skipped = [Skipped(_shown(name), _NOT_UTF8) for name in names if not is_text(name)]
    origin = PixelOrigin("folder", str(root))
    return Listing(origin, candidates, labelled=False, skipped=skipped)


def _from_original(root: Path) -> Listing:
    found = original_format.read_original(root)
    candidates = [Candidate(i.stored, i.file, i.label) for i in found.images]
    return Listing(
        PixelOrigin("folder", str(root.absolute())),
        sorted(candidates, key=lambda c: c.file),
        labelled=found.classes is not None,
        classes=found.classes,
        notes=[f"{root} is an image directory of the original: its list of images is used."],
    )


def _list_of_images(path: Path, settings: Settings, labelled: str) -> Listing:
    rows = lists.read_list(path, settings.limits)
    listing = Listing(PixelOrigin("folder", str(path.absolute().parent)), [], labelled=False)
    root = path.absolute().parent
    seen: set[str] = set()
    for row in rows:
        reason = lists.reason_refused(root, row.file)
        if reason is None and row.file in seen:
            reason = "listed twice"
        if reason is None and row.part and row.part.lower() not in _PART_NAMES:
            reason = f"its part {row.part!r} is none of train, validation, test"
        if reason is not None:
            listing.skipped.append(Skipped(row.file, reason))
            continue
        seen.add(row.file)
        label = row.label if labelled != "no" else None
        part = _PART_NAMES[row.part.lower()] if row.part else ""
        listing.candidates.append(Candidate(row.file, row.file, label, row.group, part))
    listing.labelled = any(c.label is not None for c in listing.candidates)
    if listing.labelled:
        for candidate in [c for c in listing.candidates if c.label is None]:
            listing.candidates.remove(candidate)
            listing.skipped.append(Skipped(candidate.file, "it has no label in the list"))
    listing.candidates.sort(key=lambda c: c.file)
    return listing


def _walk(root: Path) -> tuple[list[str], list[Skipped]]:
    """Relative names of the files below a folder.

    Links that lead out, folders that cannot be read and what is no file (a pipe would be waited for
    without end) are reported.
    """
    names: list[str] = []
    skipped: list[Skipped] = []
    inside = root.resolve()
    open_ = [""]
    while open_:
        folder = open_.pop()
        try:
            with os.scandir(root / folder) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            reason = f"the folder cannot be read: {error.strerror}"
            skipped.append(Skipped(_shown(folder.rstrip("/") or "."), reason))
            continue
        for entry in entries:
            name = folder + entry.name
            if entry.is_dir(follow_symlinks=False):
                open_.append(f"{name}/")
            elif entry.is_symlink() and (root / name).is_dir():
                skipped.append(Skipped(_shown(name), "a symbolic link to a folder: not followed"))
            elif reason := _reason_left_out(entry, name, inside):
                skipped.append(Skipped(_shown(name), reason))
            else:
                names.append(name)
    return names, skipped


def _reason_left_out(entry: os.DirEntry[str], name: str, inside: Path) -> str:
    """Why a file that is named like a picture is none to be read; empty when it may be read."""
    if not is_picture_name(name) or entry.is_file(follow_symlinks=False):
        return ""
    if not entry.is_symlink():
        return "not a file (a pipe, socket or device)"
    if is_hidden(name):
        return ""
    if not Path(entry.path).is_file():
        return "a symbolic link to nothing"
    target = Path(entry.path).resolve()
    return "" if target.is_relative_to(inside) else "a symbolic link out of the folder"


def _arrange(names: Iterable[str], origin: PixelOrigin, labelled: str) -> Listing:
    """Sort names into pictures, other files, parts and classes."""
    listing = Listing(origin, [], labelled=False)
    pictures: list[str] = []
    for name in names:
        if is_hidden(name):
            listing.ignored += 1
        elif is_picture_name(name) and not is_text(name):
            listing.skipped.append(Skipped(_shown(name), _NOT_UTF8))
        elif is_picture_name(name):
            pictures.append(name)
        elif (reason := reason_not_read(name)) is not None:
            listing.skipped.append(Skipped(_shown(name), reason))
        else:
            listing.ignored += 1
    clean = {name.removeprefix("./"): name for name in pictures}
    wrapper = _wrapper(list(clean))
    if wrapper:
        listing.notes.append(f"The pictures are taken from the folder {wrapper!r} inside.")
    cut = len(wrapper) + 1 if wrapper else 0
    shown = {name[cut:]: stored for name, stored in clean.items()}
    if labelled == "no":
        listing.candidates = [Candidate(shown[file], file) for file in sorted(shown)]
        return listing
    if _has_parts(shown):
        _take_parts(shown, listing)
    else:
        _take_classes(shown, listing, insist=labelled == "yes")
    listing.candidates.sort(key=lambda c: c.file)
    return listing


def _wrapper(names: Sequence[str]) -> str:
    """The folders around a class tree that all pictures share, e.g. ``photos`` of photos/cat/1.jpg.

    A single folder that holds pictures directly is no wrapper: it would be a class.
    """
    split = [PurePosixPath(name).parts for name in names]
    depth = 0
    while split and all(len(parts) > depth + 2 for parts in split):
        if len({parts[depth] for parts in split}) != 1:
            break
        depth += 1
    return "/".join(split[0][:depth]) if split else ""


def _has_parts(shown: Iterable[str]) -> bool:
    tops = {file.partition("/")[0] for file in shown if "/" in file}
    parts = {_PART_NAMES[top.lower()] for top in tops if top.lower() in _PART_NAMES}
    return TRAINING in parts and len(parts) > 1


def _take_parts(shown: dict[str, str], listing: Listing) -> None:
    listing.labelled = True
    unlabelled: dict[str, int] = {}
    for file, stored in shown.items():
        parts = PurePosixPath(file).parts
        part = _PART_NAMES.get(parts[0].lower())
        if part is None:
            reason = "outside the folders train, validation and test"
            listing.skipped.append(Skipped(file, reason))
        elif len(parts) < 3:
            reason = f"directly in {parts[0]}: it has no label"
            unlabelled[parts[0]] = unlabelled.get(parts[0], 0) + 1
            listing.skipped.append(Skipped(file, reason))
        else:
            listing.candidates.append(Candidate(stored, file, parts[1], None, part))
    for folder, count in sorted(unlabelled.items()):
        listing.notes.append(f"{count} pictures directly in {folder} have no label: not used.")


def _take_classes(shown: dict[str, str], listing: Listing, *, insist: bool) -> None:
    tops = {file.partition("/")[0] for file in shown if "/" in file}
    if len(tops) < 2 and not insist:
        listing.candidates = [Candidate(shown[file], file) for file in shown]
        return
    listing.labelled = True
    beside = 0
    for file, stored in shown.items():
        if "/" in file:
            listing.candidates.append(Candidate(stored, file, file.partition("/")[0]))
        else:
            beside += 1
            listing.skipped.append(Skipped(file, "beside the class folders: it has no label"))
    if beside:
        listing.notes.append(f"{beside} pictures beside the class folders have no label: not used.")
