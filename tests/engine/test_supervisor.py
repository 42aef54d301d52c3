"""A run is carried out: in order, in parallel where it can be, reused, retried, delivered."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path

import pytest

from tests.engine.harness import Bench, step
from tests.engine.work import read_note, write_note
from visionloom.artifacts.atomic import remove_tree
from visionloom.engine.tools import Tools
from visionloom.errors import RunStateError

DIAMOND = (
    step("one", text="1"),
    step("two", before="one", text="2"),
    step("three", before="one", text="3"),
    step("four", before="two", beside="three", text="4"),
)


def test_steps_run_after_what_they_need(bench: Bench) -> None:
    run = bench.carry_out(*DIAMOND)
    assert run.state == "succeeded"
    assert set(bench.states(run).values()) == {"succeeded"}
    assert bench.note(run, "four") == "(((1) 2) ((1) 3) 4)"
    assert bench.step(run, "four").seconds
    bench.check(run)


def test_an_unchanged_run_runs_nothing(bench: Bench) -> None:
    first = bench.carry_out(*DIAMOND)
    again = bench.carry_out(*DIAMOND)
    assert set(bench.states(again).values()) == {"reused"}
    assert bench.note(again, "four") == bench.note(first, "four")
    assert {bench.step(again, name).source for name in bench.states(again)} == {first.id}
    assert not bench.recorder.attempts(again.id)
    bench.check(again)


def test_a_change_runs_what_follows_it_and_equal_content_cuts_it_off(bench: Bench) -> None:
    bench.carry_out(*DIAMOND)
    changed = bench.carry_out(DIAMOND[0], step("two", before="one", text="22"), *DIAMOND[2:])
    assert bench.states(changed) == {
        "one": "reused",
        "two": "succeeded",
        "three": "reused",
        "four": "succeeded",
    }
    # made in another way, but equal
    same = bench.carry_out(step("one", text="1", how="use scratch"), *DIAMOND[1:])
    assert bench.states(same) == {
        "one": "succeeded",
        "two": "reused",
        "three": "reused",
        "four": "reused",
    }


def test_independent_steps_run_at_once_within_the_slots(bench: Bench) -> None:
    wide = [step(name, text=name, seconds=0.6) for name in "abc"]
    run = bench.carry_out(*wide)
    assert most_at_once(bench, run.id) == 3
    narrow = {"name": "cpu", "device": "cpu", "slots": 1}
    alone = bench.carry_out(
        *[step(name, text=name * 2, seconds=0.2, target=narrow) for name in "abc"]
    )
    assert most_at_once(bench, alone.id) == 1
    reasons = [line.get("reason") for line in bench.journal(alone) if line["kind"] == "step"]
    assert "cpu is taken by a" in reasons
    bench.check(alone)


def most_at_once(bench: Bench, run: str) -> int:
    going_on = most = 0
    for line in bench.journal(bench.run(run)):
        if line["kind"] == "step":
            going_on += {"running": 1, "succeeded": -1}.get(line["state"], 0)
            most = max(most, going_on)
    return most


def test_slots_are_shared_between_runs(bench: Bench) -> None:
    one = {"name": "cpu", "device": "cpu", "slots": 1}
    first = bench.submit(step("a", text="a", seconds=0.8, target=one))
    other = bench.start(first)
    bench.await_step(first, "a", "running")
    second = bench.carry_out(step("b", text="b", target=one))
    assert second.state == "succeeded"
    reasons = [line.get("reason") for line in bench.journal(second) if line["kind"] == "step"]
    assert f"cpu is taken by a of run {first.id}" in reasons
    assert other.wait(20) == 0
    bench.check(first)


def test_a_failed_step_fails_the_run_and_skips_what_waits(bench: Bench) -> None:
    run = bench.carry_out(
        step("bad", text="bad", how="fail"),
        step("after", before="bad"),
        step("later", before="after"),
        step("long", text="long", seconds=0.5),
        step("free", before="long", text="free"),
    )
    assert run.state == "failed"
    assert run.reason == "bad: The pictures are no pictures."
    assert bench.states(run) == {
        "bad": "failed",
        "after": "skipped",
        "later": "skipped",
        "long": "succeeded",
        "free": "skipped",
    }
    assert bench.step(run, "after").reason == "bad failed"
    assert bench.step(run, "free").reason == "bad failed"
    (told,) = [line for line in bench.journal(run) if "error" in line]
    assert told["error"]["class"] == "InvalidDatasetError"
    assert told["error"]["remedy"] == "Take some."
    bench.check(run)


def test_independent_steps_go_on_after_a_failure_if_they_may(bench: Bench) -> None:
    run = bench.carry_out(
        step("bad", text="bad", how="fail"),
        step("after", before="bad"),
        step("long", text="long", seconds=0.3),
        step("free", before="long", text="free"),
        continue_on_step_failure=True,
    )
    assert run.state == "failed"
    assert bench.states(run) == {
        "bad": "failed",
        "after": "skipped",
        "long": "succeeded",
        "free": "succeeded",
    }


@pytest.mark.parametrize(
    ("how", "attempts", "state", "reason"),
    [
        ("kill itself", 3, "lost", "SIGKILL"),
        ("memory error", 2, "failed", "out of memory"),
        ("crash", 1, "failed", "SIGSEGV"),
        ("leave at once", 1, "failed", "without a result"),
        ("bug", 1, "failed", "ZeroDivisionError: a bug"),
    ],
)
def test_only_lost_processes_and_lack_of_memory_are_tried_again(
    bench: Bench, how: str, attempts: int, state: str, reason: str
) -> None:
    run = bench.carry_out(step("a", how=how))
    assert run.state == "failed"
    assert bench.states(run)["a"] == state
    tried = bench.recorder.attempts(run.id, "a")
    assert [a.number for a in tried] == list(range(1, attempts + 1))
    assert all(reason in a.reason for a in tried)
    assert reason in run.reason
    bench.check(run)


def test_a_step_that_takes_too_much_memory_fails_with_the_peak(bench: Bench) -> None:
    small = {"name": "cpu", "device": "cpu", "slots": 4, "memory_bytes": 100 << 20}
    run = bench.carry_out(step("a", how="fill memory", target=small))
    assert run.state == "failed"
    assert re.search(r"out of memory: It took \d+ MiB. Its target allows 100 MiB.", run.reason)
    assert all((a.peak_bytes or 0) > 100 << 20 for a in bench.recorder.attempts(run.id))


def test_a_training_goes_on_from_its_checkpoint_after_its_process_was_killed(
    bench: Bench,
) -> None:
    whole = bench.carry_out(step("train", epochs=12))
    killed = bench.submit(step("train", epochs=12, how="use scratch", seconds=1.2))
    killer = threading.Thread(target=kill_in_epochs, args=(bench, killed.id, {3, 7}))
    killer.start()
    bench.supervisor(killed).run()
    killer.join()
    killed = bench.run(killed.id)
    assert killed.state == "succeeded"
    assert bench.note(killed, "train") == bench.note(whole, "train")
    assert [a.state for a in bench.recorder.attempts(killed.id)] == ["lost", "lost", "succeeded"]
    curve = bench.recorder.curve(killed.id, "train", "figure")
    assert [point.index for point in curve] == list(range(1, 13))
    assert [p.value for p in curve] == [
        p.value for p in bench.recorder.curve(whole.id, "train", "figure")
    ]
    told = [line["row"]["epoch"] for line in bench.journal(killed) if line["kind"] == "metrics"]
    assert told == list(range(1, 13)), "no epoch is told twice"
    bench.check(killed)


def kill_in_epochs(bench: Bench, run: str, epochs: set[int]) -> None:
    from visionloom.engine import process
    from visionloom.engine.journal import JOURNAL_NAME, follow

    for line in follow(bench.settings.runs / run / JOURNAL_NAME, stop=lambda: not epochs):
        if line["kind"] == "metrics" and line["row"]["epoch"] in epochs:
            epochs.discard(line["row"]["epoch"])
            last = bench.recorder.attempts(run)[-1]
            if last.process is not None:
                process.send_signal(last.process, process.KILL)


def test_what_a_step_went_on_from_is_gone_once_it_succeeded(bench: Bench) -> None:
    run = bench.carry_out(step("train", epochs=2))
    assert run.state == "succeeded"
    assert not list(bench.settings.scratch.iterdir())


def test_a_forced_run_makes_everything_anew_and_is_reused_after(bench: Bench) -> None:
    first = bench.carry_out(*DIAMOND)
    forced = bench.carry_out(*DIAMOND, no_reuse=True)
    assert set(bench.states(forced).values()) == {"succeeded"}
    after = bench.carry_out(*DIAMOND)
    assert {bench.step(after, name).source for name in bench.states(after)} == {forced.id}
    assert bench.note(first, "four") == bench.note(after, "four")


def test_a_forced_run_does_not_go_on_from_what_another_left(bench: Bench) -> None:
    training = step("train", epochs=3, text="t")
    first = bench.carry_out(training)
    scratch = bench.settings.scratch / bench.step(first, "train").key
    scratch.mkdir(parents=True)
    (scratch / "checkpoint.json").write_text(json.dumps({"rows": ["x", "y", "z"]}))
    forced = bench.carry_out(training, no_reuse=True)
    assert "x" not in bench.note(forced, "train")


def test_steps_that_are_not_wanted_are_left(bench: Bench) -> None:
    run = bench.carry_out(*DIAMOND, up_to="two")
    assert run.state == "succeeded"
    assert bench.states(run) == {
        "one": "succeeded",
        "two": "succeeded",
        "three": "skipped",
        "four": "skipped",
    }
    assert {bench.step(run, n).reason for n in ("three", "four")} == {"not selected"}
    only = bench.carry_out(*DIAMOND, only="three")
    assert bench.states(only) == {
        "one": "reused",
        "two": "skipped",
        "three": "succeeded",
        "four": "skipped",
    }
    refused = bench.carry_out(step("new", text="new"), step("next", before="new"), only="next")
    assert refused.state == "failed"
    assert bench.states(refused) == {"new": "failed", "next": "skipped"}
    assert bench.step(refused, "new").reason.startswith("there is no earlier result of new")


def test_outputs_are_delivered_at_the_end(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "out" / "four"
    run = bench.carry_out(*DIAMOND, deliver={"four": target})
    assert read_note(target) == bench.note(run, "four")
    assert [line["path"] for line in bench.journal(run) if "path" in line] == [str(target)]
    # an older artifact of the same type gives way, an equal one stays
    inode = target.stat().st_ino
    bench.carry_out(*DIAMOND, deliver={"four": target})
    assert target.stat().st_ino == inode
    changed = bench.carry_out(*DIAMOND[:3], step("four", text="new"), deliver={"four": target})
    assert read_note(target) == bench.note(changed, "four")


def test_nothing_of_the_user_s_is_replaced_and_nothing_runs_for_it(
    bench: Bench, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years")
    run = bench.carry_out(*DIAMOND, deliver={"four": mine})
    assert run.state == "failed"
    assert str(mine) in run.reason
    assert set(bench.states(run).values()) == {"skipped"}
    assert (mine / "thesis.txt").read_text() == "years"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert bench.carry_out(*DIAMOND, deliver={"four": empty}).state == "succeeded"
    bench.check(run)


def test_what_the_user_put_into_a_delivered_folder_stays(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "out"
    bench.carry_out(*DIAMOND, deliver={"four": target})
    (target / "sub").mkdir()
    (target / "sub" / "thoughts.txt").write_text("mine")
    changed = (*DIAMOND[:3], step("four", text="new"))
    run = bench.carry_out(*changed, deliver={"four": target})
    assert run.state == "failed"
    assert "sub/thoughts.txt" in run.reason
    assert (target / "sub" / "thoughts.txt").read_text() == "mine"


def test_what_came_to_stand_there_meanwhile_stays(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "out"
    run = bench.submit(step("one", seconds=1.0), deliver={"one": target})
    bench.start(run)
    bench.await_step(run, "one", "running")
    target.mkdir()
    (target / "thoughts.txt").write_text("mine")
    ended = bench.await_end(run)
    assert ended.state == "failed"
    assert "would replace" in ended.reason
    assert (target / "thoughts.txt").read_text() == "mine"


def test_a_component_that_hands_on_what_it_was_given_takes_nothing_from_anybody(
    bench: Bench,
) -> None:
    run = bench.carry_out(step("one", text="1"), step("two", before="one", how="hand on"))
    assert bench.states(run) == {"one": "succeeded", "two": "failed"}
    (told,) = [line["error"] for line in bench.journal(run) if "error" in line]
    assert 'context.output("note")' in told["remedy"]
    assert bench.note(run, "one") == "(1)"
    bench.check(run)


def test_where_a_link_leads_is_replaced_and_the_link_stays(bench: Bench, tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    bench.carry_out(*DIAMOND, deliver={"four": real})
    link.symlink_to(real)
    changed = (*DIAMOND[:3], step("four", text="new"))
    assert bench.carry_out(*changed, deliver={"four": link}).state == "succeeded"
    assert link.is_symlink()
    assert "new" in read_note(real)
    assert {path.name for path in tmp_path.iterdir()} >= {"real", "link"}
    assert not list(tmp_path.glob(".visionloom-*"))


def test_a_result_of_data_that_changed_meanwhile_does_not_count(
    bench: Bench, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    write_note(data, "before")
    run = bench.submit(step("read", before=str(data), seconds=0.5))

    def change() -> None:
        bench.await_step(run, "read", "running")
        remove_tree(data)
        write_note(data, "after")

    changer = threading.Thread(target=change)
    changer.start()
    bench.supervisor(run).run()
    changer.join()
    assert bench.run(run.id).reason == f"read: input changed: {data}"
    (told,) = [line["error"] for line in bench.journal(run) if "error" in line]
    assert told["exit_status"] == 3
    again = bench.carry_out(step("read", before=str(data)))
    assert bench.states(again) == {"read": "succeeded"}
    assert bench.note(again, "read") == "(after )"


def test_data_that_cannot_be_read_fails_the_step_with_its_error(
    bench: Bench, tmp_path: Path
) -> None:
    run = bench.carry_out(step("read", before=str(tmp_path / "gone")))
    assert run.state == "failed"
    assert "gone" in run.reason


def test_an_object_that_is_gone_is_made_again(bench: Bench) -> None:
    first = bench.carry_out(step("one", text="1"))
    (output,) = bench.recorder.outputs(first.id)
    bench.store.remove(output.object)
    again = bench.carry_out(step("one", text="1"))
    assert bench.states(again) == {"one": "succeeded"}
    bench.check(again)


def test_two_equal_steps_of_one_run_are_made_once(bench: Bench) -> None:
    run = bench.carry_out(step("one", text="1", seconds=0.3), step("same", text="1", seconds=0.3))
    assert sorted(bench.states(run).values()) == ["reused", "succeeded"]
    reasons = {line.get("reason") for line in bench.journal(run)}
    assert f"the same step is running in {run.id}" in reasons


def test_the_same_step_of_two_runs_is_made_once(bench: Bench) -> None:
    first = bench.submit(step("one", text="1", seconds=0.8))
    other = bench.start(first)
    bench.await_step(first, "one", "running")
    second = bench.carry_out(step("one", text="1", seconds=0.8))
    assert bench.states(first) == {"one": "succeeded"}
    assert bench.states(second) == {"one": "reused"}
    reasons = {line.get("reason") for line in bench.journal(second)}
    assert f"the same step is running in {first.id}" in reasons
    assert other.wait(20) == 0


def test_the_journal_tells_what_happened_and_the_document_keeps_it(bench: Bench) -> None:
    run = bench.carry_out(step("train", epochs=3), step("next", before="train"))
    lines = bench.journal(run)
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    told = [(line["kind"], line.get("step"), line.get("state")) for line in lines]
    assert told[0] == ("run", None, "running")
    assert told[-1] == ("run", None, "succeeded")
    assert ("step", "train", "running") in told
    assert told.index(("output", "train", None)) < told.index(("decision", "next", None))
    document = json.loads((Path(run.folder) / "run.json").read_text())
    assert document["run"]["state"] == "succeeded"


def test_a_supervisor_can_run_where_there_is_no_fork(bench: Bench) -> None:
    run = bench.submit(*DIAMOND)
    assert bench.supervisor(run, fork=False).run() == "succeeded"
    bench.check(run)


def test_a_training_can_be_told_to_finish(bench: Bench) -> None:
    run = bench.submit(step("train", epochs=300, seconds=60))

    def finish() -> None:
        bench.await_that(
            lambda: any(line["kind"] == "metrics" for line in bench.journal(run)), "it trains"
        )
        (Path(run.folder) / "finish").touch()

    finisher = threading.Thread(target=finish)
    finisher.start()
    assert bench.supervisor(run).run() == "succeeded"
    finisher.join()
    assert "epochs" in bench.note(run, "train")


def test_a_run_that_has_ended_is_not_carried_out_again(bench: Bench) -> None:
    run = bench.carry_out(step("one", text="1"))
    with pytest.raises(RunStateError):
        bench.supervisor(run).run()


def test_a_bug_in_the_supervisor_leaves_no_process_and_no_open_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give(*_: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(Tools, "give", give)
    run = bench.submit(step("quick", text="1"), step("long", text="2", seconds=30))
    with pytest.raises(KeyError):
        bench.supervisor(run).run()
    assert "a bug in Visionloom" in bench.run(run.id).reason
    bench.await_that(lambda: not bench.processes(run), "no process is left")


def test_many_supervisors_in_one_home_do_not_disturb_each_other(bench: Bench) -> None:
    runs = [bench.submit(step("a", text=f"{i}"), step("b", before="a")) for i in range(4)]
    supervisors = [bench.start(run) for run in runs]
    assert [one.wait(60) for one in supervisors] == [0] * 4
    for run in runs:
        assert bench.run(run.id).state == "succeeded"
    bench.check()
