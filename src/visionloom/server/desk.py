"""What the routes share: the workspace, the drafts, the data sets; handed to each by the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from visionloom.workspace import Workspace


@dataclass(frozen=True)
class Desk:
    """Everything a route may use.

    Attributes:
        workspace: Settings, catalog, records, store.
    """

    workspace: Workspace


def desk_of(request: Request) -> Desk:
    """The desk of the app that answers."""
    desk = request.app.state.desk
    assert isinstance(desk, Desk)  # noqa: S101 - put there by create_app
    return desk


DeskOf = Annotated[Desk, Depends(desk_of)]
