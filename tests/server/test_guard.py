"""The one gate before every address, asked at every address and with every method there is."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.server.asgi import Asker, api_routes, routes
from tests.server.conftest import PORT
from visionloom.limits import ServerLimits
from visionloom.server.app import create_app
from visionloom.server.desk import Desk, open_desk
from visionloom.server.guard import PUBLIC, UPLOADS, Guard
from visionloom.workspace import Workspace

HOST = f"127.0.0.1:{PORT}"
OPEN_TO_ALL = {"/", "/favicon.svg", "/runs", "/drafts/x", "/look/ImageDirectory/x", "/machine"}
ELSEWHERE = ["/nothing", "/api", "/api/nothing", "/index.html.bak", "/docs", "/openapi.json"]
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
FOREIGN_ORIGINS = [
    "http://evil.test",
    "null",
    f"http://127.0.0.1:{PORT + 1}",
    f"https://127.0.0.1:{PORT}",
    f"http://localhost:{PORT}",
    f"http://127.0.0.1:{PORT}.evil.test",
    "",
]


def everywhere(asker: Asker) -> Iterator[tuple[str, str]]:
    """All routes, the page's addresses, and addresses of nothing."""
    yield from routes(asker.app)
    for path in [*sorted(OPEN_TO_ALL), *ELSEWHERE]:
        yield from ((method, path) for method in ("GET", "HEAD", "POST", "OPTIONS", "DELETE"))


def is_open(method: str, path: str) -> bool:
    """Whether an address may be read without a cookie."""
    return method in {"GET", "HEAD"} and path in OPEN_TO_ALL | PUBLIC


def tree(folder: Path) -> dict[str, int]:
    """Every file of a home folder but the records."""
    left_out = {"records.sqlite", "records.sqlite-wal", "records.sqlite-shm", "records.sqlite.lock"}
    return {
        str(path.relative_to(folder)): path.stat().st_size
        for path in folder.rglob("*")
        if path.name not in left_out
    }


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        f"evil.test:{PORT}",
        "127.0.0.1",
        f"127.0.0.1:{PORT + 1}",
        f"127.1:{PORT}",
        f"0.0.0.0:{PORT}",
        f"2130706433:{PORT}",
        f"localhost.evil.test:{PORT}",
        f"localhost.:{PORT}",
        f"[::ffff:127.0.0.1]:{PORT}",
        f"evil@127.0.0.1:{PORT}",
        "",
    ],
)
def test_another_host_is_refused_at_every_address(asker: Asker, host: str) -> None:
    """A20."""
    headers = asker.signed_in(Host=host)
    for method, path in everywhere(asker):
        answer = asker.ask(method, path, headers)
        assert answer.status == 421, (method, path)


def test_two_hosts_are_refused_and_the_names_of_this_machine_taken(asker: Asker) -> None:
    """A20."""
    twice = [("Host", HOST), ("Host", "evil.test")]
    assert asker.ask("GET", "/api/health", twice).status == 421
    for name in (HOST, f"localhost:{PORT}", f"LocalHost:{PORT}", f"[::1]:{PORT}"):
        assert asker.ask("GET", "/api/health", {"Host": name}).status == 200


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
@pytest.mark.parametrize("site", ["cross-site", "same-site", ""])
def test_another_page_is_refused_at_every_address(
    asker: Asker, desk: Desk, origin: str, site: str
) -> None:
    """A21, A22: whatever its method and kind of body, though the browser sends the cookie."""
    before = tree(desk.workspace.settings.home)
    headers = asker.signed_in(Origin=origin, Sec_Fetch_Site=site)
    for method, path in everywhere(asker):
        safe = method in {"GET", "HEAD"}
        if is_open(method, path) or (safe and not origin and not site):
            continue
        answer = asker.ask(method, path, headers)
        assert answer.status == 403, (method, path)
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert tree(desk.workspace.settings.home) == before


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json-patch+json",
        "text/plain; application/json",
        "application/xml",
        "",
    ],
)
def test_only_json_is_taken_and_files_where_files_are_uploaded(asker: Asker, kind: str) -> None:
    """A21, A27: forms of ten thousand parts among them are not even read."""
    headers = asker.signed_in(Content_Type=kind, Content_Length="2")
    for method, path in everywhere(asker):
        if method in UNSAFE:
            assert asker.ask(method, path, headers, b"{}").status == 415, (method, path)


def test_json_is_no_upload_and_an_upload_no_json(asker: Asker) -> None:
    uploads = {(m, p.replace("{upload}", "x").replace("{model}", "x").replace("{artifact}", "x"))
               for m, p in UPLOADS}  # fmt: skip
    for method, path in routes(asker.app):
        if method not in UNSAFE:
            continue
        wrong = "application/json" if (method, path) in uploads else "application/octet-stream"
        headers = asker.signed_in(Content_Type=wrong, Content_Length="2")
        assert asker.ask(method, path, headers, b"{}").status == 415, (method, path)


def test_the_routes_that_take_files_are_those_the_guard_knows(asker: Asker) -> None:
    found = set()
    for route in api_routes(asker.app):
        raw = route.dependant.request_param_name and not route.body_field
        methods = route.methods or set()
        if raw and methods & UNSAFE and route.name != "make_link":
            found |= {(method, route.path) for method in methods}
    assert found == set(UPLOADS)


def test_a_program_without_the_token_and_a_page_that_does_not_say_so_change_nothing(
    asker: Asker, desk: Desk
) -> None:
    """A21: without Origin and Sec-Fetch-Site only the token lets one in."""
    cookie = {"Host": HOST, "Cookie": asker.cookie}
    token = {"Host": HOST, "Authorization": f"Bearer {desk.access.token}"}
    for method, path in routes(asker.app):
        if method in UNSAFE:
            assert asker.ask(method, path, cookie).status == 403, (method, path)
            assert asker.ask(method, path, token).status not in {401, 403}, (method, path)
            cross = token | {"Origin": "http://evil.test"}
            assert asker.ask(method, path, cross).status == 403, (method, path)


def credentials(desk: Desk, asker: Asker) -> dict[str, dict[str, str]]:
    """Ways not to be signed in."""
    name, value = asker.cookie.split("=", 1)
    other = open_desk(Workspace(), port=PORT + 1)
    from_next_door, _ = other.access.cookie(other.access.begin())
    access = desk.access
    long_ago = replace(access.begin(), begun=0.0)
    expired, seconds = access.cookie(long_ago)
    assert seconds == 0
    return {
        "none": {},
        "empty": {"Cookie": f"{name}="},
        "changed": {"Cookie": f"{name}={value[:-2]}xx"},
        "of another port": {"Cookie": f"{name}={from_next_door}"},
        "too old": {"Cookie": f"{name}={expired}"},
        "under another name": {"Cookie": f"session={value}"},
        "wrong token": {"Authorization": f"Bearer {'x' * 43}"},
        "token as password": {"Authorization": f"Basic {access.token}"},
    }


def test_nobody_is_let_in_without_credentials(asker: Asker, desk: Desk) -> None:
    """A23: every address but the listed ones."""
    for words, headers in credentials(desk, asker).items():
        for method, path in everywhere(asker):
            if not is_open(method, path):
                answer = asker.ask(method, path, asker.own | headers)
                assert answer.status == 401, (words, method, path)
                assert answer.json()["name"] == "NotSignedInError"


def test_a_token_in_the_address_lets_nobody_in(asker: Asker, desk: Desk) -> None:
    """A24."""
    for name in ("token", "code", "access_token"):
        path = f"/api/session?{name}={desk.access.token}"
        assert asker.ask("GET", path, asker.own).status == 401


def test_no_other_spelling_goes_around(asker: Asker) -> None:
    """A23: other methods, trailing slash, case, encodings."""
    for method, path in [("GET", "/api/session"), ("GET", "/api/runs"), ("POST", "/api/drafts")]:
        spellings = [
            path + "/", path + "//", "/" + path, path.upper(), path.title(),
            path.replace("/api", "/%61pi"), path.replace("/api", "/%2561pi"),
            path.replace("/api/", "/api%2f"), path.replace("/api/", "/x/../api/"),
            "/." + path, path + "%00", path + ";x", path + "%20", "/index.html/.." + path,
            "/assets/.." + path, "/runs/.." + path, "/open" + path, "/api/health/.." + path,
        ]  # fmt: skip
        for spelling in spellings:
            answer = asker.ask(method, spelling, asker.own)
            page = answer.status in {200, 503} and spelling.startswith(("/runs/", "//"))
            assert answer.status in {401, 404, 405} or page, spelling
            assert b"version" not in answer.body
        for other in ("HEAD", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "get", "X"):
            assert asker.ask(other, path, asker.own).status in {401, 403}, other


def test_the_list_of_public_addresses_is_known(asker: Asker) -> None:
    """A23: whoever adds one changes this test too."""
    assert {"/api/health", "/open"} == PUBLIC
    for method, path in routes(asker.app):
        assert path.startswith("/api/") or path in PUBLIC, f"{method} {path}"
        assert not asker.app.bundle.holds(path), f"{path} is the page's"


def test_every_answer_has_the_headers_of_care(asker: Asker) -> None:
    """A25: no inline script runs, no other page may frame or read anything."""
    asked = [
        *((m, p, asker.signed_in()) for m, p in everywhere(asker)),
        *((m, p, asker.own) for m, p in everywhere(asker)),
        ("GET", "/", {"Host": "evil.test"}),
        ("GET", "/api/session", asker.signed_in(Origin="http://evil.test")),
    ]
    for method, path, headers in asked:
        answer = asker.ask(method, path, headers)
        told = answer.headers
        policy = told["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert (
            "unsafe" not in policy.replace("style-src 'unsafe-inline'", "") or "sandbox" in policy
        )
        assert told["x-content-type-options"] == "nosniff"
        assert told["x-frame-options"] == "DENY"
        assert told["cross-origin-opener-policy"] == "same-origin"
        assert told["cross-origin-resource-policy"] == "same-origin"
        assert told["referrer-policy"] == "no-referrer"
        assert "server" not in told
        assert not [name for name in told if name.startswith("access-control")]
        if path.startswith("/api"):
            assert told["cache-control"].startswith(("no-store", "private"))


def test_reading_changes_nothing(asker: Asker, desk: Desk) -> None:
    asker.ask("GET", "/api/drafts", asker.signed_in())
    # what hardware there is, is found out once
    asker.ask("GET", "/api/machine", asker.signed_in())
    before = tree(desk.workspace.settings.home)
    for method, path in routes(asker.app):
        if method == "GET" and path not in PUBLIC:
            asker.ask(method, path, asker.signed_in())
    assert tree(desk.workspace.settings.home) == before


def test_bodies_have_a_length_and_a_limit(asker: Asker, desk: Desk) -> None:
    """A27."""
    most = desk.limits.json_bytes
    json_of = asker.signed_in(Content_Type="application/json")

    def status(length: str, body: bytes = b"", **more: str) -> int:
        headers = json_of | {"Content-Length": length} | more
        return asker.ask("POST", "/api/drafts", headers, body).status

    assert status(str(most + 1)) == 413
    assert status("9" * 30) == 400
    assert status("-1") == 400
    assert status("0x10") == 400
    assert status("2", b"{") == 400
    assert status("2", b"{}{}") == 400
    assert status("2", b"{}", **{"Content-Encoding": "gzip"}) == 415
    assert (
        asker.ask("POST", "/api/drafts", json_of | {"Transfer-Encoding": "chunked"}).status == 411
    )
    assert asker.ask("GET", "/api/runs", json_of | {"Content-Length": "2"}, b"{}").status == 400
    both = [*json_of.items(), ("Content-Length", "2"), ("Content-Length", "3")]
    assert asker.ask("POST", "/api/drafts", both, b"{}").status == 400
    full = json.dumps({"text": "x" * (most - 100)}).encode()
    assert status(str(len(full)), full) in {201, 422}


def test_a_body_that_breaks_off_reaches_no_route(desk: Desk) -> None:
    """A27."""
    reached: list[Any] = []

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope)

    guard = Guard(inside, access=desk.access, port=PORT, limits=desk.limits, is_bundle=bool)
    messages = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]
    told: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        told.append(message)

    headers = {
        "host": HOST,
        "authorization": f"Bearer {desk.access.token}",
        "content-type": "application/json",
        "content-length": "10",
    }
    scope = {"type": "http", "method": "POST", "path": "/api/drafts",
             "headers": [(k.encode(), v.encode()) for k, v in headers.items()]}  # fmt: skip
    asyncio.run(guard(scope, receive, send))
    assert not reached
    assert told[0]["status"] == 400


def test_a_websocket_is_refused(desk: Desk) -> None:
    """A22."""
    told: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        told.append(message)

    app = create_app(desk)
    asyncio.run(app({"type": "websocket", "path": "/api/events", "headers": []}, receive, send))
    assert [message["type"] for message in told] == ["websocket.close"]


def test_a_loop_that_never_waits_is_slowed_down_and_others_are_not(home: Path) -> None:
    limits = ServerLimits(requests_per_second=1, burst=5)
    desk = open_desk(Workspace(), port=PORT, limits=limits)
    cookies = [
        f"{desk.access.cookie_name}={desk.access.cookie(desk.access.begin())[0]}" for _ in "ab"
    ]
    asker = Asker(create_app(desk), HOST)
    seen = [asker.ask("GET", "/api/session", asker.own | {"Cookie": cookies[0]}) for _ in range(7)]
    assert [answer.status for answer in seen] == [200] * 5 + [429] * 2
    assert seen[-1].headers["retry-after"] == "1"
    other = asker.ask("GET", "/api/session", asker.own | {"Cookie": cookies[1]})
    assert other.status == 200


def test_an_unforeseen_error_tells_a_number_and_nothing_else(
    asker: Asker, caplog: pytest.LogCaptureFixture
) -> None:
    @asker.app.get("/api/broken")
    def broken() -> None:
        raise ValueError("a secret of /home/somebody")

    answer = asker.ask("GET", "/api/broken", asker.signed_in())
    assert answer.status == 500
    told = answer.json()
    assert told["name"] == "UnforeseenError"
    assert "secret" not in answer.body.decode()
    number = told["message"].split("number ")[1].rstrip(".")
    assert number in caplog.text
    assert "a secret of" in caplog.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_every_failure_has_the_one_shape(asker: Asker) -> None:
    for method, path in everywhere(asker):
        answer = asker.ask(method, path, asker.signed_in())
        if answer.status >= 400 and method != "HEAD" and path not in {"/", "/open", "/machine"}:
            assert set(answer.json()) >= {"name", "message", "remedy"}, (method, path)


def test_no_piece_of_an_answer_can_be_asked_for(asker: Asker) -> None:
    """A27: a thousand ranges are one whole answer."""
    ranges = "bytes=" + ",".join(f"{n}-{n}" for n in range(1_000))
    answer = asker.ask("GET", "/api/catalog", asker.signed_in(Range=ranges))
    assert answer.status == 200
    assert "content-range" not in answer.headers


@pytest.mark.skipif(os.name == "nt", reason="no such permissions here")
def test_settings_are_out_of_reach_of_uploads(asker: Asker, desk: Desk) -> None:
    """A34: no relative path of an upload leaves its folder."""
    home = desk.workspace.settings.home
    started = {"name": "p", "files": 10, "bytes": 100}
    body = json.dumps(started).encode()
    headers = asker.signed_in(Content_Type="application/json", Content_Length=str(len(body)))
    upload = asker.ask("POST", "/api/uploads", headers, body).json()["id"]
    for path in ("../../targets.toml", "/etc/x", "..%5c..%5cx", "a/../../../server/token",
                 "%2e%2e/%2e%2e/records.sqlite", "x%00.png", "C:/x", ".pth/../../x"):  # fmt: skip
        headers = asker.signed_in(Content_Type="application/octet-stream", Content_Length="1")
        answer = asker.ask("PUT", f"/api/uploads/{upload}/files?path={path}", headers, b"x")
        assert 400 <= answer.status < 500, path
    assert not (home / "targets.toml").exists()
    assert len((home / "server" / "token").read_text().strip()) == 43
