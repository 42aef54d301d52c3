"""Errors: documented, numbered, with exit codes."""

from __future__ import annotations

import inspect
import pickle
from pathlib import Path

import visionloom as vl
from visionloom import errors

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "errors.md"


def classes() -> list[type[errors.VisionloomError]]:
    found = [c for _, c in inspect.getmembers(errors, inspect.isclass)]
    return [c for c in found if issubclass(c, errors.VisionloomError)]


def test_every_error_is_in_the_document_with_its_number_and_exit_code() -> None:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    rows = {
        cells[1]: cells
        for line in lines
        if line.startswith("| ") and len(cells := [c.strip() for c in line.split("|")]) > 4
    }
    for kind in classes():
        if kind is errors.VisionloomError:
            continue
        row = rows[kind.__name__]
        assert row[2] == (kind.number or "")
        assert row[3].split(",")[0] == str(kind.exit_status)


def test_errors_are_at_hand_by_their_names() -> None:
    assert vl.InvalidDatasetError is errors.InvalidDatasetError
    assert vl.InvalidModelDirectoryError.number == "0159"
    assert vl.NotLabeledDatasetError.number == "0024"


def test_an_error_survives_a_process_border() -> None:
    error = errors.InvalidDatasetError("what", "remedy")
    again = pickle.loads(pickle.dumps(error))
    assert (again.message, again.remedy, str(again)) == ("what", "remedy", "what remedy")
    assert again.title == "InvalidDatasetError (0018)"
