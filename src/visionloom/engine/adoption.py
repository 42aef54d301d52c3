"""What a supervisor finds of a run that an earlier one left: what is done counts, what lives goes
on under its eyes, what died is tried again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visionloom.engine import key_lock, process
from visionloom.engine.attempts import OUT_OF_MEMORY, Attempt, Retry, Verdict
from visionloom.engine.course import CUT_SHORT, Course
from visionloom.engine.executors.base import PROCESS_NAME, Ended, Job, read_job
from visionloom.engine.journal import JOURNAL_NAME, LineReader, parse
from visionloom.engine.reuse import Decision, Reason
from visionloom.engine.starting import clear, outer_lock, take_key
from visionloom.engine.tools import Tools, produced_of
from visionloom.records.rows import AttemptRow, ProcessIdentity, StepRow


@dataclass
class Told:
    """What the journal says already.

    Attributes:
        offsets: (step, attempt) -> up to where its events are in the journal.
        rows: (step, figures of an epoch), in order.
    """

    offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    rows: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)


def read_journal(folder: Path) -> Told:
    """Read what was told before."""
    told = Told()
    for line in LineReader(folder / JOURNAL_NAME).read():
        value = parse(line)
        match value:
            # a damaged line may be anything
            case {"step": str(step), "attempt": int(attempt), "offset": int(offset)}:
                told.offsets[step, attempt] = offset
        match value:
            case {"step": str(step), "kind": "metrics", "offset": int(), "row": dict(row)}:
                told.rows.append((step, row))
    return told


def adopt(tools: Tools, courses: Mapping[str, Course]) -> None:
    """Bring the courses to where the records and the processes are.

    Raises:
        RecordsError: The records cannot be read.
    """
    told = read_journal(tools.folder)
    for step, row in told.rows:
        # figures that were told may not have been recorded any more
        tools.metrics.add(step, row)
    for output in tools.recorder.outputs(tools.run.id):
        tools.produced[output.step, output.port] = produced_of(output)
    attempts: dict[str, list[AttemptRow]] = {}
    for attempt in tools.recorder.attempts(tools.run.id):
        attempts.setdefault(attempt.step, []).append(attempt)
    for found in tools.recorder.steps(tools.run.id):
        if found.name in courses:
            _adopt_step(courses[found.name], found, attempts.get(found.name, []), told)


def _adopt_step(course: Course, row: StepRow, attempts: list[AttemptRow], told: Told) -> None:
    course.state, course.reason = row.state, row.reason
    course.is_left = row.state == "skipped" and row.decision.get("action") == "leave"
    going_on = row.state == "running"
    for attempt in attempts:
        course.number = attempt.number
        retry = _retry(attempt)
        # that of the last one is counted when it is dealt with
        if retry and not (going_on and attempt is attempts[-1]):
            course.tries[retry] += 1
    tools = course.tools
    if row.state == "succeeded" and row.reason != CUT_SHORT and attempts:
        _clear_after(tools, row.name, attempts[-1].number)
    if not going_on:
        return
    last = attempts[-1]
    course.decision = _decision(row)
    folder = tools.attempt_folder(row.name, last.number)
    try:
        job = read_job(folder)
    except (OSError, ValueError, TypeError, KeyError):
        course.verdict = Verdict("lost", "its job cannot be read", "lost")
        course.next = course.after_attempt
        return
    attempt_ = Attempt(job, is_recorded=True, is_adopted=True, moved=tools.attention.now)
    attempt_.reader.offset = told.offsets.get((row.name, last.number), 0)
    course.attempt = attempt_
    if last.state != "running":
        # it was recorded that the attempt ended, but not yet what becomes of the step
        attempt_.ended = Ended(last.exit, last.peak_bytes)
        course.verdict = Verdict(last.state, last.reason, _retry(last))
        course.next = course.after_attempt
        return
    course.lock = key_lock.take(outer_lock(Path(job.scratch)), f"{tools.run.id} {row.name}")
    attempt_.process = _find(job, last)
    if attempt_.process is None or not tools.executor.adopt(job, attempt_.process):
        attempt_.ended = Ended(None)
    elif last.process is None:
        attempt_.is_recorded = False
    course.next = course.watch


def _clear_after(tools: Tools, step: str, number: int) -> None:
    """What a step went on from, if its supervisor died between recording its end and that."""
    try:
        scratch = Path(read_job(tools.attempt_folder(step, number)).scratch)
    except (OSError, ValueError, TypeError, KeyError):
        return
    taken = take_key(tools, step, scratch) if scratch.exists() else ""
    if not isinstance(taken, str):
        clear(scratch, taken)


def _find(job: Job, attempt: AttemptRow) -> ProcessIdentity | None:
    """The process of an attempt: as recorded, as it wrote itself, or by its marker."""
    if attempt.process is not None:
        return attempt.process
    try:
        return ProcessIdentity(**json.loads((job.path / PROCESS_NAME).read_bytes()))
    except (OSError, ValueError, TypeError):
        pass
    # of those that carry the marker it was there first
    marked = process.find_marked(job.marker)
    return min(marked, key=lambda one: one.started, default=None)


def _retry(attempt: AttemptRow) -> Retry:
    if attempt.state == "lost":
        return "lost"
    return "memory" if attempt.reason.startswith(OUT_OF_MEMORY) else ""


def _decision(row: StepRow) -> Decision:
    reasons = tuple(Reason(**reason) for reason in row.decision.get("reasons", ()))
    return Decision("run", reasons or (Reason("first"),), row.key, row.parts)
