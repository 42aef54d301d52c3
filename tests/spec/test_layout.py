"""The layout's file beside the pipeline's: read as far as it makes sense, written whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from visionloom.spec.layout import Layout, Note, layout_path, read_layout, write_layout


def test_a_layout_is_read_back_in_whole_pixels(tmp_path: Path) -> None:
    pipeline = tmp_path / "cats.yml"
    layout = Layout({"train": (10.4, -20), "split": (0, 1e9)}, (Note("é <b>", 1, 2),))
    write_layout(pipeline, layout)
    assert layout_path(pipeline) == tmp_path / "cats.layout.json"
    found = read_layout(pipeline)
    assert found.positions == {"split": (0.0, 1e7), "train": (10.0, -20.0)}
    assert found.notes == (Note("é <b>", 1.0, 2.0),)
    before = layout_path(pipeline).read_bytes()
    write_layout(pipeline, found)
    assert layout_path(pipeline).read_bytes() == before


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", '{"format": 2}', '{"format": 1, "steps": []}', "[" * 100_000,
        '{"format": 1, "steps": {"a": 5, "b": {"x": "1", "y": 2}, "c": {"x": true, "y": 1}}}',
        '{"format": 1, "steps": {"a": {"x": NaN, "y": 1}}, "notes": [5, {"x": 1, "y": 1}]}',
    ],
)  # fmt: skip
def test_a_damaged_layout_is_no_layout(text: str, tmp_path: Path) -> None:
    layout_path(tmp_path / "x.yml").write_text(text)
    assert read_layout(tmp_path / "x.yml") == Layout()


def test_a_missing_layout_is_an_empty_one(tmp_path: Path) -> None:
    assert read_layout(tmp_path / "x.yml") == Layout()


def test_a_renamed_step_keeps_its_place() -> None:
    assert Layout({"a": (1, 2), "b": (3, 4)}).renamed("a", "c").positions == {
        "c": (1, 2), "b": (3, 4),
    }  # fmt: skip
