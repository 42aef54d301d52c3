"""Words for the terminal."""

from __future__ import annotations

from visionloom.cli.text import table_lines


def test_a_last_column_that_does_not_fit_is_wrapped_below_itself() -> None:
    rows = [["train", "after apply_to_training, apply_to_validation"], ["score", ""]]
    assert table_lines(["step", "why"], rows, 35) == [
        "step   why",
        "train  after apply_to_training,",
        "       apply_to_validation",
        "score",
    ]
    assert len(table_lines(["step", "why"], rows)) == 3, "without a width nothing is wrapped"
    assert len(table_lines(["step", "why"], rows, 12)) == 3, "nor where no room is left"
