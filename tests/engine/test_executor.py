"""Processes of steps leave a result, and end with all they started, forked or started anew."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine.conftest import await_end, await_that
from tests.engine.work import RUNNER, read_note
from visionloom.engine import key_lock, process
from visionloom.engine.executors.base import LOG_NAME, Job, read_job
from visionloom.engine.executors.local import LocalExecutor, device_variables
from visionloom.engine.journal import LineReader, parse
from visionloom.engine.step_process import read_result

Make = Callable[..., Job]


def events(job: Job) -> list[dict[str, object]]:
    found = (parse(line) for line in LineReader(job.path / "events.jsonl").read())
    return [value for value in found if value]


@pytest.fixture(params=["forked", "started anew"])
def either(request: pytest.FixtureRequest) -> Iterator[LocalExecutor]:
    """An executor of each kind."""
    made = LocalExecutor(RUNNER, light=["tests.engine.work"], fork=request.param == "forked")
    yield made
    made.close()


def test_a_step_leaves_its_result_and_then_ends(either: LocalExecutor, job: Make) -> None:
    done = job(text="hello")
    who = either.start(done)
    ended = await_end(either, done)
    assert ended.exit == 0
    assert not process.is_alive(who)
    assert either.is_empty(done)
    result = read_result(done.path)
    assert result is not None
    assert result.state == "succeeded"
    assert read_note(Path(result.outputs["note"])) == "(hello)"
    assert result.seconds > 0
    assert result.peak_bytes is None or result.peak_bytes > 1 << 20
    assert read_job(done.path) == done


@pytest.mark.parametrize(
    ("how", "status", "kind", "memory"),
    [
        ("fail", 3, "InvalidDatasetError", False),
        ("bug", 1, "ZeroDivisionError", False),
        ("speak long", 1, "ValueError", False),
        ("say nothing", 1, "MuteError", False),
        ("memory error", 5, "ModuleOutOfMemoryError", True),
    ],
)
def test_a_failure_says_what_and_why(
    executor: LocalExecutor, job: Make, how: str, status: int, kind: str, memory: bool
) -> None:
    failed = job(how=how)
    executor.start(failed)
    assert await_end(executor, failed).exit == status
    result = read_result(failed.path)
    assert result is not None
    assert result.failure is not None
    assert (result.state, result.failure.kind) == ("failed", kind)
    assert result.out_of_memory is memory
    assert result.failure.exit_status == status
    assert (failed.path / LOG_NAME).read_text()
    told = json.loads((failed.path / "result.json").read_text())["error"]
    assert told["class"] == kind
    assert len(told["message"]) < 2_100


def test_a_crash_leaves_no_result_but_its_stack(executor: LocalExecutor, job: Make) -> None:
    crashed = job(how="crash")
    executor.start(crashed)
    assert await_end(executor, crashed).exit == -signal.SIGSEGV
    assert read_result(crashed.path) is None
    assert "ctypes" in (crashed.path / LOG_NAME).read_text()


def test_the_first_term_lets_it_save_its_state(either: LocalExecutor, job: Make) -> None:
    stopped = job(epochs=100, seconds=30)
    either.start(stopped)
    await_that(lambda: any(e["kind"] == "metrics" for e in events(stopped)))
    either.stop(stopped, kill=False)
    assert await_end(either, stopped).exit == 143
    result = read_result(stopped.path)
    assert result is not None
    assert result.state == "interrupted"
    assert (Path(stopped.scratch) / "checkpoint.json").exists()


def test_the_second_term_ends_it(executor: LocalExecutor, job: Make) -> None:
    looping = job(how="loop")
    executor.start(looping)
    await_that(lambda: events(looping))
    executor.stop(looping, kill=False)
    time.sleep(0.1)
    assert executor.poll(looping) is None
    executor.stop(looping, kill=False)
    assert await_end(executor, looping).exit == 143


def test_asked_for_its_stacks_it_goes_on(executor: LocalExecutor, job: Make) -> None:
    looping = job(how="loop")
    executor.start(looping)
    await_that(lambda: events(looping))
    executor.dump(looping)
    await_that(lambda: "_loop" in (looping.path / LOG_NAME).read_text())
    assert executor.poll(looping) is None
    executor.stop(looping, kill=True)
    assert await_end(executor, looping).exit == -signal.SIGKILL


def test_a_file_ends_training_with_its_best(executor: LocalExecutor, job: Make) -> None:
    training = job(epochs=200, seconds=60)
    executor.start(training)
    await_that(lambda: any(e["kind"] == "metrics" for e in events(training)))
    (training.path / "finish").touch()
    assert await_end(executor, training).exit == 0
    assert "epochs" in read_note(Path(training.outputs["note"]))


def test_a_file_asks_it_to_stop_where_there_are_no_signals(
    executor: LocalExecutor, job: Make
) -> None:
    waiting = job(seconds=30)
    executor.start(waiting)
    await_that(lambda: events(waiting))
    (waiting.path / "stop").touch()
    assert await_end(executor, waiting).exit == 143


def test_progress_is_told_four_times_a_second_at_most(executor: LocalExecutor, job: Make) -> None:
    waiting = job(seconds=1.0)
    executor.start(waiting)
    await_end(executor, waiting)
    told = [e for e in events(waiting) if e["kind"] == "progress"]
    assert 2 <= len(told) <= 6
    assert (waiting.path / "heartbeat").exists()


def test_grandchildren_end_with_it_wherever_they_went(executor: LocalExecutor, job: Make) -> None:
    parent = job(how="grandchildren")
    who = executor.start(parent)
    await_that(lambda: events(parent))
    assert len(process.remaining(who, parent.marker)) == 4
    executor.stop(parent, kill=False)
    time.sleep(0.2)
    assert executor.poll(parent) is None, "it ignores being asked"
    executor.stop(parent, kill=True)
    await_end(executor, parent)
    await_that(lambda: executor.is_empty(parent), 2)


def test_what_a_step_leaves_behind_is_ended(executor: LocalExecutor, job: Make) -> None:
    parent = job(how="orphans")
    who = executor.start(parent)
    assert await_end(executor, parent).exit == 0
    left = [e for e in process.table().values() if parent.scratch in _command(e.pid)]
    assert not [e for e in left if not e.dead], "an orphan is left"
    assert not process.is_alive(who)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def test_the_server_s_death_ends_no_step(executor: LocalExecutor, job: Make) -> None:
    training = job(epochs=5, seconds=0.6)
    who = executor.start(training)
    (server,) = [p for p in process.find_marked("") if "fork-server" in process.marker_of(p.pid)
                 and training.marker.split(".")[0] in process.marker_of(p.pid)]  # fmt: skip
    process.send_signal(server, process.KILL)
    await_that(lambda: not process.is_alive(server))
    assert process.is_alive(who)
    assert await_end(executor, training).exit is None
    result = read_result(training.path)
    assert result is not None
    assert result.state == "succeeded"
    after = job("after")
    executor.start(after)
    assert await_end(executor, after).exit == 0


_START_AND_DIE = """
import sys
from pathlib import Path
from visionloom.engine.executors.base import read_job
from visionloom.engine.executors.local import LocalExecutor
executor = LocalExecutor("tests.engine.work:run_job", light=["tests.engine.work"])
print(executor.start(read_job(Path(sys.argv[1]))).pid, flush=True)
sys.stdin.readline()
"""


def test_a_step_outlives_its_supervisor_and_is_adopted_by_the_next(
    executor: LocalExecutor, job: Make
) -> None:
    training = job(epochs=20, seconds=1.5)
    first = subprocess.Popen(
        [sys.executable, "-c", _START_AND_DIE, training.folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert first.stdout is not None
    who = process.identify(int(first.stdout.readline()))
    first.kill()
    first.communicate()
    assert executor.adopt(training, who)
    assert executor.poll(training) is None
    assert await_end(executor, training).exit is None
    assert read_result(training.path) is not None
    assert executor.is_empty(training)
    assert not executor.adopt(training, who)


def test_orphans_are_ended_even_when_the_supervisor_is_gone(job: Make) -> None:
    parent = job(how="orphans")
    first = subprocess.Popen(
        [sys.executable, "-c", _START_AND_DIE, parent.folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert first.stdout is not None
    first.stdout.readline()
    first.kill()
    first.communicate()
    await_that(lambda: read_result(parent.path))
    await_that(lambda: not process.find_marked(parent.marker), 3)


def test_two_processes_under_one_key_do_not_work_at_once(
    executor: LocalExecutor, job: Make, tmp_path: Path
) -> None:
    lock = str(tmp_path / "scratch" / "key.step")
    first, second = job("first", lock=lock, seconds=30), job("second", lock=lock)
    executor.start(first)
    await_that(lambda: events(first))
    executor.start(second)
    assert await_end(executor, second).exit == 0
    result = read_result(second.path)
    assert result is not None
    assert result.state == "busy"
    executor.stop(first, kill=True)
    await_end(executor, first)
    free = key_lock.take(Path(lock), "me")
    assert free is not None
    free.release()


def test_variables_that_libraries_read_when_they_load_get_a_new_interpreter(
    executor: LocalExecutor, job: Make
) -> None:
    with_threads = job("threads", environment={"OMP_NUM_THREADS": "3"})
    with_device = job("device", environment={"CUDA_VISIBLE_DEVICES": "1"}, seconds=30)
    executor.start(with_threads)
    assert await_end(executor, with_threads).exit == 0
    who = executor.start(with_device)
    await_that(lambda: events(with_device))
    assert "fork_server" in _command(who.pid)
    executor.stop(with_device, kill=True)
    await_end(executor, with_device)
    assert device_variables("cpu") == {"CUDA_VISIBLE_DEVICES": ""}
    assert device_variables("cuda:1") == {"CUDA_VISIBLE_DEVICES": "1"}
    assert device_variables("auto") == device_variables("cuda") == {}


def test_the_number_of_a_gpu_counts_those_that_may_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4, GPU-7f")
    assert device_variables("cuda:0") == {"CUDA_VISIBLE_DEVICES": "4"}
    assert device_variables("cuda:1") == {"CUDA_VISIBLE_DEVICES": "GPU-7f"}


def test_a_light_step_does_not_wait_for_heavy_modules(job: Make, tmp_path: Path) -> None:
    slow = tmp_path / "modules"
    slow.mkdir()
    (slow / "heavy_one.py").write_text("import time\ntime.sleep(1.5)\n")
    path = f"{os.environ['PYTHONPATH']}{os.pathsep}{slow}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path)
        executor = LocalExecutor(RUNNER, light=["tests.engine.work"], heavy=["heavy_one"])
        try:
            heavy, light = job("heavy", preload=("heavy_one",)), job("light")
            executor.prepare(heavy.preload)
            await_that(lambda: executor.ready(light))
            assert not executor.ready(heavy)
            executor.start(light)
            assert await_end(executor, light).exit == 0
            await_that(lambda: executor.ready(heavy))
            executor.start(heavy)
            assert await_end(executor, heavy).exit == 0
        finally:
            executor.close()


def test_a_module_that_cannot_be_imported_is_the_step_s_own_trouble(job: Make) -> None:
    executor = LocalExecutor(RUNNER, light=["no_such_module", "tests.engine.work"])
    try:
        done = job()
        executor.start(done)
        assert await_end(executor, done).exit == 0
    finally:
        executor.close()


def test_a_step_that_takes_more_memory_than_its_target_allows_is_ended(
    executor: LocalExecutor, job: Make
) -> None:
    greedy = job(how="fill memory", memory_bytes=100 << 20)
    executor.start(greedy)
    ended = await_end(executor, greedy)
    assert ended.out_of_memory
    assert ended.exit == -signal.SIGKILL
    assert ended.peak_bytes is not None
    assert ended.peak_bytes > 100 << 20


def test_waiting_ends_when_somebody_wakes_it(executor: LocalExecutor) -> None:
    executor.wake()
    started = time.monotonic()
    executor.wait(30)
    assert time.monotonic() - started < 10
    executor.wait(0.01)


def test_a_process_that_does_not_begin_is_lost(job: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from visionloom.errors import ProcessLostError

    executor = LocalExecutor(RUNNER, fork=False)
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(ProcessLostError):
        executor.start(job())
    executor.close()
