"""What happens, told to every open page: one task looks, all streams tell.

Every event carries a cursor: the number of the records' newest change, of the run's newest journal
line and of the draft's newest revision that the page has heard of. Whoever comes back with it is
told what it missed, also by a server that was started since.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from visionloom.engine.journal import JOURNAL_NAME, LineReader, parse
from visionloom.errors import NoSuchRunError, VisionloomError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from visionloom.records.rows import RunRow
    from visionloom.records.watch import Watch
    from visionloom.server.desk import Desk
    from visionloom.server.limits import ServerLimits
    from visionloom.server.models.machine import WeightsView

_LOOK_SECONDS = 0.1
_KEEP_ALIVE_SECONDS = 15.0
_BATCH = 1_000
_KEPT_RUNS = 1_000
_MISSED_RUNS = 200
_CURSOR = re.compile(r"(\d{1,18})-(\d{1,18})-(\d{1,18})")
_HEAD = re.compile(rb'\{"seq":(\d+),"fence":(\d+),')
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """What a page wants to hear of.

    Attributes:
        run, draft: Ids of what is looked at; empty for none.
        after: Newest journal line that is known already.
        last: Id of the last event that was heard; empty at the beginning.
    """

    run: str = ""
    draft: str = ""
    after: int = 0
    last: str = ""


@dataclass(frozen=True)
class Cursor:
    """What a page has heard of.

    Attributes:
        change: Number of the newest change in the records.
        line: Number of the newest line of the run's journal.
        revision: Of the draft.
    """

    change: int
    line: int
    revision: int

    def __str__(self) -> str:
        return f"{self.change}-{self.line}-{self.revision}"


@dataclass(frozen=True)
class _Told:
    """Something that was told last as ``text``, at a moment of the hub's own count."""

    moment: int
    text: str


class EventHub:
    """Looks what is new, while somebody listens. Its methods belong to the event loop, but for
    those that say otherwise.

    Args:
        limits: How many may listen, and for how long.
    """

    def __init__(self, limits: ServerLimits) -> None:
        self.limits = limits
        self.has_ended = False
        self.moment = 0
        self.change = 0
        self.runs: dict[str, _Told] = {}
        self.weights: dict[str, _Told] = {}
        self.revisions: dict[str, _Told] = {}
        self.desk: Desk
        self._streams: set[Subscription] = set()
        self._touched: set[str] = set()
        self._has_looked = False
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watch: Watch | None = None
        self._end: Callable[[], None] | None = None

    def start(self, desk: Desk) -> None:
        """Begin to look."""
        self.desk = desk
        self.has_ended = False
        self._loop = asyncio.get_running_loop()
        self._end = desk.drafts.subscribe(self.tell_draft)
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

    def end_streams(self) -> None:
        """Let every stream end at once."""
        self.has_ended = True
        self._wake()

    def subscribe(self, session: str, wanted: Wanted) -> Subscription:
        """A stream for a page.

        Raises:
            HTTPException: There are too many.
        """
        of_session = Counter(stream.session for stream in self._streams)[session]
        if of_session >= self.limits.streams_per_session or (
            len(self._streams) >= self.limits.streams
        ):
            raise HTTPException(
                429,
                f"Too many pages are open: {of_session} of this browser "
                f"(streams_per_session {self.limits.streams_per_session}), "
                f"{len(self._streams)} in all (streams {self.limits.streams}).",
            )
        made = Subscription(self, session, wanted)
        self._streams.add(made)
        return made

    def unsubscribe(self, stream: Subscription) -> None:
        """Forget a stream."""
        self._streams.discard(stream)

    def tell_draft(self, draft: str, revision: int) -> None:
        """Tell of a draft's revision; 0 when it is gone. From any thread."""
        self._soon(self._set_revision, draft, revision)

    def tell_weights(self, view: WeightsView) -> None:
        """Tell how far weights are. From any thread."""
        self._soon(self._set_weights, view.model, view.model_dump_json())

    def touch(self, run: str) -> None:
        """Tell of a run in which something changed that is no event. From any thread."""
        self._soon(self._touched.add, run)

    def _soon(self, act: Callable[..., None], *arguments: object) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            with contextlib.suppress(RuntimeError):  # it has just been closed
                loop.call_soon_threadsafe(act, *arguments)

    def _set_revision(self, draft: str, revision: int) -> None:
        before = self.revisions.get(draft)
        if before is not None and before.text == str(revision):
            return
        self._keep(self.revisions, draft, str(revision))
        self._wake()

    def _set_weights(self, model: str, text: str) -> None:
        self._keep(self.weights, model, text)
        self._wake()

    def _keep(self, kept: dict[str, _Told], name: str, text: str) -> None:
        self.moment += 1
        # what was told of last stands last
        kept.pop(name, None)
        kept[name] = _Told(self.moment, text)
        while len(kept) > _KEPT_RUNS:
            del kept[next(iter(kept))]

    def _wake(self) -> None:
        for stream in self._streams:
            stream.wake.set()

    async def _look_again_and_again(self) -> None:
        while not self.has_ended:
            await asyncio.sleep(_LOOK_SECONDS)
            if not self._streams:
                continue
            try:
                await self._look()
            except VisionloomError as error:
                _log.warning("%s", error)
                await asyncio.sleep(1.0)
            except Exception:  # noqa: BLE001 - pages are told of nothing more otherwise
                _log.exception("looking for events failed")
                await asyncio.sleep(1.0)

    async def _look(self) -> None:
        touched, self._touched = self._touched, set()
        drafts = {stream.wanted.draft for stream in self._streams} - {""}
        try:
            found = await run_in_threadpool(self._look_at_runs, touched)
            revisions = await run_in_threadpool(self.revisions_of, drafts)
        except BaseException:
            self._touched |= touched
            raise
        if found is not None:
            change, rows = found
            for run, text in rows.items():
                before = self.runs.get(run)
                if before is None or _without_seconds(before.text) != _without_seconds(text):
                    self._keep(self.runs, run, text)
            self.change = change
        for draft, revision in revisions.items():
            self._set_revision(draft, revision)
        # journals are files of their own; each stream sees by their size whether they grew
        self._wake()

    def _look_at_runs(self, touched: set[str]) -> tuple[int, dict[str, str]] | None:
        """Number of the newest change, and what runs look like that are open or have changed."""
        records = self.desk.workspace.records
        if self._watch is None:
            self._watch = records.watch()
        is_first, self._has_looked = not self._has_looked, True
        if not self._watch.has_changed() and not touched:
            return None
        change, changed = records.changed_runs(self.change)
        names = touched | (set() if is_first else set(changed[-_KEPT_RUNS:]))
        return change, self.summaries(names)

    # what streams ask for when they begin; from any thread

    def summaries(self, names: Iterable[str]) -> dict[str, str]:
        """What open runs and those named look like, as JSON."""
        from visionloom.server.summaries import summaries_of

        records = self.desk.workspace.records
        rows: dict[str, RunRow] = {row.id: row for row in records.open_runs()}
        for name in names:
            with contextlib.suppress(NoSuchRunError):
                rows.setdefault(name, records.get_run(name))
        found = summaries_of(self.desk, list(rows.values()))
        return {view.id: view.model_dump_json() for view in found}

    def missed(self, since: int | None) -> tuple[int, dict[str, str]]:
        """Number of the newest change, and the runs that changed since a number or are open."""
        change, changed = self.desk.workspace.records.changed_runs(since or 0)
        names = changed[-_MISSED_RUNS:] if since is not None else []
        return change, self.summaries(names)

    def revisions_of(self, drafts: Iterable[str]) -> dict[str, int]:
        """Draft -> its newest revision, those of other processes included; 0 when it is gone."""
        found = {}
        for draft in drafts:
            try:
                found[draft] = self.desk.drafts.get(draft).now().revision.number
            except VisionloomError:
                found[draft] = 0
        return found


class Subscription:
    """What one page is told.

    Args:
        hub: Who looks.
        session: Whose page.
        wanted: What it wants to hear of.

    Attributes:
        wake: Set when there may be something new.
    """

    def __init__(self, hub: EventHub, session: str, wanted: Wanted) -> None:
        self.session = session
        self.wanted = wanted
        self.wake = asyncio.Event()
        self._hub = hub
        match = _CURSOR.fullmatch(wanted.last)
        self._is_back = match is not None
        numbers = [int(word) for word in match.groups()] if match else [0, wanted.after, 0]
        self._cursor = Cursor(*numbers)
        self._moment = 0
        self._journal: _JournalTail | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The stream's text, piece by piece."""
        hub = self._hub
        ends = time.monotonic() + hub.limits.stream_seconds
        try:
            yield b"retry: 1000\n\n"
            self._moment = hub.moment
            missed = await run_in_threadpool(self._missed)
            if missed:
                yield b"".join(missed)
            while not hub.has_ended and time.monotonic() < ends:
                self.wake.clear()
                if told := self._news() + await self._lines():
                    yield b"".join(told)
                    continue
                try:
                    await asyncio.wait_for(self.wake.wait(), self._pause(ends))
                except TimeoutError:
                    yield b": still here\n\n"
        finally:
            hub.unsubscribe(self)

    def close(self) -> None:
        """Take no more."""
        self._hub.unsubscribe(self)

    def _pause(self, ends: float) -> float:
        return max(0.0, min(_KEEP_ALIVE_SECONDS, ends - time.monotonic()))

    def _missed(self) -> list[bytes]:
        """What was missed since the cursor; all that is open at the beginning."""
        hub, told = self._hub, []
        change, runs = hub.missed(self._cursor.change if self._is_back else None)
        told += self._runs(list(runs.values()), change)
        if draft := self.wanted.draft:
            revision = hub.revisions_of([draft])[draft]
            if revision != self._cursor.revision:
                told.append(self._draft(revision))
        for weights in list(hub.weights.values()):
            told.append(self._event("weights", weights.text))
        if run := self.wanted.run:
            with contextlib.suppress(NoSuchRunError):
                folder = Path(hub.desk.workspace.records.get_run(run).folder)
                self._journal = _JournalTail(folder / JOURNAL_NAME, self._cursor.line)
        return told

    def _news(self) -> list[bytes]:
        """What the hub found since the last time."""
        hub, since = self._hub, self._moment
        self._moment = hub.moment
        told = self._runs(_since(hub.runs, since), hub.change)
        for text in _since(hub.weights, since):
            told.append(self._event("weights", text))
        kept = hub.revisions.get(self.wanted.draft)
        if kept is not None and kept.moment > since and int(kept.text) != self._cursor.revision:
            told.append(self._draft(int(kept.text)))
        return told

    def _runs(self, texts: list[str], change: int) -> list[bytes]:
        told = []
        for number, text in enumerate(texts, 1):
            # only the last one of them says that none is missing
            if number == len(texts):
                self._cursor = replace(self._cursor, change=max(change, self._cursor.change))
            told.append(self._event("run", text))
        return told

    def _draft(self, revision: int) -> bytes:
        self._cursor = replace(self._cursor, revision=revision)
        return self._event("draft", json.dumps({"id": self.wanted.draft, "revision": revision}))

    async def _lines(self) -> list[bytes]:
        if self._journal is None:
            return []
        told = []
        for number, text in await run_in_threadpool(self._journal.read):
            self._cursor = replace(self._cursor, line=number)
            told.append(self._event("journal", text))
        return told

    def _event(self, name: str, text: str) -> bytes:
        return f"id: {self._cursor}\nevent: {name}\ndata: {text}\n\n".encode()


class _JournalTail:
    """The lines of a run's journal after a number, those to come included."""

    def __init__(self, path: Path, after: int) -> None:
        self._reader = LineReader(path)
        self._after = after
        self._fence = 0

    def read(self) -> list[tuple[int, str]]:
        """Number and text of the next lines, a batch at most; none when there are no new ones.

        Lines of a supervisor whose run was taken over are left out, as in
        `visionloom.engine.journal.follow`.
        """
        found: list[tuple[int, str]] = []
        for line in self._reader.read():
            head = _HEAD.match(line)
            if head is None or int(head[2]) < self._fence:
                continue
            self._fence = int(head[2])
            if int(head[1]) > self._after and parse(line) is not None:
                found.append((int(head[1]), line.decode("utf-8", "replace")))
            if len(found) == _BATCH:
                break
        return found


class EventStream(StreamingResponse):
    """The answer that tells; it ends with its page."""

    media_type = "text/event-stream"

    def __init__(self, subscription: Subscription) -> None:
        super().__init__(aiter(subscription))
        self._subscription = subscription

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the page is gone."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._subscription.close()


def _since(kept: dict[str, _Told], moment: int) -> list[str]:
    found = []
    for told in reversed(kept.values()):
        if told.moment <= moment:
            break
        found.append(told.text)
    return found[::-1]


def _without_seconds(text: str) -> dict[str, Any]:
    """A summary without the time that passes by itself."""
    return {key: value for key, value in json.loads(text).items() if key != "seconds"}
