"""The application: routes and guard put together."""

from __future__ import annotations

from fastapi import FastAPI

from visionloom._version import __version__
from visionloom.server.desk import Desk
from visionloom.server.models.base import Failure
from visionloom.server.routes import catalog, drafts, looking, machine, runs, session

ROUTERS = (session.router, catalog.router, drafts.router, runs.router, looking.router,
           machine.router)  # fmt: skip


def create_app(desk: Desk) -> FastAPI:
    """The application that answers for a desk."""
    app = FastAPI(
        title="Visionloom designer",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        generate_unique_id_function=lambda route: route.name,
        responses={"4XX": {"model": Failure}},
        separate_input_output_schemas=False,
    )
    app.state.desk = desk
    for router in ROUTERS:
        app.include_router(router)
    return app
