"""Looking through image directories: a page at a time, without reading the whole list.

An opened list is kept as a table in memory; a few are, so that the next page comes at once.
"""

from __future__ import annotations

import json
import tarfile
import threading
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visionloom.artifacts.store import open_artifact
from visionloom.artifacts.tables import connect
from visionloom.artifacts.types import ImageDirectory
from visionloom.errors import ArtifactError, InvalidDatasetError, NotThereError
from visionloom.images.decode import UnreadableImage
from visionloom.images.directory import ImageRecord, Images, PixelSource
from visionloom.images.kept import Kept
from visionloom.images.origin import PixelOrigin
from visionloom.images.thumbnails import thumbnail as make_thumbnail
from visionloom.images.transforms import Transformation
from visionloom.settings import MIB

if TYPE_CHECKING:
    import duckdb

_OPEN_AT_ONCE = 8
_LOOKED_AT = 100
_KEPT_BYTES = 64 * MIB
_TABLES = (
    "CREATE TABLE images AS SELECT file_row_number AS row, id, file, label, "
    '"group", width, height, bytes, digest, pixel_digest, format, frames, stored '
    "FROM read_parquet(?, file_row_number = true)",
    "CREATE TABLE skipped AS SELECT file_row_number AS row, file, reason "
    "FROM read_parquet(?, file_row_number = true)",
)
_ALL = "SELECT * FROM images WHERE row >= ? AND row < ? ORDER BY row"
_COUNT = (
    "SELECT count(*) FROM images WHERE ($label = '' OR label = $label) "
    "AND ($search = '' OR contains(lower(file), lower($search)))"
)
_PAGE = (
    "SELECT * FROM images WHERE ($label = '' OR label = $label) "
    "AND ($search = '' OR contains(lower(file), lower($search))) "
    "ORDER BY row LIMIT $limit OFFSET $offset"
)


@dataclass(frozen=True)
class Summary:
    """What a list holds, in numbers.

    Attributes:
        count: Pictures.
        classes: Class name -> pictures, in order of the list; empty when not labelled.
        labelled: Whether labels are known.
        groups: Number of groups.
        skipped: Files that were left out.
        missing: How many of its first pictures are not where they were.
        transformation: What it carries, in words; empty for none.
    """

    count: int
    classes: dict[str, int]
    labelled: bool
    groups: int
    skipped: int
    missing: int
    transformation: str


class OpenedImages:
    """One image directory, open for looking; may be used from several threads.

    Raises:
        InvalidDatasetError: No image directory.
        ArtifactError: Damaged, or of a newer format.
    """

    def __init__(self, directory: ImageDirectory) -> None:
        manifest = open_artifact(directory, verify=False, wrong_type=InvalidDatasetError)
        self._directory = directory
        self._lock = threading.Lock()
        self._source: PixelSource | None = None
        try:
            document = _json(directory.path / "classes.json")
            pixels = manifest.origin["pixels"]
            self._origin = PixelOrigin(str(pixels["kind"]), str(pixels["path"]))
            self.intensity = str(document["intensity"])
            classes = document["classes"]
            self.classes = tuple(map(str, classes)) if classes is not None else None
            self.transformation, self.mode = _attached(directory.path)
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise ArtifactError(f"{directory.path} is damaged: {error}.") from error
        self._tables = _load(directory.path)
        self.count = int(self._ask("SELECT count(*) FROM images", [])[0][0])
        self.skipped_count = int(self._ask("SELECT count(*) FROM skipped", [])[0][0])

    def summary(self) -> Summary:
        """What it holds, in numbers."""
        counted = dict(self._ask("SELECT label, count(*) FROM images GROUP BY label", []))
        groups = self._ask('SELECT count(DISTINCT "group") FROM images', [])[0][0]
        return Summary(
            count=self.count,
            classes={name: int(counted.get(name, 0)) for name in self.classes or ()},
            labelled=self.classes is not None,
            groups=int(groups),
            skipped=self.skipped_count,
            missing=self._missing(),
            transformation=self._carried(),
        )

    def page(
        self, label: str, search: str, offset: int, limit: int
    ) -> tuple[int, list[tuple[int, ImageRecord]]]:
        """How many pictures match, and some of them with their row, in order of the list.

        Args:
            label: A class, or empty for all.
            search: Part of the file's name, in any case; empty for all.
            offset, limit: Which of those that match.
        """
        if not label and not search:
            return self.count, _records(self._ask(_ALL, [offset, offset + limit]))
        wanted = {"label": label, "search": search}
        total = int(self._ask(_COUNT, wanted)[0][0])
        rows = self._ask(_PAGE, {**wanted, "limit": limit, "offset": offset})
        return total, _records(rows)

    def record(self, row: int) -> ImageRecord:
        """The picture of a row.

        Raises:
            NotThereError: There are fewer.
        """
        found = _records(self._ask("SELECT * FROM images WHERE row = ?", [row]))
        if not found:
            raise NotThereError(f"There is no picture {row}: the list has {self.count}.")
        return found[0][1]

    def row_of(self, file: str) -> int | None:
        """The row of a picture by its name, or None."""
        found = self._ask("SELECT row FROM images WHERE file = ?", [file])
        return int(found[0][0]) if found else None

    def skipped(self, offset: int, limit: int) -> list[tuple[str, str]]:
        """Files that were left out, with reasons."""
        return self._ask(
            "SELECT file, reason FROM skipped WHERE row >= ? AND row < ? ORDER BY row",
            [offset, offset + limit],
        )

    def source(self) -> PixelSource:
        """Where its pixels are.

        Raises:
            InvalidDatasetError: They are not there any more.
        """
        with self._lock:
            if self._source is None:
                first = tuple(record for _, record in _records(self._ask(_ALL, [0, 1])))
                images = Images(first, self.classes, (), self._origin, self.intensity)
                try:
                    self._source = PixelSource(images, self._directory)
                except (OSError, zipfile.BadZipFile, tarfile.TarError) as error:
                    raise InvalidDatasetError(
                        f"{self._origin.path} was readable at conversion and is not now ({error}).",
                        "Put it back, or convert the pictures again.",
                    ) from error
            return self._source

    def state_of(self, record: ImageRecord) -> tuple[int, int]:
        """Size and time of the file with a picture, or of its archive; (0, 0) when gone."""
        try:
            found = self._place(record).stat()
        except OSError:
            return 0, 0
        return found.st_size, found.st_mtime_ns

    def _place(self, record: ImageRecord) -> Path:
        if self._origin.kind == "self":
            return self._directory.path / "pixels" / record.stored
        root = Path(self._origin.path)
        return root / record.stored if self._origin.kind == "folder" else root

    def _missing(self) -> int:
        _, first = self.page("", "", 0, _LOOKED_AT)
        in_archive = self._origin.kind in {"zip", "tar"}
        missing = 0
        for _, record in first:
            size, _ = self.state_of(record)
            missing += size == 0 if in_archive else size != record.bytes
        return missing

    def _carried(self) -> str:
        if self.transformation is None:
            return ""
        shown = self.transformation
        return (shown.for_inference() if self.mode == "For inference" else shown).describe()

    def _ask(self, question: str, values: list[Any] | dict[str, Any]) -> list[tuple[Any, ...]]:
        with self._tables.cursor() as cursor:
            return cursor.execute(question, values).fetchall()


class ImageBrowser:
    """Image directories that are being looked at; a few stay open.

    Safe to share between threads.
    """

    def __init__(self) -> None:
        self._open: OrderedDict[Path, OpenedImages] = OrderedDict()
        self._lock = threading.Lock()
        self.thumbnails = Kept(_KEPT_BYTES)

    def open(self, directory: ImageDirectory) -> OpenedImages:
        """An image directory, open for looking; errors as of `OpenedImages`."""
        with self._lock:
            if directory.path in self._open:
                self._open.move_to_end(directory.path)
                return self._open[directory.path]
        opened = OpenedImages(directory)
        with self._lock:
            opened = self._open.setdefault(directory.path, opened)
            if len(self._open) > _OPEN_AT_ONCE:
                self._open.popitem(last=False)
        return opened

    def thumbnail(self, directory: ImageDirectory, row: int, side: int) -> bytes:
        """A picture as a small JPEG.

        Raises:
            NotThereError: There are fewer pictures.
            InvalidDatasetError: It is not there any more, or has changed since conversion.
        """
        opened = self.open(directory)
        record = opened.record(row)
        key = (directory.path, row, side, opened.state_of(record))
        made = self.thumbnails.get(key)
        if made is None:
            data = opened.source().read(record)
            try:
                made = make_thumbnail(data, side, intensity=opened.intensity)
            except UnreadableImage as error:
                raise InvalidDatasetError(f"{record.file} cannot be shown: {error}.") from error
            self.thumbnails.put(key, made)
        return made

    def forget(self) -> int:
        """Close what is open; returns the bytes of thumbnails that were kept."""
        with self._lock:
            self._open.clear()
        return self.thumbnails.clear()


def _load(folder: Path) -> duckdb.DuckDBPyConnection:
    import duckdb

    tables = connect()
    try:
        for name, statement in zip(("images", "skipped"), _TABLES, strict=True):
            tables.execute(statement, [str(folder / f"{name}.parquet")])
    except duckdb.Error as error:
        raise ArtifactError(f"{folder} is damaged: {error}") from error
    return tables


def _records(rows: list[tuple[Any, ...]]) -> list[tuple[int, ImageRecord]]:
    return [(int(row[0]), ImageRecord(*row[1:])) for row in rows]


def _attached(folder: Path) -> tuple[Transformation | None, str]:
    path = folder / "transformation.json"
    if not path.is_file():
        return None, ""
    document = _json(path)
    return Transformation.from_json(document["operations"]), str(document["mode"])


def _json(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise TypeError(f"{path.name} is no object")
    return value
