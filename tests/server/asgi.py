"""Requests exactly as they are written, without a client that puts them right."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from fastapi.routing import APIRoute

from visionloom.server.app import Designer

Headers = Mapping[str, str] | Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Asker:
    """Asks an application; the page is closed when the answer has begun and the body is read."""

    def __init__(self, app: Designer, host: str, cookie: str = "") -> None:
        self.app = app
        self.host = host
        self.cookie = cookie
        self.own = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}

    def signed_in(self, **more: str) -> dict[str, str]:
        """Headers of the designer's own page, with others in place of some."""
        headers = (
            self.own | {"Cookie": self.cookie} | {k.replace("_", "-"): v for k, v in more.items()}
        )
        return {name: value for name, value in headers.items() if value}

    def ask(
        self, method: str, path: str, headers: Headers, body: bytes | list[bytes] = b""
    ) -> Answer:
        """One request."""
        return asyncio.run(asyncio.wait_for(self._ask(method, path, headers, body), 20))

    async def _ask(
        self, method: str, path: str, headers: Headers, body: bytes | list[bytes]
    ) -> Answer:
        raw, _, query = path.partition("?")
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        pieces = [body] if isinstance(body, bytes) else list(body)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(raw),
            "raw_path": raw.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(k.lower().encode(), v.encode()) for k, v in pairs],
            "client": ("127.0.0.1", 5000),
            "server": ("127.0.0.1", 8321),
            "state": {},
        }
        told: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if pieces:
                piece = pieces.pop(0)
                return {"type": "http.request", "body": piece, "more_body": bool(pieces)}
            while not told:
                await asyncio.sleep(0.001)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            told.append(message)

        await self.app(scope, receive, send)
        begun = told[0]
        return Answer(
            begun["status"],
            {k.decode().lower(): v.decode() for k, v in begun["headers"]},
            b"".join(m.get("body", b"") for m in told[1:]),
        )


def api_routes(app: Designer) -> Iterator[APIRoute]:
    """The route table, that of the routers it includes with it."""
    for entry in app.routes:
        router = getattr(entry, "original_router", None)
        for route in [entry] if router is None else router.routes:
            assert isinstance(route, APIRoute), f"{route} is no route the guard's tests know"
            yield route


def routes(app: Designer) -> Iterator[tuple[str, str]]:
    """Every method and address of the route table, with something in place of parameters."""
    for route in api_routes(app):
        path = re.sub(
            r"\{(\w+)\}",
            lambda found: "1" if found[1] in {"row", "revision", "number"} else "x",
            route.path,
        )
        for method in sorted(route.methods or ()):
            yield method, path
