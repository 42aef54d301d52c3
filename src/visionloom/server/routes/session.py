"""The session: the one-time link, who is asked, events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from visionloom._version import __version__
from visionloom.errors import UsageError
from visionloom.server.answers import failure
from visionloom.server.desk import Desk, DeskOf
from visionloom.server.event_streams import EventStream, Subscription, Wanted
from visionloom.server.guard import SESSION, set_cookie
from visionloom.server.models.machine import LinkRequest, LinkView, SessionView

router = APIRouter(tags=["session"])
Word = Annotated[str, Query(max_length=255)]
_USED_UP = (
    "This link was used already, or is too old.\n\n"
    "Run `visionloom designer` again: it prints a new one.\n"
)


@router.get("/api/session")
def get_session(desk: DeskOf) -> SessionView:
    """Who answers."""
    return SessionView(version=__version__, port=desk.port)


@router.post("/api/session/link", status_code=201)
def make_link(desk: DeskOf, request: Request, body: LinkRequest) -> LinkView:
    """A new one-time link; whoever holds the token may open a pipeline file with it."""
    if body.file and request.scope[SESSION].id != "token":
        raise UsageError(
            "A page cannot open a file by its path.", "Say: visionloom designer FILE.yml"
        )
    return LinkView(address=address_of(desk, body.file))


@router.get("/api/health")
def health() -> dict[str, str]:
    """Whether the server answers; needs no cookie."""
    return {"status": "ok"}


@router.get("/open", include_in_schema=False)
def open_link(desk: DeskOf, request: Request, code: Word = "") -> Response:
    """Exchange a one-time code for a cookie; the address it leads to has no code in it."""
    leads_to = desk.access.redeem(code)
    if leads_to is not None:
        cookie = set_cookie(desk.access, desk.access.begin())
        return Response(status_code=303, headers={"Location": leads_to, "Set-Cookie": cookie})
    if request.scope[SESSION] is not None:
        return Response(status_code=303, headers={"Location": "/"})
    if desk.access.is_guessing():
        return failure(429, "TooManyRequestsError", "Too many wrong links.", "Wait a minute.")
    return Response(_USED_UP, 403, media_type="text/plain")


@router.get("/api/events", response_class=Response)
async def events(
    request: Request,
    desk: DeskOf,
    run: Word = "",
    draft: Word = "",
    after: Annotated[int, Query(ge=0)] = 0,
    last: Annotated[str, Query(max_length=100)] = "",
    last_event_id: Annotated[str, Header(max_length=100)] = "",
) -> Response:
    """What happens, as server-sent events; ``Last-Event-ID`` goes on where one left off, ``last``
    where a page closed its stream itself.

    Events: ``run`` (a `RunSummary` that changed), ``journal`` (a line of the run asked for, those
    after ``after``), ``draft`` (id and revision), ``weights`` (a `WeightsView`).
    """
    wanted = Wanted(run=run, draft=draft, after=after, last=last_event_id or last)
    return EventStream(Subscription(desk.events, request.scope[SESSION].id, wanted))


def address_of(desk: Desk, file: str = "") -> str:
    """Address of a one-time link.

    Args:
        desk: Who gives it out.
        file: Pipeline file it leads to; empty for the first page.

    Raises:
        InvalidPipelineError: There is no such file.
    """
    leads_to = f"/drafts/{desk.drafts.open_file(Path(file)).id}" if file else "/"
    return f"/open?code={desk.access.new_code(leads_to)}"
