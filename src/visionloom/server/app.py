"""The application: routes, the built page and the guard put together."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from visionloom._version import __version__
from visionloom.server.answers import add_answers
from visionloom.server.desk import Desk
from visionloom.server.guard import Guard
from visionloom.server.models.base import Failure
from visionloom.server.routes import catalog, drafts, looking, machine, runs, session
from visionloom.server.static_files import STATIC, Bundle
from visionloom.server.summaries import summaries_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from visionloom.drafts.drafts import Drafts
    from visionloom.records.recorder import Recorder
    from visionloom.records.rows import RunRow
    from visionloom.server.models.runs import RunSummary

ROUTERS = (session.router, catalog.router, drafts.router, runs.router, looking.router,
           machine.router)  # fmt: skip


class Designer(FastAPI):
    """The routes, with the guard around everything, errors included."""

    desk: Desk
    bundle: Bundle

    def build_middleware_stack(self) -> ASGIApp:
        """What a request goes through."""
        routes, bundle = super().build_middleware_stack(), self.bundle

        async def inside(scope: Scope, receive: Receive, send: Send) -> None:
            is_page = (
                scope["type"] == "http"
                and scope["method"] in {"GET", "HEAD"}
                and bundle.holds(scope["path"])
            )
            await (bundle if is_page else routes)(scope, receive, send)

        return Guard(
            inside,
            access=self.desk.access,
            port=self.desk.port,
            limits=self.desk.limits,
            is_bundle=bundle.holds,
        )


def create_app(desk: Desk, static: Path = STATIC) -> Designer:
    """The application that answers for a desk.

    Args:
        desk: What the routes use.
        static: Where the built page is.
    """
    app = Designer(
        title="Visionloom designer",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_while_it_runs,
        generate_unique_id_function=lambda route: route.name,
        responses={"4XX": {"model": Failure}},
        separate_input_output_schemas=False,
    )
    app.desk = desk
    app.bundle = Bundle(static)
    app.state.desk = desk
    add_answers(app)
    for router in ROUTERS:
        app.include_router(router)
    return app


@dataclass(frozen=True)
class _Sources:
    """Where the events of a desk come from."""

    desk: Desk

    @property
    def records(self) -> Recorder:
        return self.desk.workspace.records

    @property
    def drafts(self) -> Drafts:
        return self.desk.drafts

    def summaries(self, runs: Sequence[RunRow]) -> list[RunSummary]:
        return summaries_of(self.desk, runs)


@contextlib.asynccontextmanager
async def _while_it_runs(app: FastAPI) -> AsyncIterator[None]:
    """Look for events from the start of the server to its end."""
    desk: Desk = app.state.desk
    desk.events.start(_Sources(desk))
    try:
        yield
    finally:
        await desk.events.stop()
        await run_in_threadpool(desk.close)
