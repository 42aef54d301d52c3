"""Parquet and CSV tables."""

from __future__ import annotations

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visionloom.artifacts.tables import read_parquet, write_csv, write_parquet
from visionloom.errors import ArtifactError

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)


@settings(deadline=None, max_examples=25)
@given(
    rows=st.lists(
        st.tuples(
            st.none() | TEXT,
            st.integers(-(2**62), 2**62),
            st.floats(allow_nan=False),
        ),
        max_size=20,
    )
)
def test_what_is_written_comes_back(rows: list[tuple[str | None, int, float]]) -> None:
    columns = {name: [row[i] for row in rows] for i, name in enumerate(("t", "i", "f"))}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.parquet"
        write_parquet(path, {"t": "VARCHAR", "i": "BIGINT", "f": "DOUBLE"}, columns)
        assert read_parquet(path) == columns


def test_c37_labels_that_look_like_numbers_or_na_stay_text(tmp_path: Path) -> None:
    labels = ["0", "01", "1e3", "NA", "nan", "null", "true", ""]
    write_parquet(tmp_path / "x.parquet", {"label": "VARCHAR"}, {"label": labels})
    assert read_parquet(tmp_path / "x.parquet")["label"] == labels


def test_cells_that_a_spreadsheet_would_run_are_neutralised(tmp_path: Path) -> None:
    cells = ["=1+1", "+1", "-1", "@x", "\tx", "plain", "a=b"]
    path = tmp_path / "x.csv"
    write_csv(path, {"file": "VARCHAR", "n": "DOUBLE"}, {"file": cells, "n": [-1.0] * 7})
    with open(path, newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["file"] for row in rows] == ["'" + c for c in cells[:5]] + cells[5:]
    assert {row["n"] for row in rows} == {"-1.0"}


def test_a_file_that_is_no_parquet_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_text("no")
    with pytest.raises(ArtifactError, match="not a readable Parquet"):
        read_parquet(tmp_path / "x.parquet")
    with pytest.raises(ArtifactError, match="is missing"):
        read_parquet(tmp_path / "y.parquet")
