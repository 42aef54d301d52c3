"""How long a client may take: headers and bodies that trickle in do not hold a connection."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from visionloom.limits import ServerLimits

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 with an end to patience, and room for newcomers.

    Headers must be complete, and bodies keep a pace, within the limits; a stream of events that
    waits for something to happen waits as long as it likes. An answer that nobody reads is given
    up. Where there are too many connections, the one that has been silent the longest goes, or
    where none is silent the one that has read nothing for the longest.
    """

    limits: ServerLimits = ServerLimits()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._in_headers = True
        self._header_bytes = 0
        self._body_bytes = 0
        self._was_held_up = False
        self._timer: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self.waiting_since = time.monotonic()
        self.unread_since: float | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether no request is being answered, and nobody would miss the connection."""
        cycle: Any = self.cycle  # None before the first request, whatever its type says
        return self._in_headers and (cycle is None or cycle.response_complete)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for headers."""
        super().connection_made(transport)
        self._make_room()
        self._set_timer(self.limits.header_seconds, self._hang_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._set_timer(0.0, None)
        self._is_read()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not read: wait for it, and not for ever."""
        super().pause_writing()
        self.unread_since = time.monotonic()
        self._unread = self.loop.call_later(self.limits.unread_seconds, self._hang_up)

    def resume_writing(self) -> None:
        """It reads on."""
        self._is_read()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Count the bytes of headers; those of a packet in which they end are few."""
        if self._in_headers:
            self._header_bytes += len(data)
            if self._timer is None:
                self._set_timer(self.limits.header_seconds, self._hang_up)
        super().data_received(data)
        if self._in_headers and self._header_bytes > self.limits.header_bytes:
            self._hang_up()

    def on_headers_complete(self) -> None:
        """Begin to watch the pace of the body."""
        self._in_headers = False
        self._set_timer(self.limits.body_window_seconds, self._judge_pace)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count the bytes of a body."""
        self._body_bytes += len(body)
        super().on_body(body)
        self._was_held_up = self._was_held_up or self.flow.read_paused

    def on_message_complete(self) -> None:
        """Stop watching; the next headers may come."""
        self._in_headers = True
        self._header_bytes = self._body_bytes = 0
        self._was_held_up = False
        self.waiting_since = time.monotonic()
        self._set_timer(0.0, None)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self.waiting_since = time.monotonic()
        super().on_response_complete()

    def _judge_pace(self) -> None:
        wanted = self.limits.body_bytes_per_second * self.limits.body_window_seconds
        # what we were too slow to take is not the client's fault
        if self._body_bytes < wanted and not self._was_held_up:
            self._hang_up()
            return
        self._body_bytes = 0
        self._was_held_up = self.flow.read_paused
        self._set_timer(self.limits.body_window_seconds, self._judge_pace)

    def _set_timer(self, seconds: float, act: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if act is not None:
            self._timer = self.loop.call_later(seconds, act)

    def _is_read(self) -> None:
        self.unread_since = None
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _hang_up(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.abort()

    def _make_room(self) -> None:
        if len(self.connections) <= self.limits.connections:
            return
        others = [c for c in self.connections if isinstance(c, PatientProtocol) and c is not self]
        silent = [(c.waiting_since, c) for c in others if c.is_waiting]
        stuck = [(c.unread_since, c) for c in others if c.unread_since is not None]
        _, oldest = min(silent or stuck or [(0.0, self)], key=lambda found: found[0])
        oldest._hang_up()


def patient_protocol(limits: ServerLimits) -> type[PatientProtocol]:
    """The protocol with these limits."""
    return type("PatientProtocol", (PatientProtocol,), {"limits": limits})
