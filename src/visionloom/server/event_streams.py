"""What one page is told, as server-sent events.

Every event carries a cursor: the number of the records' newest change, of the run's newest journal
line and of the draft's newest revision that the page has heard of. Whoever comes back with it is
told what it missed, also by a server that was started since.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

from visionloom.engine.journal import JOURNAL_NAME, JournalReader, parse
from visionloom.errors import NoSuchRunError
from visionloom.server.events import EventHub, Told

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_KEEP_ALIVE_SECONDS = 15.0
_BATCH = 1_000
_CURSOR = re.compile(r"(\d{1,18})-(\d{1,18})-(\d{1,18})")


@dataclass(frozen=True)
class Wanted:
    """What a page wants to hear of.

    Attributes:
        run, draft: Ids of what is looked at; empty for none. Of what is not there nothing is told.
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


class Subscription:
    """What one page is told.

    Args:
        hub: Who looks.
        session: Whose page.
        wanted: What it wants to hear of.

    Raises:
        HTTPException: Too many pages are open.

    Attributes:
        session, draft, wake: See `visionloom.server.events.Listener`.
    """

    def __init__(self, hub: EventHub, session: str, wanted: Wanted) -> None:
        self.session = session
        self.draft = wanted.draft
        self.wake = asyncio.Event()
        self._hub = hub
        self._run = wanted.run
        match = _CURSOR.fullmatch(wanted.last)
        self._is_back = match is not None
        numbers = [int(word) for word in match.groups()] if match else [0, wanted.after, 0]
        self._cursor = Cursor(*numbers)
        self._moment = 0
        self._journal: _JournalTail | None = None
        hub.join(self)

    def close(self) -> None:
        """Be told no more."""
        self._hub.leave(self)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The stream's text, piece by piece."""
        hub = self._hub
        ends = time.monotonic() + hub.limits.stream_seconds
        yield b"retry: 1000\n\n"
        self._moment = hub.moment
        if missed := await hub.work(self._missed):
            yield b"".join(missed)
        spoke = time.monotonic()
        while not hub.has_ended and (now := time.monotonic()) < ends:
            self.wake.clear()
            told = self._news() + await self._lines()
            if not told and now - spoke >= _KEEP_ALIVE_SECONDS:
                told = [b": still here\n\n"]
            if told:
                spoke = now
                yield b"".join(told)
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), _KEEP_ALIVE_SECONDS)

    def _missed(self) -> list[bytes]:
        """What was missed since the cursor; of runs all that are open at the beginning."""
        hub, told = self._hub, []
        change, runs = hub.missed(self._cursor.change if self._is_back else None)
        told += self._runs(list(runs.values()), change)
        if self.draft:
            revision = hub.revisions_of([self.draft])[self.draft]
            if revision != self._cursor.revision:
                told.append(self._revision(revision))
        for weights in list(hub.weights.values()):
            told.append(self._event("weights", weights.text))
        if self._run:
            with contextlib.suppress(NoSuchRunError):
                folder = Path(hub.sources.records.get_run(self._run).folder)
                self._journal = _JournalTail(folder / JOURNAL_NAME, self._cursor.line)
        return told

    def _news(self) -> list[bytes]:
        """What the hub found since the last time."""
        hub, since = self._hub, self._moment
        self._moment = hub.moment
        told = self._runs(_since(hub.runs, since), hub.change)
        told += [self._event("weights", text) for text in _since(hub.weights, since)]
        kept = hub.revisions.get(self.draft)
        if kept is not None and kept.moment > since and int(kept.text) != self._cursor.revision:
            told.append(self._revision(int(kept.text)))
        return told

    def _runs(self, texts: list[str], change: int) -> list[bytes]:
        told = []
        for number, text in enumerate(texts, 1):
            # only the last one of them says that none is missing
            if number == len(texts):
                self._cursor = replace(self._cursor, change=change)
            told.append(self._event("run", text))
        return told

    def _revision(self, revision: int) -> bytes:
        self._cursor = replace(self._cursor, revision=revision)
        return self._event("draft", json.dumps({"id": self.draft, "revision": revision}))

    async def _lines(self) -> list[bytes]:
        if self._journal is None or not self._journal.has_grown():
            return []
        told = []
        for number, text in await self._hub.work(self._journal.read):
            self._cursor = replace(self._cursor, line=number)
            told.append(self._event("journal", text))
        return told

    def _event(self, name: str, text: str) -> bytes:
        return f"id: {self._cursor}\nevent: {name}\ndata: {text}\n\n".encode()


class _JournalTail:
    """The lines of a run's journal after a number, those to come included."""

    def __init__(self, path: Path, after: int) -> None:
        self._path = path
        self._reader = JournalReader(path)
        self._after = after

    def has_grown(self) -> bool:
        """Whether there is something to read; asked often, so without a thread."""
        try:
            return self._path.stat().st_size > self._reader.offset
        except OSError:
            return False

    def read(self) -> list[tuple[int, str]]:
        """Number and text of the next lines, a batch at most; none when there are no new ones."""
        found: list[tuple[int, str]] = []
        for number, line in self._reader.numbered():
            if number > self._after and parse(line) is not None:
                found.append((number, line.decode("utf-8", "replace")))
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


def _since(kept: Mapping[str, Told], moment: int) -> list[str]:
    found = []
    for told in reversed(list(kept.values())):
        if told.moment <= moment:
            break
        found.append(told.text)
    return found[::-1]
