"""Where the server listens: on this machine alone; and how to reach it from another."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable

from visionloom.errors import UsageError

PORT = 8321
_NEXT_PORTS = 20
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_FILES = 4_096


def check_host(host: str, port: int | None) -> None:
    """Refuse to listen where others could reach it.

    Raises:
        UsageError: It is no address of this machine alone.
    """
    if host in _LOOPBACK:
        return
    number = port or PORT
    raise UsageError(
        f"The designer listens on this machine alone, not at {host}.",
        f"From another machine: ssh -L {number}:127.0.0.1:{number} {_this_host()}, then open the "
        "link there.",
    )


def listen(port: int | None) -> list[socket.socket]:
    """Sockets of this machine alone, for both kinds of addresses where it has them.

    Raises:
        UsageError: The port is taken.
    """
    wanted = range(PORT, PORT + _NEXT_PORTS) if port is None else [port]
    for number in wanted:
        first = _bind(socket.AF_INET, "127.0.0.1", number)
        if first is None:
            continue
        # nobody else is to answer for `localhost`
        second = _bind(socket.AF_INET6, "::1", first.getsockname()[1])
        return [first] if second is None else [first, second]
    if port is None:
        raise UsageError(
            f"The ports {PORT} to {PORT + _NEXT_PORTS - 1} are taken.", "Choose one: --port 0"
        )
    raise UsageError(f"Port {port} is taken.", "--port 0 takes one that is free.")


def _bind(family: int, host: str, port: int) -> socket.socket | None:
    try:
        # with the protocol named, asyncio sends answers at once; else each waits 40 ms for an ACK
        made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError:
        return None
    try:
        if os.name == "nt":
            made.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE"), 1)  # noqa: B009
        else:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
        made.listen(1_024)
    except OSError:
        made.close()
        return None
    return made


def say_how_to_reach(port: int, say: Callable[[str], None]) -> None:
    """Say it to whoever sits at another machine."""
    if os.environ.get("SSH_CONNECTION"):
        say(f"From where you sit: ssh -L {port}:127.0.0.1:{port} {_this_host()}, then the link.")


def allow_many_connections() -> None:
    """Every connection is an open file; the usual limit is low."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _this_host() -> str:
    return socket.gethostname() or "HOST"
