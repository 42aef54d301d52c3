"""Which files count as pictures, which formats are read, and what is known but not read."""

from __future__ import annotations

EXTENSIONS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
    | {".ppm", ".pgm", ".pbm", ".pnm"}
)
"""Extensions of pictures, in lower case; a file with another one is ignored and counted."""

READ_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""Pillow's names of the formats the opener may try; the content decides, never the name."""

NOT_READ = {
    ".czi": "a Zeiss CZI microscope file: export it as TIFF or PNG (ZEN: Processing, Image Export)",
    ".lif": "a Leica LIF microscope file: export it as TIFF or PNG (LAS X: Export, or Fiji with "
    "Bio-Formats)",
    ".nd2": "a Nikon ND2 microscope file: export it as TIFF or PNG (NIS-Elements: ND Export, or "
    "Fiji with Bio-Formats)",
    ".oib": "an Olympus microscope file: export it as TIFF or PNG (Fiji with Bio-Formats)",
    ".oif": "an Olympus microscope file: export it as TIFF or PNG (Fiji with Bio-Formats)",
    ".vsi": "an Olympus slide: export regions as TIFF or PNG (QuPath or Fiji with Bio-Formats)",
    ".svs": "a whole slide: cut it into tiles of PNG or JPEG (QuPath: Export image tiles)",
    ".ndpi": "a whole slide: cut it into tiles of PNG or JPEG (QuPath: Export image tiles)",
    ".mrxs": "a whole slide: cut it into tiles of PNG or JPEG (QuPath: Export image tiles)",
    ".scn": "a whole slide: cut it into tiles of PNG or JPEG (QuPath: Export image tiles)",
    ".dcm": "a DICOM file: export it as PNG",
    ".heic": "a HEIC photo: convert it to JPEG (on an iPhone: Settings, Camera, Formats, Most "
    "Compatible)",
    ".heif": "a HEIF photo: convert it to JPEG",
    ".avif": "an AVIF picture: convert it to JPEG or PNG",
    ".jxl": "a JPEG XL picture: convert it to JPEG or PNG",
    ".jp2": "a JPEG 2000 picture: convert it to PNG",
    ".cr2": "a camera raw file: develop it to JPEG",
    ".nef": "a camera raw file: develop it to JPEG",
    ".arw": "a camera raw file: develop it to JPEG",
    ".dng": "a camera raw file: develop it to JPEG",
    ".psd": "a Photoshop file: export it as PNG",
    ".svg": "a drawing, not a picture of pixels: export it as PNG",
}
"""Extension -> what it is and what to do; such files are listed as skipped, by name."""

ARCHIVE_EXTENSIONS = (
    ".zip",
    ".tar",
    ".tar.gz",
    ".tgz",
    ".tar.bz2",
    ".tbz2",
    ".tar.xz",
    ".txz",
)

MANIFEST_EXTENSIONS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")

_DESKTOP_FILES = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r"})
_DESKTOP_FOLDERS = frozenset({"__macosx", "$recycle.bin", "system volume information"})


def is_picture_name(name: str) -> bool:
    """Whether a path ends in a known picture extension, whatever its case."""
    return _extension(name) in EXTENSIONS


def is_hidden(name: str) -> bool:
    """Whether any part of a relative POSIX path is hidden or belongs to the desktop."""
    return any(
        (part.startswith(".") and part != ".")
        or part.lower() in _DESKTOP_FOLDERS
        or part.lower() in _DESKTOP_FILES
        for part in name.split("/")
    )


def reason_not_read(name: str) -> str | None:
    """Why a file that may well be a picture is not read, with the remedy; else None."""
    return NOT_READ.get(_extension(name))


def archive_extension(name: str) -> str | None:
    """The archive extension a file name ends in, in lower case, or None."""
    lowered = name.lower()
    return next((e for e in reversed(ARCHIVE_EXTENSIONS) if lowered.endswith(e)), None)


def _extension(name: str) -> str:
    """The last extension of a path, in lower case; without pathlib, for a million names."""
    base = name.rpartition("/")[2]
    dot = base.rfind(".")
    return base[dot:].lower() if 0 < dot < len(base) - 1 else ""
