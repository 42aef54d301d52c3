"""What a step needs before its process starts: its key for itself, and slots of its target."""

from __future__ import annotations

import contextlib
from pathlib import Path

from visionloom.artifacts.atomic import remove_tree
from visionloom.engine import key_lock
from visionloom.engine.key_lock import KeyLock
from visionloom.engine.process import liveness
from visionloom.engine.resolved import ResolvedStep
from visionloom.engine.reuse import Decision
from visionloom.engine.tools import Tools
from visionloom.errors import RunStateError
from visionloom.records.recorder import Recorder
from visionloom.records.rows import RUN_ENDS, RunRow

# reasons to run although there is a result under the key
_IN_SPITE_OF_A_RESULT = frozenset({"forced", "random", "missing", "moved"})


def scratch_of(tools: Tools, decision: Decision) -> Path:
    """Where a step leaves what its attempts go on from: shared by all runs with its key.

    What is drawn at random is the run's own, and that of runs that continue it.
    """
    return state_folder(
        tools.settings.scratch, decision.key, "" if decision.reusable else tools.origin
    )


def state_folder(scratch: Path, key: str, origin: str = "") -> Path:
    """The folder of a key's state; of one run's own, with ``origin`` of that run."""
    return scratch / (f"{key}.{origin}" if origin else key)


def origin_of(recorder: Recorder, run: RunRow) -> str:
    """The first of the runs that each continue the one before."""
    while run.parent:
        try:
            run = recorder.get_run(run.parent)
        except RunStateError:
            return run.parent
    return run.id


def outer_lock(scratch: Path) -> Path:
    """What a supervisor locks from before a step starts until its result is recorded."""
    return scratch.with_name(f"{scratch.name}.lock")


def inner_lock(scratch: Path) -> Path:
    """What the process of a step locks, which may outlive its supervisor."""
    return scratch.with_name(f"{scratch.name}.step")


def take_key(tools: Tools, step: str, scratch: Path) -> KeyLock | str:
    """Be alone with a key, among all runs and what dead supervisors left running.

    Returns:
        The lock, or whom to wait for.
    """
    me = f"{tools.run.id} {step}"
    lock = key_lock.take(outer_lock(scratch), me)
    if lock is None:
        return _is_running_in(outer_lock(scratch))
    inner = key_lock.take(inner_lock(scratch), me)
    if inner is None:
        lock.release()
        return _is_running_in(inner_lock(scratch))
    inner.release()
    return lock


def clear(scratch: Path, lock: KeyLock) -> None:
    """Remove what a step left to go on from: it succeeded. The lock goes with it."""
    remove_tree(scratch)
    with contextlib.suppress(OSError):
        inner_lock(scratch).unlink()
    lock.release(remove=True)


def may_be_made_by_now(tools: Tools, decision: Decision) -> bool:
    """Whether there is a result that the decision to run does not know of."""
    kinds = {reason.kind for reason in decision.reasons}
    if not decision.reusable or not kinds.isdisjoint(_IN_SPITE_OF_A_RESULT):
        return False
    return decision.key in tools.recorder.results([decision.key])


def take_slots(tools: Tools, step: ResolvedStep) -> str:
    """Take the slots a step needs; empty, or why it has to wait.

    Slots of runs whose processes are all dead are given back first, where too few are free.
    """
    target, run = step.target, tools.run.id
    count = min(step.slots, target.slots)
    for last in (False, True):
        if tools.recorder.take_slots(
            target.name, target.slots, count, run, step.name, fence=tools.fence
        ):
            return ""
        if last or not _reclaim(tools, target.name):
            break
    holders = dict.fromkeys(
        name if other == run else f"{name} of run {other}"
        for other, name, _ in tools.recorder.slots(target.name)
    )
    return f"{target.name} is taken by {', '.join(holders) or 'others'}"


def _reclaim(tools: Tools, target: str) -> bool:
    """Give back the slots of the dead; whether there were any."""
    found = False
    for run, step, _ in tools.recorder.slots(target):
        if run != tools.run.id and _is_dead(tools, run, step):
            tools.recorder.free_slots(run, step)
            found = True
    return found


def _is_dead(tools: Tools, run: str, step: str) -> bool:
    try:
        row = tools.recorder.get_run(run)
    except RunStateError:
        return True
    if row.state in RUN_ENDS:
        return True
    if row.supervisor is None or liveness(row.supervisor) != "dead":
        return False
    going_on = [a for a in tools.recorder.attempts(run, step) if a.state == "running"]
    return all(a.process is not None and liveness(a.process) == "dead" for a in going_on)


def _is_running_in(path: Path) -> str:
    run = key_lock.holder_of(path).partition(" ")[0]
    return f"the same step is running in {run or 'another run'}"
