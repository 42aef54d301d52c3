"""The machine: data sets, folders, weights, targets, storage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from visionloom.server.models.base import Model


class MachineView(Model):
    """What is here and would be trained on, in one line."""

    version: str
    line: str
    warnings: list[str]
    home: str
    offline: bool


class DataSetView(Model):
    """Photos that were dropped; ``id`` serves where a folder's does."""

    id: str
    name: str
    path: str
    files: int
    bytes: int
    created: float


class FolderEntry(Model):
    """A folder, archive or list below a folder that may be used."""

    id: str
    name: str
    kind: Literal["folder", "archive", "list"]
    pictures: int | None


class FolderView(Model):
    """A folder that may be used; ``parent`` is empty at a root."""

    id: str
    name: str
    path: str
    parent: str
    pictures: int
    entries: list[FolderEntry]
    more: bool


class NewUpload(Model):
    """Photos to come: a folder's files one by one, or one archive."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    files: Annotated[int, Field(ge=1, le=2_000_000)]
    bytes: Annotated[int, Field(ge=0)]


class UploadView(Model):
    """An upload in progress."""

    id: str
    files: int
    bytes: int


class WeightsView(Model):
    """Pretrained weights of a model; ``state`` tells whether they are here."""

    model: str
    title: str
    bytes: int
    licence: str
    source: str
    state: Literal["here", "absent", "fetching", "failed"]
    done: int
    reason: str


class Holding(Model):
    """A step that holds or waits for slots of a target."""

    run: str
    step: str
    slots: int
    reason: str


class TargetView(Model):
    """Where steps run."""

    name: str
    device: str
    slots: int
    used: int
    memory: str
    default: bool
    running: list[Holding]
    waiting: list[Holding]


class StoragePart(Model):
    """A part of the home folder."""

    name: str
    title: str
    bytes: int
    files: int


class StorageView(Model):
    """What the home folder holds."""

    home: str
    free: int
    parts: list[StoragePart]


class CleanRequest(Model):
    """What to free; without ``apply`` only said."""

    apply: bool = False


class CleanItem(Model):
    """Something no kept run needs."""

    what: str
    why: str
    bytes: int


class CleanView(Model):
    """What can be, or was, freed."""

    applied: bool
    bytes: int
    items: list[CleanItem]


class SessionView(Model):
    """Who asks: the designer of this machine."""

    version: str
    port: int


class LinkRequest(Model):
    """What a one-time link leads to: a pipeline file on this machine, or the first page."""

    file: Annotated[str, Field(max_length=4_096)] = ""


class LinkView(Model):
    """A one-time link, without the server's name."""

    address: str
