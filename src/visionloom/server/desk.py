"""What the routes share: the workspace, the drafts, the data sets; handed to each by the app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from visionloom.datasets import DataSets
from visionloom.drafts.drafts import Drafts
from visionloom.limits import ServerLimits
from visionloom.server.access import Access
from visionloom.server.events import EventHub
from visionloom.server.looking import Looking
from visionloom.server.readings import Readings
from visionloom.server.weights import WeightsDesk
from visionloom.workspace import Workspace


@dataclass(frozen=True)
class Desk:
    """Everything a route may use.

    Attributes:
        workspace: Settings, catalog, records, store.
        port: Where the server listens.
        access: Who is let in.
        limits: What may be asked for.
        events: Tells open pages what happens.
        drafts: Pipelines that are edited.
        readings: What was found out about them a moment ago.
        datasets: Photos that were brought here, uploads, folders that may be used.
        looking: Artifacts that are being looked at.
        weights: Pretrained weights, and what is being fetched.
    """

    workspace: Workspace
    port: int
    access: Access
    limits: ServerLimits
    events: EventHub
    drafts: Drafts
    readings: Readings
    datasets: DataSets
    looking: Looking
    weights: WeightsDesk

    def sweep(self) -> None:
        """Remove what servers before this one left half done."""
        self.drafts.sweep()
        self.weights.sweep()

    def close(self) -> None:
        """End the processes that were started for it."""
        self.looking.close()
        self.datasets.close()


def open_desk(
    workspace: Workspace,
    *,
    folders: Sequence[Path] = (),
    port: int = 0,
    limits: ServerLimits | None = None,
) -> Desk:
    """The desk of a server; nothing is read or written yet.

    Args:
        workspace: Whose runs and drafts are shown.
        folders: Folders whose photos may be used.
        port: Where the server listens.
        limits: What may be asked for, instead of what the settings say.
    """
    limits = limits or workspace.settings.limits.server
    events, looking = EventHub(limits), Looking(workspace)
    return Desk(
        workspace=workspace,
        port=port,
        access=Access(workspace.settings.home / "server", port, limits),
        limits=limits,
        events=events,
        drafts=Drafts(workspace.settings),
        readings=Readings(),
        datasets=DataSets(workspace.settings, folders),
        looking=looking,
        weights=WeightsDesk(workspace, looking.trier, events.tell_weights),
    )


def desk_of(request: Request) -> Desk:
    """The desk of the app that answers."""
    desk = request.app.state.desk
    assert isinstance(desk, Desk)  # noqa: S101 - put there by create_app
    return desk


DeskOf = Annotated[Desk, Depends(desk_of)]
