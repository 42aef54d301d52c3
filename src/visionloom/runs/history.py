"""What the records say of runs: lists, one run, why its steps ran, two runs compared."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visionloom.artifacts.atomic import remove_tree
from visionloom.engine.executors.base import LOG_NAME
from visionloom.engine.journal import JOURNAL_NAME, LineReader, parse
from visionloom.errors import NoSuchStepError, RunStateError
from visionloom.records.rows import RUN_ENDS, AttemptRow, OutputRow, RunRow, StepRow
from visionloom.workspace import Workspace


@dataclass(frozen=True)
class RunView:
    """One run with everything that is shown of it."""

    run: RunRow
    steps: tuple[StepRow, ...]
    attempts: tuple[AttemptRow, ...]
    outputs: tuple[OutputRow, ...]

    def to_json(self) -> dict[str, Any]:
        """As a JSON value."""
        run = {k: v for k, v in vars(self.run).items() if k not in {"pipeline", "supervisor"}}
        run["supervisor"] = vars(self.run.supervisor) if self.run.supervisor else None
        return {
            "run": run,
            "steps": [dict(vars(step)) for step in self.steps],
            "attempts": [
                {**vars(a), "process": vars(a.process) if a.process else None}
                for a in self.attempts
            ],
            "outputs": [dict(vars(output)) for output in self.outputs],
        }


def view(workspace: Workspace, word: str) -> RunView:
    """One run.

    Args:
        workspace: Whose records.
        word: Its id, the beginning of it, or ``last``.

    Raises:
        RunStateError: There is none, or several begin so.
    """
    records = workspace.records
    run = records.find_run(word)
    return RunView(
        run,
        tuple(records.steps(run.id)),
        tuple(records.attempts(run.id)),
        tuple(records.outputs(run.id)),
    )


def ended(workspace: Workspace, word: str) -> RunRow:
    """A run that has come to an end.

    Raises:
        RunStateError: It has not, or is not there.
    """
    run = workspace.records.find_run(word)
    if run.state not in RUN_ENDS:
        raise RunStateError(
            f"Run {run.id} is {run.state}.",
            f"Wait for it, or end it: visionloom runs cancel {run.id}",
        )
    return run


def forget(workspace: Workspace, run: RunRow) -> None:
    """Forget a run that has ended, with its journal and logs."""
    workspace.records.delete_run(run.id)
    folder = Path(run.folder)
    if folder.parent == workspace.settings.runs:
        remove_tree(folder)


def seconds_of(run: RunRow) -> float | None:
    """Wall time so far, or None when it has not begun."""
    if run.started is None:
        return None
    return (run.ended if run.ended is not None else time.time()) - run.started


def log_files(workspace: Workspace, run: RunRow, step: str = "") -> list[tuple[str, int, Path]]:
    """(step, attempt, file) of every log of a run, in order.

    Raises:
        NoSuchStepError: There is no such step.
    """
    steps = [row.name for row in workspace.records.steps(run.id)]
    if step and step not in steps:
        raise NoSuchStepError(f"Run {run.id} has no step {step!r}.", f"Steps: {', '.join(steps)}.")
    return [
        (name, int(attempt.name), attempt / LOG_NAME)
        for name in ([step] if step else steps)
        for attempt in sorted(
            (Path(run.folder) / "steps" / name).glob("[0-9]*"), key=lambda path: int(path.name)
        )
        if (attempt / LOG_NAME).is_file()
    ]


def messages(run: RunRow, step: str = "") -> list[tuple[str, str, str]]:
    """(step, level, text) of every line the steps of a run told, in order."""
    lines = []
    for text in LineReader(Path(run.folder) / JOURNAL_NAME).read():
        event = parse(text) or {}
        if event.get("kind") == "log" and (not step or event.get("step") == step):
            lines.append((event.get("step", ""), event.get("level", "info"), event["text"]))
    return lines


@dataclass(frozen=True)
class Difference:
    """Something in which two runs differ."""

    step: str
    what: str
    name: str
    first: str
    second: str


def compare(first: RunView, second: RunView) -> list[Difference]:
    """Steps, versions, parameters, inputs, environment and results in which two runs differ."""
    found = []
    ours = {step.name: step for step in first.steps}
    theirs = {step.name: step for step in second.steps}
    for name in dict.fromkeys([*ours, *theirs]):
        a, b = ours.get(name), theirs.get(name)
        if a is None or b is None:
            found.append(
                Difference(name, "step", "", a.component if a else "", b.component if b else "")
            )
            continue
        found += [Difference(name, *part) for part in _parts(a.parts, b.parts)]
        results = {o.port: o.digest for o in first.outputs if o.step == name}
        others = {o.port: o.digest for o in second.outputs if o.step == name}
        for port in dict.fromkeys([*results, *others]):
            old, new = results.get(port, ""), others.get(port, "")
            if old != new:
                found.append(Difference(name, "result", port, old[:12], new[:12]))
    return found


def _parts(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for what in ("component", "version", "source"):
        if a.get(what) != b.get(what):
            yield what, "", _text(a.get(what)), _text(b.get(what))
    for what, section in (
        ("parameter", "parameters"), ("input", "inputs"), ("file", "files"),
        ("environment", "environment"),
    ):  # fmt: skip
        old, new = a.get(section, {}), b.get(section, {})
        # values at their default are no part of a key
        absent = "default" if what == "parameter" else ""
        for key in dict.fromkeys([*old, *new]):
            if old.get(key) != new.get(key):
                first, second = (_text(parts.get(key, absent)) for parts in (old, new))
                yield what, key, first, second


def _text(value: object) -> str:
    text = "" if value is None else str(value)
    return text[:12] if len(text) == 64 else text
