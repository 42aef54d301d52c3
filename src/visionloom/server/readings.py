"""What was found out about drafts a moment ago, so that an edit looks at nothing twice."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from visionloom.engine.checking import look_now
from visionloom.server.models import drafts as m
from visionloom.server.models.base import ProblemView
from visionloom.spec.component import Component
from visionloom.spec.foresight import Facts, Outlook
from visionloom.spec.pipeline import Pipeline

MOMENT = 2.0
"""Seconds for which the user's folders count as unchanged."""
_MOST_LOOKS = 2000
_MOST_DRAFTS = 16


@dataclass(frozen=True)
class Reading:
    """The newest text of a draft, as it was read.

    Attributes:
        text: Of the file.
        pipeline: What it says; the newest that could be read where it says nothing.
        readable: Whether it could be read.
        problems: What was found, as it goes over the wire.
        graph: As it was drawn.
    """

    text: str
    pipeline: Pipeline
    readable: bool
    problems: list[ProblemView]
    graph: m.Graph


@dataclass(frozen=True)
class _Seen:
    at: float
    facts: Mapping[str, Facts]
    warnings: tuple[str, ...]
    error: Exception | None


class Readings:
    """Remembers the newest reading of each draft, and for a moment what components foresaw.

    Args:
        clock: Seconds, never backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._drafts: OrderedDict[str, Reading] = OrderedDict()
        self._seen: OrderedDict[Hashable, _Seen] = OrderedDict()

    def of(self, draft: str, text: str) -> Reading | None:
        """The newest reading of a draft, if that was of this text."""
        with self._lock:
            found = self._drafts.get(draft)
        return found if found is not None and found.text == text else None

    def keep(self, draft: str, reading: Reading) -> None:
        """Remember a reading in place of the one before."""
        with self._lock:
            self._drafts[draft] = reading
            self._drafts.move_to_end(draft)
            while len(self._drafts) > _MOST_DRAFTS:
                self._drafts.popitem(last=False)

    def look(self, component: Component, outlook: Outlook) -> Mapping[str, Facts]:
        """What a component foresees, or foresaw of the same a moment ago."""
        if not outlook.data and not outlook.parameters.get("class_map"):
            return look_now(component, outlook)
        key = (
            component.name,
            tuple(outlook.inputs.items()),
            tuple(outlook.data.items()),
            tuple((name, type(value), value) for name, value in outlook.parameters.items()),
        )
        now = self._clock()
        with self._lock:
            seen = self._seen.get(key)
        if seen is None or now - seen.at > MOMENT:
            seen = _seen(component, outlook, now)
            with self._lock:
                self._seen[key] = seen
                self._seen.move_to_end(key)
                while len(self._seen) > _MOST_LOOKS:
                    self._seen.popitem(last=False)
        for text in seen.warnings:
            outlook.warn(text)
        if seen.error is not None:
            raise seen.error.with_traceback(None)
        return seen.facts


def _seen(component: Component, outlook: Outlook, now: float) -> _Seen:
    warnings: list[str] = []
    facts: Mapping[str, Any] = {}
    error: Exception | None = None
    try:
        facts = look_now(component, replace(outlook, warn=warnings.append))
    except Exception as raised:  # noqa: BLE001 - whoever asks is told the same
        error = raised
    return _Seen(now, facts, tuple(warnings), error)
