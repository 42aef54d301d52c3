"""What open pages are told: at once, once, and after a break all that was missed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.live import Live, Stream, eventually, serving
from tests.server.test_serve import Served
from visionloom.drafts.content import Content, content_of
from visionloom.engine.journal import JOURNAL_NAME, Journal
from visionloom.limits import ServerLimits
from visionloom.records.recorder import Recorder, open_records
from visionloom.records.rows import MetricPoint, RunRow, StepRow
from visionloom.server.access import Access
from visionloom.settings import load_settings
from visionloom.spec.layout import Layout

WITHIN = 0.25


@pytest.fixture
def live(home: Path) -> Iterator[Live]:
    with serving() as made:
        yield made


@pytest.fixture
def other(live: Live) -> Iterator[Recorder]:
    """The records as another process has them open."""
    with open_records(live.desk.workspace.settings.records) as opened:
        yield opened


def add_run(records: Recorder, name: str, folder: Path | None = None) -> RunRow:
    row = RunRow(name, name, folder="" if folder is None else str(folder))
    records.create_run(row, [StepRow(name, "train", 0, "train", "1")])
    return row


def stream(live: Live, query: str = "", last: str = "") -> Stream:
    return Stream(live.port, live.headers, query, last)


def test_a_run_that_begins_changes_or_tells_figures_is_told(live: Live, other: Recorder) -> None:
    with stream(live) as page:
        add_run(other, "a")
        assert page.until("run")[2]["state"] == "queued"
        other.move_run("a", "running")
        assert page.until("run")[2]["state"] == "running"
        other.add_metrics([MetricPoint("a", "train", 1, "valid_loss", 0.5)])
        assert page.until("run")[2]["figures"] == {"valid_loss": 0.5}
        other.move_run("a", "succeeded")
        assert page.until("run")[2]["state"] == "succeeded"
        other.note("a", "the good one")
        live.desk.events.touch("a")
        assert page.until("run")[2]["note"] == "the good one"


def test_events_come_within_a_quarter_of_a_second(
    live: Live, other: Recorder, tmp_path: Path
) -> None:
    add_run(other, "a", tmp_path)
    took = []
    with stream(live, "run=a") as page, Journal(tmp_path / JOURNAL_NAME, 1) as journal:
        page.until("run")
        for number in range(10):
            began = time.monotonic()
            journal.write("log", "train", level="info", text=str(number))
            assert page.until("journal")[2]["text"] == str(number)
            took.append(time.monotonic() - began)
        for number in range(5):
            began = time.monotonic()
            other.add_metrics([MetricPoint("a", "train", number, "valid_loss", number / 10)])
            page.until("run")
            took.append(time.monotonic() - began)
    assert statistics.median(took) < WITHIN, took


def test_a_draft_that_changed_is_told_of_at_once(live: Live) -> None:
    def change(old: Content) -> Content:
        return Content(old.text + "# more\n", old.layout)

    draft = live.desk.drafts.create(lambda _: content_of(b"type: pipeline\n", Layout()))
    with stream(live, f"draft={draft.id}") as page:
        assert page.until("draft")[2] == {"id": draft.id, "revision": 1}
        began = time.monotonic()
        draft.change(1, change, "Edit")
        assert page.until("draft")[2]["revision"] == 2
        assert time.monotonic() - began < WITHIN
        draft.change(2, change, "Edit")
        _, last, value = page.until("draft")
        assert value["revision"] == 3
    draft.change(3, change, "Edit")
    with stream(live, f"draft={draft.id}", last) as page:
        assert page.until("draft")[2]["revision"] == 4
        live.desk.drafts.delete(draft.id)
        assert page.until("draft")[2]["revision"] == 0


def test_whoever_comes_back_at_any_event_is_told_the_rest_once(
    live: Live, other: Recorder, tmp_path: Path
) -> None:
    add_run(other, "a", tmp_path)
    with Journal(tmp_path / JOURNAL_NAME, 1) as journal:
        for number in range(12):
            journal.write("log", "train", level="info", text=str(number))
        with stream(live, "run=a&after=3") as page:
            seen = [page.until("journal") for _ in range(9)]
        assert [value["seq"] for _, _, value in seen] == list(range(4, 13))
        for position, (_, last, _) in enumerate(seen[:-1]):
            with stream(live, "run=a&after=3", last) as page:
                rest = page.lines(len(seen) - position - 1)
            assert rest == list(range(position + 5, 13))
        # a page that closed its stream itself says so in the address; the header is newer
        with stream(live, f"run=a&last={seen[3][1]}") as page:
            assert page.lines(5) == [8, 9, 10, 11, 12]
        with stream(live, f"run=a&last={seen[3][1]}", seen[6][1]) as page:
            assert page.lines(2) == [11, 12]


def test_runs_that_changed_during_a_break_are_told(live: Live, other: Recorder) -> None:
    for name in "abc":
        add_run(other, name)
    with stream(live) as page:
        told = [page.until("run") for _ in range(3)]
        assert {value["id"] for _, _, value in told} == {"a", "b", "c"}
    # who heard of the first only has not heard of all
    with stream(live, last=told[0][1]) as page:
        assert {page.until("run")[2]["id"] for _ in range(3)} == {"a", "b", "c"}
    for name in "ab":
        other.move_run(name, "cancelled")
    with stream(live, last=told[2][1]) as page:
        states = {v["id"]: v["state"] for _, _, v in (page.until("run") for _ in range(3))}
    assert states == {"a": "cancelled", "b": "cancelled", "c": "queued"}


def test_lines_of_a_supervisor_that_was_taken_over_from_are_left_out(
    live: Live, other: Recorder, tmp_path: Path
) -> None:
    add_run(other, "a", tmp_path)
    path = tmp_path / JOURNAL_NAME
    with Journal(path, 1) as first, Journal(path, 2) as second, stream(live, "run=a") as page:
        first.write("log", "train", level="info", text="first")
        second.write("log", "train", level="info", text="second")
        first.write("log", "train", level="info", text="too late")
        second.write("log", "train", level="info", text="third")
        texts = [page.until("journal")[2]["text"] for _ in range(3)]
        assert texts == ["first", "second", "third"]


def test_a_long_journal_is_told_whole_and_in_order(
    live: Live, other: Recorder, tmp_path: Path
) -> None:
    add_run(other, "a", tmp_path)
    with Journal(tmp_path / JOURNAL_NAME, 1) as journal:
        for number in range(3_500):
            journal.write("log", "train", level="info", text=f"{number} \u2028 \r ü")
    with stream(live, "run=a") as page:
        assert page.lines(3_500) == list(range(1, 3_501))


def test_of_what_is_not_there_nothing_is_told(live: Live) -> None:
    with stream(live, "run=nothing&draft=nothing", "no cursor") as page:
        assert page.status == 200
        live.desk.events.tell_weights(live.desk.weights.get("resnet18"))
        name, _, value = page.next()
        assert (name, value["model"]) == ("weights", "resnet18")


def test_streams_are_limited_and_those_that_ended_are_not_counted(home: Path) -> None:
    with serving(ServerLimits(streams_per_session=3, streams=5)) as live:
        opened = [stream(live) for _ in range(3)]
        with stream(live) as refused:
            assert refused.status == 429
        value, _ = live.desk.access.cookie(live.desk.access.begin())
        mine = live.headers | {"Cookie": f"{live.desk.access.cookie_name}={value}"}
        opened += [Stream(live.port, mine) for _ in range(2)]
        assert [page.status for page in opened] == [200] * 5
        with Stream(live.port, mine) as refused:
            assert refused.status == 429, "all in all"
        for page in opened:
            with page:
                pass

        def can_open() -> bool:
            with stream(live) as again:
                return again.status == 200

        assert eventually(5, can_open)


def test_a_stream_ends_after_its_time_and_goes_on(home: Path) -> None:
    with serving(ServerLimits(stream_seconds=0.3)) as live, stream(live) as page:
        with pytest.raises(EOFError):
            page.next()
        with stream(live) as again:
            assert again.status == 200


def test_a_server_that_was_killed_and_started_again_tells_what_was_missed(
    home: Path, tmp_path: Path
) -> None:
    served = Served("--port", "0")
    port = int(served.origin.rsplit(":", 1)[1])
    access = Access(home / "server", port)
    value, _ = access.cookie(access.begin())
    headers = {"Cookie": f"{access.cookie_name}={value}", "Sec-Fetch-Site": "same-origin"}
    try:
        with (
            open_records(load_settings().records) as records,
            Journal(tmp_path / JOURNAL_NAME, 1) as journal,
        ):
            add_run(records, "a", tmp_path)
            add_run(records, "b")
            with Stream(port, headers, "run=a") as page:
                for number in range(5):
                    journal.write("log", "train", level="info", text=str(number))
                assert page.lines(5) == [1, 2, 3, 4, 5]
                records.move_run("b", "running")
                while (event := page.until("run"))[2]["state"] != "running":
                    pass
                last = event[1]
                served.process.kill()
                served.process.wait(20)
                for number in range(5):
                    journal.write("log", "train", level="info", text=str(number))
                records.move_run("b", "failed", "no luck")
            served = Served("--port", str(port))
            lines: list[int] = []
            states: dict[str, str] = {}
            with Stream(port, headers, "run=a", last) as page:
                # the two kinds come in any order
                while len(lines) < 5 or states.get("b") != "failed":
                    kind, _, value = page.next()
                    if kind == "journal":
                        lines.append(value["seq"])
                    elif kind == "run":
                        states[value["id"]] = value["state"]
        assert lines == [6, 7, 8, 9, 10]
        assert states == {"a": "queued", "b": "failed"}
    finally:
        served.end()
