"""The built page: its files, packed when asked so, and the page itself at each of its addresses."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

STATIC = Path(__file__).parent / "static"
# first parts of the addresses the page itself understands; see frontend/src/app
PAGES = frozenset({"", "drafts", "runs", "compare", "look", "machine"})
HOW_TO_GET_IT = (
    "The designer's page has not been built.\n\n"
    "In a source checkout: make frontend. Otherwise: pip install visionloom, whose wheel has it.\n"
)
_INDEX = "index.html"
# no name begins with a dot, so that no path leads up or to a hidden file
_NAME = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
_FILE = re.compile(rf"/((?:{_NAME}/)*{_NAME}\.[a-z0-9]+)")
_HASHED = re.compile(r"assets/.*-[A-Za-z0-9_-]{8,}\.[a-z0-9]+")
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/vnd.microsoft.icon",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
_PACKED = frozenset({".html", ".js", ".css", ".json", ".svg", ".txt", ".wasm", ".webmanifest"})
_KEPT = 256


@dataclass(frozen=True)
class _Content:
    """A file as it is sent."""

    plain: bytes
    packed: bytes
    tag: str


class Bundle:
    """The files of the built page.

    Args:
        folder: Where they are; need not be there.
    """

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder
        self._contents: dict[tuple[str, int, int], _Content] = {}

    def holds(self, path: str) -> bool:
        """Whether an address is one of the page's: a file, or a view."""
        return self._name(path) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for an address that is the page's."""
        name = self._name(scope["path"]) or _INDEX
        response = await run_in_threadpool(self._response, name, Headers(scope=scope))
        if scope["method"] == "HEAD":
            response.body = b""
        await response(scope, receive, send)

    def _name(self, path: str) -> str | None:
        if path.split("/", 2)[1:2] and path.split("/", 2)[1] in PAGES:
            is_root = path == "/" or path.split("/", 2)[1] != ""
            return _INDEX if is_root else None
        match = _FILE.fullmatch(path)
        if match is None:
            return None
        file = self._folder / match[1]
        inside = file.is_file() and file.resolve().is_relative_to(self._folder.resolve())
        return match[1] if inside and file.suffix in _TYPES else None

    def _response(self, name: str, headers: Headers) -> Response:
        try:
            content = self._content(name)
        except FileNotFoundError:
            return PlainTextResponse(HOW_TO_GET_IT, 503, {"Cache-Control": "no-cache"})
        kept = "public, max-age=31536000, immutable" if _HASHED.fullmatch(name) else "no-cache"
        told = {"ETag": content.tag, "Cache-Control": kept, "Vary": "Accept-Encoding"}
        if content.tag in headers.get("if-none-match", ""):
            return Response(status_code=304, headers=told)
        told["Content-Type"] = _TYPES[Path(name).suffix]
        if content.packed and re.search(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))",
                                        headers.get("accept-encoding", "")):  # fmt: skip
            return Response(content.packed, headers=told | {"Content-Encoding": "gzip"})
        return Response(content.plain, headers=told)

    def _content(self, name: str) -> _Content:
        file = self._folder / name
        facts = file.stat()
        key = (name, facts.st_mtime_ns, facts.st_size)
        found = self._contents.get(key)
        if found is None:
            plain = file.read_bytes()
            packed = gzip.compress(plain, 9, mtime=0) if file.suffix in _PACKED else b""
            if len(packed) >= len(plain):
                packed = b""
            found = _Content(plain, packed, f'"{hashlib.sha256(plain).hexdigest()[:24]}"')
            self._contents[key] = found
            while len(self._contents) > _KEPT:
                del self._contents[next(iter(self._contents))]
        return found
