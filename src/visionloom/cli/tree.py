"""The steps of a running pipeline: a live list on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from visionloom.cli.console import Console
from visionloom.cli.text import cells_of, duration, safe
from visionloom.engine.journal import event_of
from visionloom.engine.resolved import ResolvedPipeline
from visionloom.engine.reuse import Decision
from visionloom.spec.context import Log, Progress

_MARKS = {
    "queued": ("·", "dim"),
    "running": ("▶", "bold"),
    "succeeded": ("✓", "green"),
    "reused": ("↺", "cyan"),
    "failed": ("✗", "red"),
    "cancelled": ("■", "yellow"),
    "interrupted": ("■", "yellow"),
    "lost": ("✗", "red"),
    "skipped": ("–", "dim"),
}


@dataclass
class _Row:
    name: str
    state: str = "queued"
    reason: str = ""
    progress: Progress | None = None
    began: float = 0.0
    took: float | None = None


class StepTree:
    """Shows the lines of a run's journal. A context manager.

    Args:
        console: Where.
        pipeline: Whose steps.
        decisions: What is known before.
    """

    def __init__(
        self, console: Console, pipeline: ResolvedPipeline, decisions: Mapping[str, Decision]
    ) -> None:
        self._console = console
        self._rows = {step.name: _Row(step.name) for step in pipeline.steps}
        self._width = max((cells_of(name) for name in self._rows), default=0)
        for name, decision in decisions.items():
            self._rows[name].reason = decision.why if decision.action == "leave" else ""

    def __enter__(self) -> StepTree:
        if self._console.is_terminal:
            from visionloom.cli.tree_drawing import TreeDrawing

            self._console.draw(TreeDrawing(self.rows, self._width))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._console.close()

    def rows(self) -> list[tuple[str, str, str, str, Progress | None]]:
        """(mark, style, name, words, progress) of every step."""
        return [
            (*_MARKS.get(row.state, _MARKS["queued"]), row.name, _words(row), row.progress)
            for row in self._rows.values()
        ]

    def show(self, line: Mapping[str, Any]) -> None:
        """Show a line of the journal."""
        row = self._rows.get(str(line.get("step", "")))
        if row is None:
            return
        if line["kind"] == "step":
            self._state(row, line)
            return
        event = event_of(line)
        if isinstance(event, Progress):
            row.progress = event
            if not self._console.is_terminal:
                self._console.listener(event)
        elif isinstance(event, Log):
            style = "yellow" if event.level == "warning" else ""
            note = "Note: " if event.level == "warning" else ""
            self._console.say(f"{row.name}: {note}{event.text}", style, fitted=True)
        elif event is not None:
            self._console.listener(event)

    def _state(self, row: _Row, line: Mapping[str, Any]) -> None:
        changed = line["state"] != row.state
        row.state, row.reason = line["state"], str(line.get("reason", ""))
        if row.state == "running":
            row.began = line["at"] if changed else row.began
            if line.get("attempt", 1) > 1 and changed:
                again = f"{row.name}: its process was lost; attempt {line['attempt']} goes on"
                self._console.say(again, "yellow", fitted=True)
        elif changed:
            row.progress = None
            row.took = line["at"] - row.began if row.began else None
        # that one waits for a slot is worth a line, that libraries load is not
        waits = row.state == "queued" and not row.reason.startswith("libraries")
        if not self._console.is_terminal and (changed or waits):
            self._console.say(f"{row.name}: {_words(row)}")


def _words(row: _Row) -> str:
    words = row.state
    if row.took is not None and row.state == "succeeded":
        words += f" in {duration(row.took)}"
    return f"{words}: {safe(row.reason)}" if row.reason else words
