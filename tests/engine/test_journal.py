"""A journal survives its writers: torn lines, second supervisors, figures JSON has no word for."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visionloom.engine.adoption import read_journal
from visionloom.engine.journal import Journal, LineFile, LineReader, event_of, follow, line_of
from visionloom.spec.context import Log, Metrics, Progress


def lines(path: Path, after: int = 0) -> list[dict[str, Any]]:
    return list(follow(path, after, stop=lambda: True))


def test_lines_are_numbered_over_several_writers(tmp_path: Path) -> None:
    path = tmp_path / "run" / "journal.jsonl"
    with Journal(path, 1, lambda: 7.0) as journal:
        journal.write("run", state="running")
        journal.write("log", "train", 2, text="hello")
    with Journal(path, 2) as journal:
        journal.write("run", state="succeeded")
    first, second, third = lines(path)
    assert first == {"seq": 1, "fence": 1, "at": 7.0, "kind": "run", "state": "running"}
    assert (second["seq"], second["step"], second["attempt"]) == (2, "train", 2)
    assert (third["seq"], third["fence"]) == (3, 2)
    assert lines(path, after=2) == [third]


def test_a_torn_last_line_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path, 1) as journal:
        journal.write("log", text="one")
        journal.write("log", text="two")
    for cut in range(1, len(path.read_bytes().splitlines()[1])):
        torn = tmp_path / f"{cut}.jsonl"
        torn.write_bytes(path.read_bytes()[:-cut])
        with Journal(torn, 2) as journal:
            journal.write("log", text="three")
        told = lines(torn)
        assert [line["text"] for line in told] in (["one", "three"], ["one", "two", "three"])
        assert [line["seq"] for line in told] == sorted({line["seq"] for line in told})


def test_a_line_longer_than_the_part_that_is_looked_at_still_counts(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path, 1) as journal:
        journal.write("log", text="one")
        journal.write("log", text="x" * 200_000)
    with Journal(path, 1) as journal:
        journal.write("log", text="three")
    assert [line["seq"] for line in lines(path)] == [1, 2, 3]


def test_what_an_older_supervisor_says_after_a_newer_one_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    old = Journal(path, 1)
    old.write("log", text="old")
    new = Journal(path, 2)
    new.write("log", text="new")
    old.write("log", text="too late")
    new.write("log", text="newer")
    old.close()
    new.close()
    assert [line["text"] for line in lines(path)] == ["old", "new", "newer"]


def test_whoever_follows_gets_each_line_once_as_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    done = threading.Event()
    got: list[int] = []

    def read() -> None:
        got.extend(line["seq"] for line in follow(path, stop=done.is_set, pause=0.001))

    reader = threading.Thread(target=read)
    reader.start()
    with Journal(path, 1) as journal:
        for number in range(500):
            journal.write("log", text=f"{number}")
    done.set()
    reader.join()
    assert got == list(range(1, 501))


def test_half_a_line_waits_for_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    reader = LineReader(path)
    assert list(reader.read()) == []
    path.write_bytes(b'{"a":1}\n{"b"')
    assert list(reader.read()) == [b'{"a":1}']
    assert reader.offset == 8
    with open(path, "ab") as stream:
        stream.write(b":2}\n")
    assert list(reader.read()) == [b'{"b":2}']


def test_a_full_disk_does_not_end_the_run(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        return
    path = tmp_path / "journal.jsonl"
    path.symlink_to(full)
    with pytest.raises(OSError, match="No space left"):
        LineFile(path).write({"text": "lost"})
    with Journal(path, 1) as journal:
        journal.write("log", text="lost")


def test_half_a_character_in_a_name_spoils_no_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path, 1) as journal:
        journal.write("log", text="b\udcffd.png")
    assert [line["text"] for line in lines(path)] == ["b\udcffd.png"]


def test_damaged_lines_do_not_keep_a_run_from_being_taken_up(tmp_path: Path) -> None:
    damaged = [
        {"offset": 3}, {"offset": "x", "step": [1], "attempt": {}, "kind": "metrics"},
        {"offset": 5, "step": "train", "attempt": 1, "kind": "metrics", "row": 7},
    ]  # fmt: skip
    sound = {"offset": 9, "step": "train", "attempt": 1, "kind": "metrics", "row": {"epoch": 1}}
    text = "\n".join(json.dumps(line) for line in [*damaged, sound])
    (tmp_path / "journal.jsonl").write_bytes(b"\xff{\n" + text.encode() + b"\n")
    told = read_journal(tmp_path)
    assert told.offsets == {("train", 1): 9}
    assert told.rows == [("train", {"epoch": 1})]


texts = st.text(max_size=20)
events = st.one_of(
    st.builds(Log, texts, st.sampled_from(["info", "warning"])),
    st.builds(
        Progress, texts, st.integers(0, 9), st.integers(0, 9), texts, st.dictionaries(texts, texts)
    ),
    st.builds(
        Metrics,
        st.dictionaries(texts, st.none() | st.integers() | st.floats(allow_nan=False, width=32)
                        .filter(lambda x: abs(x) < 1e30)),
    ),
)  # fmt: skip


@given(events)
def test_an_event_comes_back_as_it_went(event: Log | Progress | Metrics) -> None:
    assert event_of(json.loads(json.dumps(line_of(event)))) == event


def test_figures_that_are_not_finite_are_null() -> None:
    line = line_of(Metrics({"a": float("nan"), "b": float("inf"), "c": 1.0}))
    assert line == {"kind": "metrics", "row": {"a": None, "b": None, "c": 1.0}}
    assert event_of({"kind": "step"}) is None
