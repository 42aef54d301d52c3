"""Looking through scores: a page at a time, sorted and filtered, without reading them all."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visionloom.artifacts.store import open_artifact
from visionloom.artifacts.tables import connect
from visionloom.artifacts.types import Scores
from visionloom.errors import ArtifactError, NotScoredDatasetError, NotThereError

if TYPE_CHECKING:
    import duckdb

ANSWERS_SHOWN = 5
_OPEN_AT_ONCE = 8
# the smallest normal number stands for a probability of 0, as in the figures
_LOAD = (
    "CREATE TABLE scores AS SELECT row, file, label, scored_label, p, list_max(p) AS probability, "
    "CASE WHEN list_contains($classes::VARCHAR[], label) THEN "
    "-ln(greatest(p[list_position($classes::VARCHAR[], label)], 2.2250738585072014e-308)) END "
    "AS loss FROM (SELECT file_row_number AS row, file, {label} AS label, scored_label, "
    "[*COLUMNS('^probability_.*')] AS p FROM read_parquet($path, file_row_number = true))"
)
_WANTED = (
    " FROM scores WHERE ($label = '' OR label = $label) "
    "AND ($scored_label = '' OR scored_label = $scored_label) "
    "AND ($search = '' OR contains(lower(file), lower($search))) "
    "AND (NOT $wrong OR label <> scored_label)"
)
_COUNT = "SELECT count(*)" + _WANTED
_PAGE = "SELECT *" + _WANTED
_ORDERS = {
    ("confidence", False): " ORDER BY probability, row LIMIT $limit OFFSET $offset",
    ("confidence", True): " ORDER BY probability DESC, row LIMIT $limit OFFSET $offset",
    ("loss", False): " ORDER BY loss NULLS LAST, row LIMIT $limit OFFSET $offset",
    ("loss", True): " ORDER BY loss DESC NULLS LAST, row LIMIT $limit OFFSET $offset",
    ("file", False): " ORDER BY file, row LIMIT $limit OFFSET $offset",
    ("file", True): " ORDER BY file DESC, row LIMIT $limit OFFSET $offset",
}


@dataclass(frozen=True)
class Wanted:
    """Which scored pictures, in which order.

    Attributes:
        sort: ``confidence`` (the largest probability), ``loss`` or ``file``.
        descending: Whether the largest comes first.
        wrong: Only those whose label is not the most likely class.
        label, scored_label: Only those of a cell of the confusion matrix; empty for all.
        search: Part of the file's name, in any case.
    """

    sort: str = "confidence"
    descending: bool = False
    wrong: bool = False
    label: str = ""
    scored_label: str = ""
    search: str = ""


@dataclass(frozen=True)
class ScoredPicture:
    """A scored picture.

    Attributes:
        row: Its number in the scores.
        file: Name of the picture.
        label: Its class, or None when not known.
        scored_label: The most likely class.
        probability: Of that class.
        loss: -log of the probability of its label; None without one.
        answers: The most likely classes with their probabilities.
    """

    row: int
    file: str
    label: str | None
    scored_label: str
    probability: float
    loss: float | None
    answers: tuple[tuple[str, float], ...]


class OpenedScores:
    """Scores, open for looking; may be used from several threads.

    Attributes:
        classes: In order of the model's outputs.
        role: What the pictures were used for; see `visionloom.inference.scores.ScoreTable`.
        digests: Of the images and of the model's weights.
        labelled: Whether labels are known.
        count, skipped, wrong: Pictures with a score, without one, and named wrongly (None without
            labels).

    Raises:
        NotScoredDatasetError: No scores.
        ArtifactError: Damaged, or of a newer format.
    """

    def __init__(self, scores: Scores) -> None:
        import duckdb

        open_artifact(scores, verify=False, wrong_type=NotScoredDatasetError)
        self._tables = connect()
        try:
            document = json.loads((scores.path / "scores.json").read_text(encoding="utf-8"))
            self.classes = tuple(str(name) for name in document["classes"])
            self.role = str(document["role"])
            self.digests = {str(k): str(v) for k, v in document["digests"].items()}
            self.labelled = _load(self._tables, scores.path, self.classes)
            self.count = int(self._ask("SELECT count(*) FROM scores", {})[0][0])
            self.skipped = int(self._ask("SELECT count(*) FROM skipped", {})[0][0])
        except (KeyError, TypeError, ValueError, OSError, AttributeError, duckdb.Error) as error:
            raise ArtifactError(f"{scores.path} is damaged: {error}.") from error
        self.wrong = self._count(Wanted(wrong=True)) if self.labelled else None

    def page(self, wanted: Wanted, offset: int, limit: int) -> tuple[int, list[ScoredPicture]]:
        """How many pictures match, and some of them."""
        order = _ORDERS[wanted.sort, wanted.descending]
        values = {**_filters(wanted), "limit": limit, "offset": offset}
        rows = self._ask(_PAGE + order, values)
        return self._count(wanted), [self._picture(row) for row in rows]

    def file_of(self, row: int) -> str:
        """The name of the picture of a row.

        Raises:
            NotThereError: There are fewer.
        """
        found = self._ask("SELECT file FROM scores WHERE row = $row", {"row": row})
        if not found:
            raise NotThereError(f"There is no scored picture {row}: there are {self.count}.")
        return str(found[0][0])

    def _count(self, wanted: Wanted) -> int:
        return int(self._ask(_COUNT, _filters(wanted))[0][0])

    def _picture(self, row: tuple[Any, ...]) -> ScoredPicture:
        number, file, label, scored_label, p, probability, loss = row
        best = sorted(range(len(p)), key=lambda i: (-p[i], i))[:ANSWERS_SHOWN]
        answers = tuple((self.classes[i], float(p[i])) for i in best)
        return ScoredPicture(number, file, label, scored_label, probability, loss, answers)

    def _ask(self, question: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        with self._tables.cursor() as cursor:
            return cursor.execute(question, values).fetchall()


class ScoreBrowser:
    """Scores that are being looked at; a few stay open. Safe to share between threads."""

    def __init__(self) -> None:
        self._open: OrderedDict[Path, OpenedScores] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, scores: Scores) -> OpenedScores:
        """Scores, open for looking; errors as of `OpenedScores`."""
        with self._lock:
            if scores.path in self._open:
                self._open.move_to_end(scores.path)
                return self._open[scores.path]
        opened = OpenedScores(scores)
        with self._lock:
            opened = self._open.setdefault(scores.path, opened)
            if len(self._open) > _OPEN_AT_ONCE:
                self._open.popitem(last=False)
        return opened

    def forget(self) -> None:
        """Close what is open."""
        with self._lock:
            self._open.clear()


def _filters(wanted: Wanted) -> dict[str, Any]:
    return {
        "label": wanted.label,
        "scored_label": wanted.scored_label,
        "search": wanted.search,
        "wrong": wanted.wrong,
    }


def _load(tables: duckdb.DuckDBPyConnection, folder: Path, classes: tuple[str, ...]) -> bool:
    """Load both tables; returns whether labels are known."""
    path = str(folder / "scores.parquet")
    named = tables.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()
    labelled = any(row[0] == "label" for row in named)
    statement = _LOAD.format(label="label" if labelled else "NULL::VARCHAR")
    tables.execute(statement, {"classes": list(classes), "path": path})
    tables.execute(
        "CREATE TABLE skipped AS SELECT file, reason FROM read_parquet(?)",
        [str(folder / "skipped.parquet")],
    )
    return labelled
