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


def test_where_no_room_is_left_a_last_column_stands_on_lines_of_its_own() -> None:
    rows = [["train", "there is no earlier result"], ["score", ""]]
    assert table_lines(["step", "why"], rows, 20) == [
        "step",
        "train",
        "  there is no",
        "  earlier result",
        "score",
    ]
