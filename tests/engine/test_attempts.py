"""What the end of a process means, and what it may be tried again for."""

from __future__ import annotations

import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.work import work
from visionloom.engine import attempts
from visionloom.engine.attempts import judge
from visionloom.engine.executors.base import Ended, Job
from visionloom.engine.resolved import ResolvedStep
from visionloom.engine.step_process import Failure, Result
from visionloom.engine.targets import Target
from visionloom.records.rows import RUN_ENDS

JOB = Job("run", "step", 1, 1, "work", {}, {}, {}, "scratch", "folder", "home")
DONE = Result("succeeded", {"note": "folder"})
WRONG = Failure("InvalidDatasetError", "No pictures.", "", "0018", 3)


@pytest.mark.parametrize(
    ("status", "result", "state", "retry", "reason"),
    [
        (0, DONE, "succeeded", "", ""),
        (None, DONE, "succeeded", "", ""),
        (-signal.SIGKILL, DONE, "succeeded", "", ""),
        (3, DONE, "failed", "", "status 3"),
        (3, Result("failed", failure=WRONG), "failed", "", "No pictures."),
        (5, Result("failed", failure=WRONG, out_of_memory=True), "failed", "memory", "memory"),
        (143, Result("interrupted"), "lost", "lost", "asked to end"),
        (0, Result("busy", failure=Failure("", "in run 1")), "cancelled", "", "in run 1"),
        (0, None, "failed", "", "without a result"),
        (7, None, "failed", "", "status 7"),
        (None, None, "lost", "lost", "is gone"),
        (143, None, "lost", "lost", "SIGTERM"),
        (-signal.SIGKILL, None, "lost", "lost", "SIGKILL"),
        (-signal.SIGHUP, None, "lost", "lost", "SIGHUP"),
        (-signal.SIGSEGV, None, "failed", "", "SIGSEGV"),
        (-signal.SIGABRT, None, "failed", "", "SIGABRT"),
        (-signal.SIGBUS, None, "failed", "", "SIGBUS"),
        (-60, None, "failed", "", "signal 60"),
    ],
)
def test_the_end_and_the_result_together_say_how_it_went(
    status: int | None, result: Result | None, state: str, retry: str, reason: str
) -> None:
    verdict = judge(JOB, Ended(status), result)
    assert (verdict.state, verdict.retry) == (state, retry)
    assert reason in verdict.reason


def test_a_process_ended_for_lack_of_memory_says_how_much_it_took() -> None:
    verdict = judge(JOB, Ended(-9, 3 << 30, out_of_memory=True), None)
    assert (verdict.state, verdict.retry) == ("failed", "memory")
    assert "3.0 GiB" in verdict.reason
    assert verdict.failure is not None
    assert verdict.failure.exit_status == 5


results = st.none() | st.builds(
    Result,
    st.sampled_from(["succeeded", "failed", "interrupted", "busy"]),
    failure=st.none() | st.just(WRONG),
    out_of_memory=st.booleans(),
)


@given(st.none() | st.integers(-64, 255), st.none() | st.integers(0), st.booleans(), results)
def test_every_end_means_something(
    status: int | None, peak: int | None, memory: bool, result: Result | None
) -> None:
    verdict = judge(JOB, Ended(status, peak, memory), result)
    assert verdict.state in RUN_ENDS
    assert verdict.reason or verdict.state == "succeeded"


def test_a_step_s_process_counts_its_target_s_gpu_as_its_first() -> None:
    def handed(device: str, target: str) -> object:
        said = ResolvedStep("train", work, {}, {"device": device}, Target("t", device=target))
        return attempts._parameters(said)["device"]

    assert handed("cuda:1", "cuda:1") == "cuda:0"
    assert handed("cuda:1", "auto") == "cuda:1"
    assert handed("auto", "cuda:1") == "auto"
