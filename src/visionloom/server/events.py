"""What happens, looked for once and told to every open page.

The records are asked by a number that SQLite counts; drafts tell by themselves, and are looked at
for the sake of other processes; a page's own stream is in `visionloom.server.event_streams`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from starlette.exceptions import HTTPException

from visionloom.errors import NoSuchRunError, VisionloomError

if TYPE_CHECKING:
    from visionloom.drafts.drafts import Drafts
    from visionloom.limits import ServerLimits
    from visionloom.records.recorder import Recorder
    from visionloom.records.rows import RunRow
    from visionloom.records.watch import Watch
    from visionloom.server.models.machine import WeightsView
    from visionloom.server.models.runs import RunSummary

_LOOK_SECONDS = 0.1
_AFTER_TROUBLE_SECONDS = 1.0
_THREADS = 4
_KEPT = 1_000
_MISSED_RUNS = 200
P = ParamSpec("P")
R = TypeVar("R")
_log = logging.getLogger(__name__)


class Sources(Protocol):
    """Where events come from."""

    @property
    def records(self) -> Recorder:
        """Runs; opened when they are first asked for."""

    @property
    def drafts(self) -> Drafts:
        """Drafts."""

    def summaries(self, runs: Sequence[RunRow]) -> list[RunSummary]:
        """What runs look like in a list."""


class Listener(Protocol):
    """A page's stream, as the hub sees it.

    Attributes:
        session: Whose page.
        draft: Id of the draft it shows; empty for none.
        wake: Set when there may be something new.
    """

    session: str
    draft: str
    wake: asyncio.Event


@dataclass(frozen=True)
class Told:
    """Something that was told last as ``text``, at a moment of the hub's own count."""

    moment: int
    text: str


class EventHub:
    """Looks what is new, while somebody listens. Its methods belong to the event loop, but for
    those that say otherwise.

    Args:
        limits: How many may listen, and for how long.

    Attributes:
        has_ended: Whether streams are to end.
        moment: Counts what was told.
        change: Number of the newest change in the records that was looked at.
        runs, weights, revisions: What was told last, by name; the newest stands last.
        sources: Where events come from, once it has begun.
    """

    def __init__(self, limits: ServerLimits) -> None:
        self.limits = limits
        self.has_ended = False
        self.moment = 0
        self.change = 0
        self.runs: dict[str, Told] = {}
        self.weights: dict[str, Told] = {}
        self.revisions: dict[str, Told] = {}
        self.sources: Sources
        # threads of its own: a page full of thumbnails must not hold up what happens
        self._threads = ThreadPoolExecutor(_THREADS, "events")
        self._listeners: set[Listener] = set()
        self._touched: set[str] = set()
        self._has_looked = False
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watch: Watch | None = None
        self._end: Callable[[], None] | None = None

    def start(self, sources: Sources) -> None:
        """Begin to look."""
        self.sources = sources
        self.has_ended = False
        self._loop = asyncio.get_running_loop()
        self._end = sources.drafts.subscribe(self.tell_draft)
        self._task = self._loop.create_task(self._look_again_and_again())

    async def stop(self) -> None:
        """End all."""
        self.end_streams()
        if self._end is not None:
            self._end()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    async def work(self, act: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do what may wait for a disk, without keeping others waiting."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, functools.partial(act, *args, **kwargs))

    def end_streams(self) -> None:
        """Let every stream end at once."""
        self.has_ended = True
        self._wake()

    def join(self, listener: Listener) -> None:
        """Wake a stream from now on.

        Raises:
            HTTPException: There are too many.
        """
        limits, all_of_them = self.limits, len(self._listeners)
        of_session = Counter(other.session for other in self._listeners)[listener.session]
        if of_session >= limits.streams_per_session or all_of_them >= limits.streams:
            raise HTTPException(
                429,
                f"Too many pages are open: {of_session} of this browser (limit "
                f"streams_per_session, {limits.streams_per_session}), {all_of_them} in all "
                f"(limit streams, {limits.streams}).",
            )
        self._listeners.add(listener)

    def leave(self, listener: Listener) -> None:
        """Wake a stream no more."""
        self._listeners.discard(listener)

    def tell_draft(self, draft: str, revision: int) -> None:
        """Tell of a draft's revision; 0 when it is gone. From any thread."""
        self._soon(self._set_revision, draft, revision)

    def tell_weights(self, view: WeightsView) -> None:
        """Tell how far weights are. From any thread."""
        self._soon(self._set_weights, view.model, view.model_dump_json())

    def touch(self, run: str) -> None:
        """Tell of a run in which something changed that the records count as no event, as the
        user's own words. From any thread."""
        self._soon(self._touched.add, run)

    def _soon(self, act: Callable[..., None], *arguments: object) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            with contextlib.suppress(RuntimeError):  # it has just been closed
                loop.call_soon_threadsafe(act, *arguments)

    def _set_revision(self, draft: str, revision: int) -> None:
        before = self.revisions.get(draft)
        if before is None or before.text != str(revision):
            self._keep(self.revisions, draft, str(revision))
            self._wake()

    def _set_weights(self, model: str, text: str) -> None:
        self._keep(self.weights, model, text)
        self._wake()

    def _keep(self, kept: dict[str, Told], name: str, text: str) -> None:
        self.moment += 1
        kept.pop(name, None)
        kept[name] = Told(self.moment, text)
        while len(kept) > _KEPT:
            del kept[next(iter(kept))]

    def _wake(self) -> None:
        for listener in self._listeners:
            listener.wake.set()

    async def _look_again_and_again(self) -> None:
        while not self.has_ended:
            await asyncio.sleep(_LOOK_SECONDS)
            if not self._listeners:
                continue
            try:
                await self._look()
            except VisionloomError as error:
                _log.warning("%s", error)
                await asyncio.sleep(_AFTER_TROUBLE_SECONDS)
            except Exception:  # noqa: BLE001 - pages would be told of nothing more
                _log.exception("looking for events failed")
                await asyncio.sleep(_AFTER_TROUBLE_SECONDS)

    async def _look(self) -> None:
        touched, self._touched = self._touched, set()
        drafts = {listener.draft for listener in self._listeners} - {""}
        try:
            found = await self.work(self._look_at_runs, touched)
            revisions = await self.work(self.revisions_of, drafts)
        except BaseException:
            self._touched |= touched
            raise
        if found is not None:
            change, texts = found
            for run, text in texts.items():
                before = self.runs.get(run)
                if before is None or _without_seconds(before.text) != _without_seconds(text):
                    self._keep(self.runs, run, text)
            self.change = change
        for draft, revision in revisions.items():
            self._set_revision(draft, revision)
        # journals are files of their own: each stream sees by the size whether its own grew
        self._wake()

    def _look_at_runs(self, touched: set[str]) -> tuple[int, dict[str, str]] | None:
        """Number of the newest change, and what runs look like that are open or have changed."""
        records = self.sources.records
        if self._watch is None:
            self._watch = records.watch()
        if not self._watch.has_changed() and not touched:
            return None
        change, changed = records.changed_runs(self.change)
        # what was there before anybody listened is no news
        news = changed[-_KEPT:] if self._has_looked else []
        self._has_looked = True
        return change, self._summaries({*touched, *news})

    # what streams ask for when they begin; from any thread

    def missed(self, since: int | None) -> tuple[int, dict[str, str]]:
        """Number of the newest change; the runs that are open, or changed since a number."""
        change, changed = self.sources.records.changed_runs(since or 0)
        return change, self._summaries(changed[-_MISSED_RUNS:] if since is not None else ())

    def revisions_of(self, drafts: Iterable[str]) -> dict[str, int]:
        """Draft -> its newest revision, those of other processes included; 0 when it is gone."""
        found = {}
        for draft in drafts:
            try:
                found[draft] = self.sources.drafts.get(draft).now().revision.number
            except VisionloomError:
                found[draft] = 0
        return found

    def _summaries(self, names: Iterable[str]) -> dict[str, str]:
        """What open runs and those named look like, as JSON."""
        records = self.sources.records
        rows = {row.id: row for row in records.open_runs()}
        for name in names:
            with contextlib.suppress(NoSuchRunError):
                rows[name] = rows.get(name) or records.get_run(name)
        views = self.sources.summaries(list(rows.values()))
        return {view.id: view.model_dump_json() for view in views}


def _without_seconds(text: str) -> dict[str, Any]:
    """A summary without the time that passes by itself."""
    return {key: value for key, value in json.loads(text).items() if key != "seconds"}
