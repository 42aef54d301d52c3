"""Lists of very many runs, logs that are larger than memory should be, and what a run waits for."""

from __future__ import annotations

import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.server.conftest import browser
from visionloom.engine.journal import JOURNAL_NAME, LineReader
from visionloom.records.changes import insert_all
from visionloom.records.convert import to_columns
from visionloom.records.rows import MetricPoint, ProcessIdentity, RunRow, StepRow
from visionloom.records.tables import runs, steps
from visionloom.runs import journals
from visionloom.runs.log_pages import harmless, printed, told
from visionloom.server.desk import Desk
from visionloom.server.summaries import page

ME = ProcessIdentity("here", "boot", 100, 1)


def add_runs(desk: Desk, count: int) -> None:
    """Runs that ended, nine steps each."""
    made = [
        RunRow(
            f"20260101-000000-{number:05x}", f"flowers {number}", state="succeeded",
            options={"draft": f"draft-{number % 7}", "request": {"values": {}}}, created=1.0,
        )
        for number in range(count)
    ]  # fmt: skip
    rows = [
        StepRow(run.id, f"step {i}", i, "train", "1", state="succeeded")
        for run in made
        for i in range(9)
    ]
    with desk.workspace.records.database.write() as connection:
        insert_all(connection, runs, map(to_columns, made))
        insert_all(connection, steps, map(to_columns, rows))


def test_ten_thousand_runs_are_listed_and_searched_within_a_tenth_of_a_second(desk: Desk) -> None:
    add_runs(desk, 10_000)
    page(desk)
    questions: tuple[dict[str, Any], ...] = (
        {}, {"draft": "draft-3"}, {"search": "FLOWERS 17"}, {"search": "nothing like it"},
        {"before": "20260101-000000-00064"}, {"state": "failed"},
    )  # fmt: skip
    for question in questions:
        times = []
        for _ in range(3):
            began = time.process_time()
            found = page(desk, **question)
            times.append(time.process_time() - began)
        assert min(times) < 0.1, question
        if question.get("state") or question.get("search") == "nothing like it":
            assert found.runs == []
        else:
            assert len(found.runs) == 50
            assert found.more
            assert (found.runs[0].steps, found.runs[0].done) == (9, 9)
    seen: list[str] = []
    while True:
        found = page(desk, draft="draft-3", before=seen[-1] if seen else "", limit=500)
        seen += [run.id for run in found.runs]
        if not found.more:
            break
    assert len(seen) == len(set(seen)) == len([n for n in range(10_000) if n % 7 == 3])
    assert len(desk.workspace.records.newest_of_drafts()) == 7


def test_a_run_says_what_it_waits_for(desk: Desk) -> None:
    records = desk.workspace.records
    records.create_run(RunRow("r", "waits"), [StepRow("r", n, i, "train", "1") for i, n in
                                              enumerate(("a", "b"))])  # fmt: skip
    (summary,) = page(desk).runs
    assert summary.waiting == "its supervisor is starting"
    fence = records.acquire("r", ME, 30.0)
    records.move_run("r", "running", fence=fence)
    records.move_step("r", "b", "queued", "cpu is taken by train of run other", fence=fence)
    assert page(desk).runs[0].waiting == "cpu is taken by train of run other"
    records.request_cancel("r")
    assert page(desk).runs[0].reason == "it was asked to stop"
    records.add_metrics([MetricPoint("r", "a", 1, "loss", 0.5)])
    assert page(desk).runs[0].figures == {"loss": 0.5}


def test_changes_of_all_runs_are_told_by_their_number(desk: Desk) -> None:
    records = desk.workspace.records
    assert records.newest_change() == 0
    for name in ("one", "two"):
        records.create_run(RunRow(name, name), [StepRow(name, "a", 0, "train", "1")])
    first = records.newest_change()
    fence = records.acquire("two", ME, 30.0)
    records.move_run("two", "running", fence=fence)
    records.ask_step("one", "a", "cancel")
    changes = [(e.run, e.step, e.kind) for e in records.changes_since(first)]
    assert changes == [("two", "", "supervisor"), ("two", "", "run"), ("one", "a", "asked")]
    assert len(records.changes_since(0, limit=2)) == 2
    assert records.changes_since(records.newest_change()) == []


@pytest.fixture
def logged(desk: Desk, tmp_path: Path) -> RunRow:
    """A run with a step of one attempt."""
    folder = tmp_path / "run"
    (folder / "steps" / "train" / "1").mkdir(parents=True)
    row = RunRow("r", "logs", folder=str(folder))
    desk.workspace.records.create_run(row, [StepRow("r", "train", 0, "train", "1")])
    return row


def test_what_failed_steps_say_is_read_once_and_can_be_sent_whatever_it_names(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    names = ("convert", "train")
    with open(folder / JOURNAL_NAME, "w") as stream:
        for number, name in enumerate(names, 1):
            error = {
                "class": "DataError",
                "message": "caf\udce9.png is damaged.",
                "remedy": "\udce9",
            }
            line = {"seq": number, "fence": 1, "kind": "step", "step": name, "error": error}
            stream.write(json.dumps(line, separators=(",", ":")) + "\n")
    row = RunRow("r", "fails", state="failed", folder=str(folder), created=1.0)
    rows = [StepRow("r", name, i, name, "1", state="failed") for i, name in enumerate(names)]
    with desk.workspace.records.database.write() as connection:
        insert_all(connection, runs, [to_columns(row)])
        insert_all(connection, steps, map(to_columns, rows))
    opened: list[Path] = []
    read = LineReader.read

    def counted(reader: LineReader) -> Any:
        opened.append(folder)
        return read(reader)

    monkeypatch.setattr(LineReader, "read", counted)
    with browser(desk) as client:
        shown = client.get("/api/runs/r").json()["steps"]
    assert [(step["error"], step["remedy"]) for step in shown] == [
        ("caf?.png is damaged.", "?")
    ] * 2
    assert len(opened) == 2, "once for where it is at, once for all errors"


def test_a_log_of_a_hundred_megabytes_is_paged_without_being_loaded(
    desk: Desk, logged: RunRow
) -> None:
    path = Path(logged.folder) / "steps" / "train" / "1" / "log.txt"
    with open(path, "w") as stream:
        filler = "x" * 88
        stream.writelines(f"line {number} {filler}\n" for number in range(1_000_000))
    assert path.stat().st_size > 100e6
    tracemalloc.start()
    found = printed(desk.workspace, logged, "train", offset=999_990, limit=100)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6
    assert found.total == 1_000_000
    assert [line.number for line in found.lines] == list(range(999_991, 1_000_001))
    assert found.lines[-1].text.startswith("line 999999 ")
    began = time.perf_counter()
    with open(path, "a") as stream:
        stream.write("one more without an end")
    more = printed(desk.workspace, logged, "train", offset=1_000_000, limit=10)
    assert time.perf_counter() - began < 0.2, "what is known is not counted again"
    assert [(line.number, line.text) for line in more.lines] == [
        (1_000_001, "one more without an end")
    ]


def test_printed_lines_are_searched_with_their_own_numbers(desk: Desk, logged: RunRow) -> None:
    path = Path(logged.folder) / "steps" / "train" / "1" / "log.txt"
    path.write_text("alpha\nBeta\nalphabet\n")
    found = printed(desk.workspace, logged, search="ALPHA", offset=1)
    assert [(line.number, line.step, line.text) for line in found.lines] == [
        (3, "train", "alphabet")
    ]
    assert found.total == 2
    path.write_text("short\n")
    assert printed(desk.workspace, logged).total == 1


def test_a_line_without_end_is_taken_in_pieces(desk: Desk, logged: RunRow) -> None:
    path = Path(logged.folder) / "steps" / "train" / "1" / "log.txt"
    path.write_bytes(b"y" * 300_000)
    found = printed(desk.workspace, logged)
    assert found.total == 5
    assert all(len(line.text) < 4_100 for line in found.lines)


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("10 %\r50 %\r100 %\r", "100 %"),
        ("\x1b]0;title\x07x", "x"),
        ("bell\x07\x00", "bell\\x07\\x00"),
        ("a\tb", "a\tb"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_what_a_terminal_would_obey_is_harmless(line: str, seen: str) -> None:
    assert harmless(line) == seen


def write_journal(run: RunRow, *lines: dict[str, Any]) -> None:
    """A journal of these lines."""
    with open(Path(run.folder) / "journal.jsonl", "w") as stream:
        for number, line in enumerate(lines, 1):
            head = {"seq": number, "fence": 1, "at": 0.0}
            stream.write(json.dumps(head | line, separators=(",", ":")) + "\n")


def test_told_lines_are_counted_by_step(logged: RunRow) -> None:
    said = [
        {"kind": "log", "step": step, "level": level, "text": text}
        for step, level, text in (
            ("train", "info", "one"), ("score", "warning", "two"), ("train", "info", "three"),
        )
    ]  # fmt: skip
    write_journal(logged, *said)
    assert [(line.number, line.text) for line in told(logged, "train").lines] == [
        (1, "one"), (2, "three"),
    ]  # fmt: skip
    assert told(logged, search="tw").lines[0].level == "warning"
    assert told(logged, search="tw").lines[0].number == 2


def test_the_newest_lines_of_a_long_journal_are_found_from_its_end(logged: RunRow) -> None:
    write_journal(
        logged,
        *({"kind": "progress", "step": "train", "done": n, "text": "\udc80" if n == 8_995 else ""}
          for n in range(9_000)),
    )  # fmt: skip
    at = journals.newest(logged)
    assert at.sequence == 9_000
    assert at.progress["train"]["done"] == 8_999
    lines = journals.lines_after(logged, 8_990, 5)
    assert [line["seq"] for line in lines] == [8_991, 8_992, 8_993, 8_994, 8_995]
    (strange,) = journals.lines_after(logged, 8_995, 1)
    assert strange["text"] == "\ufffd", "half a character can be sent to nobody"
    assert len(journals.lines_after(logged, 0, 10)) == 10


def test_a_log_that_is_not_there_is_empty(client: TestClient, desk: Desk, logged: RunRow) -> None:
    assert client.get("/api/runs/r/log?output=true").json() == {"lines": [], "total": 0}
    assert client.get("/api/runs/r/log").json() == {"lines": [], "total": 0}
    assert client.get("/api/runs/r/log?output=true&step=no").status_code == 404
    assert client.get("/api/runs/r/journal").json() == []
