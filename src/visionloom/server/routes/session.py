"""The session: the one-time link, who is asked, events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from visionloom._version import __version__
from visionloom.server.desk import DeskOf
from visionloom.server.models.machine import SessionView

router = APIRouter(tags=["session"])
Word = Annotated[str, Query(max_length=255)]


@router.get("/api/session")
def get_session(desk: DeskOf) -> SessionView:
    """Who answers."""
    return SessionView(version=__version__, port=desk.port)


@router.get("/api/health")
def health() -> dict[str, str]:
    """Whether the server answers; needs no cookie."""
    return {"status": "ok"}


@router.get("/api/events", response_class=Response)
async def events(request: Request, desk: DeskOf, run: Word = "", draft: Word = "") -> Response:
    """What happens, as server-sent events; ``Last-Event-ID`` goes on where one left off.

    Events: ``run`` (a `RunSummary` that changed), ``journal`` (a line of the run asked for),
    ``draft`` (id and revision), ``weights`` (a `WeightsView`).
    """
    raise NotImplementedError
