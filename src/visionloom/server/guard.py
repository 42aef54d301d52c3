"""One gate before every route: who asks, from where, with what; and the headers of every answer.

Whoever is at the machine is trusted; the pages they have open, other users of the machine and
what photos are called are not. So a request must name this server (`Host`), must not come from
another page (`Origin`, `Sec-Fetch-Site`), must carry the cookie or the token unless its address is
listed as public, and brings JSON or nothing. See ``docs/designer.md``.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from visionloom.server.access import Session
from visionloom.server.answers import failure, unforeseen

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from visionloom.limits import ServerLimits
    from visionloom.server.access import Access

SESSION = "visionloom.session"
PUBLIC = frozenset({"/api/health", "/open"})
UPLOADS = (
    ("PUT", "/api/uploads/{upload}/files"),
    ("PUT", "/api/weights/{model}"),
    ("POST", "/api/models/{artifact}/try"),
)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
_SAFE = frozenset({"GET", "HEAD"})
_KEPT_SESSIONS = 1_000
_log = logging.getLogger(__name__)


class Refusal(Exception):  # noqa: N818 - an answer, not an error of ours
    """A request that is not let in.

    Attributes:
        status, name, message, remedy: Of the answer.
    """

    def __init__(self, status: int, name: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.name = name
        self.message = message
        self.remedy = remedy


@dataclass
class _Allowance:
    """How many requests a session may still make."""

    left: float
    at: float


class Guard:
    """The gate, as an ASGI application around another.

    Args:
        app: What is guarded.
        access: Who is let in.
        port: Where the server listens.
        limits: What may be asked for.
        is_bundle: Whether an address is one of the built page's, which anybody may see.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        access: Access,
        port: int,
        limits: ServerLimits,
        is_bundle: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._access = access
        self._port = port
        self._limits = limits
        self._is_bundle = is_bundle
        self._clock = clock
        self._hosts = frozenset(hosts_of(port))
        self._allowances: dict[str, _Allowance] = {}
        self._uploads = [(method, _pattern(path)) for method, path in UPLOADS]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        answer = _Answer(send, scope, self._access)
        try:
            await self._pass(scope, receive, answer)
        except Refusal as refused:
            response = failure(refused.status, refused.name, refused.message, refused.remedy)
            # what is left of its body is not read as another request
            response.headers["Connection"] = "close"
            if refused.status == 429:
                response.headers["Retry-After"] = "1"
            await response(scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - nothing of it may reach the one who asked
            if not answer.status:
                await unforeseen(error)(scope, receive, answer)
            elif answer.status != 500:
                _log.exception("an answer broke off")

    async def _pass(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        headers = Headers(scope=scope)
        self._check_host(headers)
        method, path = scope["method"], scope["path"]
        holds_token = self._holds_token(headers)
        self._check_origin(method, path, headers, holds_token=holds_token)
        is_upload = any(m == method and p.fullmatch(path) for m, p in self._uploads)
        length = self._check_body(method, headers, is_upload=is_upload)
        session = Session("token", 0.0, 0.0) if holds_token else self._session(headers)
        if session is None and not (method in _SAFE and self._is_public(path)):
            raise Refusal(
                401,
                "NotSignedInError",
                "This browser is not signed in, or its session has ended.",
                "Run `visionloom designer` in a terminal: it prints a new link.",
            )
        if session is not None:
            self._check_pace(session)
        scope[SESSION] = answer.session = session
        if length and not is_upload:
            receive = _replay(await _whole(receive, length), receive)
        # no answer comes in pieces, so that nobody can ask for a thousand of them
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"range"]
        await self._app(scope, receive, answer)

    def _check_host(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            raise Refusal(
                421,
                "WrongHostError",
                f"This server answers at http://127.0.0.1:{self._port} only.",
                f"Through a tunnel keep the port: ssh -L {self._port}:127.0.0.1:{self._port} HOST",
            )

    def _check_origin(self, method: str, path: str, headers: Headers, *, holds_token: bool) -> None:
        """Refuse what another page asks for; a browser says where a request comes from."""
        origins, sites = headers.getlist("origin"), headers.getlist("sec-fetch-site")
        own = [f"http://{headers['host'].lower()}"]
        is_own = origins == own or (not origins and sites == ["same-origin"])
        if method in _SAFE:
            guarded = not self._is_public(path)
            told = [site for site in sites if site not in {"same-origin", "none"}]
            refused = guarded and (bool(told) or origins not in ([], own))
        else:
            refused = not (is_own or (holds_token and not origins and not sites))
        if refused:
            raise Refusal(
                403,
                "CrossOriginError",
                "This was asked for by another page, or by a program without the token.",
                "Use the designer's own page, or send the token as `Authorization: Bearer`.",
            )

    def _is_public(self, path: str) -> bool:
        return path in PUBLIC or self._is_bundle(path)

    def _check_body(self, method: str, headers: Headers, *, is_upload: bool) -> int:
        """The length of the body, which is of a kind that is taken here.

        A browser's simple kinds (form, text) are never taken, so that no page can send one
        without asking first.
        """
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise Refusal(415, "UnsupportedBodyError", "Packed bodies are not taken.")
        if "transfer-encoding" in headers:
            raise Refusal(411, "LengthRequiredError", "Say the length: send Content-Length.")
        lengths = headers.getlist("content-length")
        if len(lengths) > 1 or not all(re.fullmatch(r"\d{1,18}", word) for word in lengths):
            raise Refusal(400, "WrongLengthError", "Content-Length is no length.")
        length = int(lengths[0]) if lengths else 0
        if method in _SAFE:
            if length:
                raise Refusal(400, "UnexpectedBodyError", f"{method} takes no body.")
            return 0
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        wanted = "application/octet-stream" if is_upload else "application/json"
        if (length or kind) and kind != wanted:
            raise Refusal(
                415, "UnsupportedBodyError", f"A body of the kind {wanted} is taken here."
            )
        if not is_upload and length > self._limits.json_bytes:
            raise Refusal(
                413,
                "TooLargeError",
                f"The request has {length:,} bytes, more than {self._limits.named('json_bytes')}.",
            )
        return length

    def _holds_token(self, headers: Headers) -> bool:
        scheme, _, word = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self._access.is_token(word.strip())

    def _session(self, headers: Headers) -> Session | None:
        name = self._access.cookie_name
        pairs = [
            pair.strip().partition("=")
            for line in headers.getlist("cookie")
            for pair in line.split(";")
        ]
        values = [value for key, _, value in pairs if key == name]
        return self._access.session(values) if values else None

    def _check_pace(self, session: Session) -> None:
        now = self._clock()
        allowance = self._allowances.pop(session.id, None) or _Allowance(self._limits.burst, now)
        gained = (now - allowance.at) * self._limits.requests_per_second
        allowance.left = min(self._limits.burst, allowance.left + gained)
        allowance.at = now
        # those asked for last stand last, so that the oldest are forgotten
        self._allowances[session.id] = allowance
        while len(self._allowances) > _KEPT_SESSIONS:
            del self._allowances[next(iter(self._allowances))]
        if allowance.left < 1:
            raise Refusal(
                429,
                "TooManyRequestsError",
                f"More than {self._limits.requests_per_second:,.0f} requests a second "
                "(requests_per_second).",
                "Wait a moment.",
            )
        allowance.left -= 1


def hosts_of(port: int) -> list[str]:
    """What a browser may call this server."""
    names = ("127.0.0.1", "localhost", "[::1]")
    return [f"{name}:{port}" for name in names] + (list(names) if port == 80 else [])


class _Answer:
    """Sends an answer with the headers that every answer has."""

    def __init__(self, send: Send, scope: Scope, access: Access) -> None:
        self._send = send
        self._path: str = scope["path"]
        self._access = access
        self.session: Session | None = None
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._complete(MutableHeaders(raw=message.setdefault("headers", [])))
        await self._send(message)

    def _complete(self, headers: MutableHeaders) -> None:
        for name in [n for n in headers if n.startswith("access-control-") or n == "server"]:
            del headers[name]
        for name, value in _HEADERS.items():
            headers[name] = value
        # a page that is not ours may be shut in further, never less
        if "sandbox" not in headers.get("content-security-policy", ""):
            headers["Content-Security-Policy"] = POLICY
        if self._path.startswith("/api") and not (
            self.status in {200, 304} and headers.get("cache-control", "").startswith("private")
        ):
            headers["Cache-Control"] = "no-store"
        session = self.session
        if session is not None and session.begun and self._access.is_due(session):
            headers.append("Set-Cookie", set_cookie(self._access, session))


def set_cookie(access: Access, session: Session) -> str:
    """The header that gives a browser its cookie."""
    value, seconds = access.cookie(session)
    return f"{access.cookie_name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict"


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", path))


async def _whole(receive: Receive, length: int) -> bytes:
    """The body, read before the route is asked.

    Raises:
        Refusal: It is not as long as was said.
    """
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Refusal(400, "WrongLengthError", "The body broke off.")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > length:
            break
    if len(body) != length:
        raise Refusal(400, "WrongLengthError", "The body is not as long as was said.")
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A source that gives the body, then what else comes."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
