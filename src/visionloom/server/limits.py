"""What the server lets itself be asked for; each refusal names the limit."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class ServerLimits:
    """All limits of the server.

    A session may ask far more often than a person clicks: a grid of pictures that is scrolled
    fast wants some hundred thumbnails a second, and a browser with its six connections gets no
    more than about a thousand. What the limit stops is a loop that never waits.

    Attributes:
        json_bytes: Body of a request, uploads aside.
        header_bytes: Line and headers of a request.
        requests_per_second, burst: Of one session; the second at once, the first in the long run.
        streams_per_session, streams: Event streams.
        stream_seconds: After which a stream ends and the browser goes on with a new one, so that
            its cookie is renewed.
        connections: At the same time.
        header_seconds: Until the headers of a request are complete.
        body_bytes_per_second, body_window_seconds: Pace of a body, judged over a window.
        idle_seconds: Until a connection without a request is closed.
        unread_seconds: Until an answer of which nothing is read is given up.
        code_seconds: For which a one-time link holds.
        wrong_codes_per_minute: Wrong one-time codes that get a friendly answer.
        idle_session_seconds, session_seconds: Until a cookie ends, unused and at all.
    """

    json_bytes: int = 2 * MIB
    header_bytes: int = 64 * 1024
    requests_per_second: float = 1_000.0
    burst: float = 3_000.0
    streams_per_session: int = 8
    streams: int = 64
    stream_seconds: float = 3_600.0
    connections: int = 1_000
    header_seconds: float = 10.0
    body_bytes_per_second: float = 10 * 1024
    body_window_seconds: float = 10.0
    idle_seconds: float = 15.0
    unread_seconds: float = 60.0
    code_seconds: float = 60.0
    wrong_codes_per_minute: int = 5
    idle_session_seconds: float = 12 * 3_600.0
    session_seconds: float = 7 * 86_400.0


DEFAULT_LIMITS = ServerLimits()
