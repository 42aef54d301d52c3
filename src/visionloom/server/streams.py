"""Bodies that are too large for memory: taken piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Protocol

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from visionloom.errors import UsageError
from visionloom.settings import MIB, Limits

if TYPE_CHECKING:
    from fastapi import Request


class Taker(Protocol):
    """Where the bytes go."""

    def write(self, data: bytes, /) -> object:
        """Take some."""


async def pieces(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces of about a mebibyte, so that a photo is one or a few.

    Raises:
        UsageError: It broke off.
    """
    held = bytearray()
    async for chunk in _chunks(request):
        held += chunk
        if len(held) >= MIB:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


async def pour(request: Request, taker: Taker) -> None:
    """Hand the body on; the taker may wait for a disk without keeping others waiting."""
    async for piece in pieces(request):
        await run_in_threadpool(taker.write, piece)


async def without_fail(act: Callable[[], object]) -> None:
    """Do what may wait for a disk, beside the others; also when the request is given up."""
    with anyio.CancelScope(shield=True):
        await run_in_threadpool(act)


async def whole_body(request: Request, limits: Limits, name: str) -> bytes:
    """A body that fits into memory.

    Raises:
        UsageError: It is larger than the limit ``name``, or broke off.
    """
    held, most = bytearray(), getattr(limits, name)
    async for chunk in _chunks(request):
        held += chunk
        if len(held) > most:
            raise UsageError(f"The file has more bytes than {limits.named(name)}.")
    return bytes(held)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        raise UsageError("The file broke off.", "Send it again.") from error
