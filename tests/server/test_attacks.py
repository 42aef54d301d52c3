"""What a hostile client says to a real server: slowly, wrongly, too much, or to get elsewhere."""

from __future__ import annotations

import gzip
import http.client
import json
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.server.asgi import Asker, api_routes
from tests.server.live import Live, Stream, eventually, serving
from visionloom.limits import ServerLimits

IMPATIENT = ServerLimits(
    header_seconds=1.5,
    body_window_seconds=1.5,
    idle_seconds=1.0,
    unread_seconds=1.5,
    connections=700,
)
HOSTILE = [
    "..%2f..%2f..%2fetc%2fpasswd",
    "%252e%252e%252fetc%252fpasswd",
    "%2e%2e",
    "%00",
    "x%00.png",
    "%0d%0aX-Injected:%201",
    "%5c%5chost%5cshare",
    "C:%5cWindows",
    "file:%2f%2f%2fetc%2fpasswd",
    "%2fproc%2fself%2fenviron",
    "%ff%fe",
    "%F0%9F%92%A5",
    "'%20OR%201=1--",
    "x" * 5_000,
]


@pytest.fixture
def live(home: object) -> Iterator[Live]:
    with serving(IMPATIENT) as made:
        yield made


def is_closed(made: socket.socket) -> bool:
    """Whether the server hung up, or answered and hung up."""
    if not select.select([made], [], [], 0)[0]:
        return False
    try:
        return not made.recv(65_536) or is_closed(made)
    except OSError:
        return True


def test_five_hundred_slow_clients_are_cut_off_and_nobody_waits_for_them(live: Live) -> None:
    """A28: half of them trickle headers, half a body."""
    head = f"POST /api/drafts HTTP/1.1\r\nHost: 127.0.0.1:{live.port}\r\n"
    rest = "".join(f"{name}: {value}\r\n" for name, value in live.headers.items())
    whole = f"{head}{rest}Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{{"
    slow = []
    for number in range(500):
        made = live.connect()
        made.sendall((head if number % 2 else whole).encode())
        slow.append(made)
    try:
        began = time.monotonic()
        assert live.ask("GET", "/api/session") == 200
        assert time.monotonic() - began < 1
        while time.monotonic() - began < 1:
            for made in slow[::50]:
                made.sendall(b"x")
            time.sleep(0.2)
        closed: set[int] = set()

        def all_closed() -> bool:
            closed.update(n for n, m in enumerate(slow) if n not in closed and is_closed(m))
            return len(closed) == len(slow)

        assert eventually(10, all_closed), f"{len(closed)} of {len(slow)}"
        assert live.ask("GET", "/api/session") == 200
    finally:
        for made in slow:
            made.close()


def test_a_connection_that_is_idle_is_closed_and_a_stream_is_not(live: Live) -> None:
    """A28."""
    with Stream(live.port, live.headers) as stream:
        with live.connect() as made:
            began = time.monotonic()
            made.sendall(
                f"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1:{live.port}\r\n\r\n".encode()
            )
            assert eventually(8, lambda: is_closed(made))
            assert time.monotonic() - began > 0.9
        with live.connect() as silent:
            assert eventually(8, lambda: is_closed(silent))
        time.sleep(1)
        live.desk.events.tell_weights(live.desk.weights.get("resnet18"))
        assert stream.until("weights")[2]["model"] == "resnet18"


def test_newcomers_find_room_among_those_who_say_nothing(home: object) -> None:
    """A28."""
    with serving(ServerLimits(connections=20)) as live:
        silent = [live.connect() for _ in range(60)]
        try:
            for _ in range(5):
                assert live.ask("GET", "/api/session") == 200
        finally:
            for made in silent:
                made.close()


def deaf(live: Live) -> socket.socket:
    """A client that asks for much and reads nothing."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    made.connect(("127.0.0.1", live.port))
    made.sendall(f"GET /large.png HTTP/1.1\r\nHost: 127.0.0.1:{live.port}\r\n\r\n".encode() * 3)
    return made


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A page with a file that no buffer between server and client holds."""
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "large.png").write_bytes(bytes(12_000_000))
    return folder


def held(live: Live) -> int:
    """How many connections the server has."""
    found = psutil.Process().net_connections("tcp")
    return sum(one.laddr.port == live.port and one.status == "ESTABLISHED" for one in found)


def test_answers_that_nobody_reads_are_given_up(home: object, large: Path) -> None:
    with serving(IMPATIENT, large) as live:
        clients = [deaf(live) for _ in range(3)]
        try:
            assert eventually(2, lambda: held(live) == 3)
            assert eventually(8, lambda: held(live) == 0)
        finally:
            for made in clients:
                made.close()


def test_newcomers_find_room_among_those_who_read_nothing(home: object, large: Path) -> None:
    with serving(ServerLimits(connections=10), large) as live:
        clients = [deaf(live) for _ in range(10)]
        try:
            time.sleep(1)
            assert held(live) == 10
            for _ in range(5):
                assert live.ask("GET", "/api/session") == 200
        finally:
            for made in clients:
                made.close()


def test_requests_that_lie_or_never_end_are_refused_at_once(live: Live) -> None:
    """A27, and A20 without a host."""
    own = "".join(f"{name}: {value}\r\n" for name, value in live.headers.items())
    host = f"Host: 127.0.0.1:{live.port}\r\n"
    post = f"POST /api/drafts HTTP/1.1\r\n{host}{own}Content-Type: application/json\r\n"
    tiny = "1\r\n{\r\n" * 100_000
    packed = gzip.compress(b"0" * 50_000_000)
    me = psutil.Process()
    memory, busy, began = me.memory_info().rss, sum(me.cpu_times()[:2]), time.monotonic()

    assert live.status(f"{post}Transfer-Encoding: chunked\r\n\r\n{tiny}0\r\n\r\n") in {0, 411}
    head = f"{post}Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    assert live.status(head.encode() + packed) in {0, 415}
    both = f"{post}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{{}}"
    assert live.status(both) in {400, 411}
    assert live.status(f"{post}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}") == 400
    assert live.status(f"{post}Content-Length: -5\r\n\r\n{{}}") == 400
    assert live.status(f"{post}Content-Length: 100\r\n\r\n{{}}") == 0, "cut off, never a route's"
    assert live.status(f"{post}Content-Length: 99999999\r\n\r\n{{}}") == 413
    assert live.status(f"GET /api/health HTTP/1.0\r\n{own}\r\n") == 421
    assert live.status(f"GET /api/health HTTP/1.1\r\n{own}\r\n") in {400, 421}
    elsewhere = f"GET http://evil.test/api/session HTTP/1.1\r\nHost: evil.test\r\n{own}\r\n"
    assert live.status(elsewhere) == 421
    assert live.status("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03") == 400
    long = f"GET /api/health HTTP/1.1\r\n{host}X: " + "x" * 1_000_000
    assert live.status(long) == 0
    many = f"GET /api/health HTTP/1.1\r\n{host}" + "A: b\r\n" * 50_000
    assert live.status(many) == 0

    assert time.monotonic() - began < 15
    assert sum(me.cpu_times()[:2]) - busy < 6, "of the test and the server together"
    assert me.memory_info().rss - memory < 100_000_000
    assert live.ask("GET", "/api/session") == 200


def test_a_thousand_ranges_of_a_file_are_one_whole_answer(home: object, large: Path) -> None:
    """A27."""
    whole = (large / "large.png").read_bytes()
    ranges = "bytes=" + ",".join(f"{n}-{n}" for n in range(1_000))
    with serving(IMPATIENT, large) as live:
        made = http.client.HTTPConnection("127.0.0.1", live.port, timeout=20)
        made.request("GET", "/large.png", headers=live.headers | {"Range": ranges})
        answer = made.getresponse()
        assert (answer.status, answer.headers["Content-Range"]) == (200, None)
        assert answer.headers["Content-Length"] == str(len(whole))
        assert answer.read() == whole
        made.close()


def test_an_upgrade_to_a_websocket_is_none(live: Live) -> None:
    """A22: whoever asks for one gets the answer of the address, without one."""
    for origin, wanted in (("http://evil.test", 403), (f"http://127.0.0.1:{live.port + 1}", 403)):
        text = (
            f"GET /api/session HTTP/1.1\r\nHost: 127.0.0.1:{live.port}\r\nCookie: {live.cookie}\r\n"
            f"Origin: {origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        assert live.status(text) == wanted


def test_the_server_ends_at_once_with_streams_open(home: object) -> None:
    with serving() as live:
        streams = [Stream(live.port, live.headers) for _ in range(3)]
        began = time.monotonic()
    assert time.monotonic() - began < 2
    for stream in streams:
        with stream, pytest.raises((EOFError, http.client.HTTPException, OSError)):
            stream.next()


BODIES: dict[str, dict[str, object]] = {
    "EditRequest": {
        "base": 1,
        "edits": [{"kind": "set_head", "key": "display_name", "value": "theirs"}],
    },
    "BaseRevision": {"base": 1},
    "Restore": {"base": 1, "revision": 1},
    "NewVersion": {"base": 1, "name": "theirs"},
    "NewName": {"name": "theirs"},
    "CopyRequest": {"steps": ["convert"]},
    "RunChoice": {},
    "CancelRequest": {},
    "NoteText": {"text": "theirs"},
}
NUMBERS = {"row", "number", "revision"}
QUERIES = {"upload_file": "?path=a.png", "difference": "?run=x", "get_preview": "?transformation=x"}
NOTHING = {404, 405}


def test_no_parameter_of_any_address_leads_elsewhere(asker: Asker, home: Path) -> None:
    """A26: parts of addresses that name other places are things that are not there."""
    asker.ask("GET", "/api/drafts", asker.signed_in())
    kept = [home / name for name in ("server/token", "drafts/keep", "datasets/keep", "keep")]
    for file in kept:
        file.parent.mkdir(exist_ok=True)
        file.touch()
    for route in api_routes(asker.app):
        names = list(route.param_convertors)
        if not names:
            continue
        body, kind = b"", "application/octet-stream"
        if route.body_field is not None:
            name = route.body_field.field_info.annotation.__name__  # type: ignore[union-attr]
            body, kind = json.dumps(BODIES[name]).encode(), "application/json"
        for word in HOSTILE:
            path = route.path
            for name in names:
                path = path.replace("{" + name + "}", "1" if name in NUMBERS else word)
            path += QUERIES.get(route.name, "")
            for method in route.methods or ():
                upload = route.name in {"upload_file", "put_weights", "try_model"}
                if method != "GET" and not body and not upload:
                    kind = "application/json"
                more = {"Content-Type": kind, "Content-Length": str(len(body))}
                headers = asker.signed_in() | ({} if method == "GET" else more)
                answer = asker.ask(method, path, headers, body)
                # an upload that is not there is dropped already
                fine = NOTHING | ({204} if route.name == "drop_upload" else set())
                if upload and "%2f" in word:
                    # of more parts than the address of an upload, where no file is taken
                    fine = fine | {415}
                assert answer.status in fine, (method, path[:80], answer.body[:300])
                assert b"root:" not in answer.body
                assert "x-injected" not in answer.headers
    assert all(file.exists() for file in kept)


def test_no_number_of_any_address_leads_elsewhere(asker: Asker) -> None:
    """A26."""
    for route in api_routes(asker.app):
        for number in NUMBERS & set(route.param_convertors):
            path = route.path.replace("{" + number + "}", "WORD")
            for name in route.param_convertors:
                path = path.replace("{" + name + "}", "x")
            for word in [*HOSTILE, "-1", "1e9", "9" * 4_000]:
                answer = asker.ask("GET", path.replace("WORD", word), asker.signed_in())
                assert answer.status in NOTHING | {422}, (path, word[:60], answer.body[:300])
