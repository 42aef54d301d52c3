"""The machine: data sets, folders, weights, targets, storage."""

from __future__ import annotations

import contextlib
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from visionloom._version import __version__
from visionloom.datasets import DataSet
from visionloom.datasets.arrivals import Upload
from visionloom.datasets.folders import Entry
from visionloom.errors import ModuleOutOfMemoryError, NotThereError
from visionloom.server import storage
from visionloom.server.desk import DeskOf
from visionloom.server.in_use import refuse_used, target_views
from visionloom.server.models import machine as m
from visionloom.server.pictures import fleeting
from visionloom.server.streams import pour, without_fail

router = APIRouter(prefix="/api", tags=["machine"])
_SIDE = 240
Path_ = Annotated[str, Query(min_length=1, max_length=1_024)]


@router.get("/machine")
def get_machine(desk: DeskOf) -> m.MachineView:
    """What is here and would be trained on."""
    line, warnings = desk.workspace.hardware()
    settings = desk.workspace.settings
    return m.MachineView(
        version=__version__,
        line=line,
        warnings=warnings,
        home=str(settings.home),
        offline=settings.offline,
    )


@router.get("/datasets")
def list_data_sets(desk: DeskOf) -> list[m.DataSetView]:
    """Photos that were dropped here."""
    return [_data_set(found) for found in desk.datasets.list()]


@router.delete("/datasets/{dataset}", status_code=204)
def delete_data_set(desk: DeskOf, dataset: str) -> None:
    """Delete a data set that no draft uses."""
    found = desk.datasets.get(dataset)
    refuse_used(desk.workspace, desk.drafts, found)
    desk.datasets.delete(dataset)


@router.get("/datasets/{dataset}/thumbnails/{number}", response_class=Response)
def get_data_set_thumbnail(desk: DeskOf, dataset: str, number: int) -> Response:
    """One of the first pictures of a data set, made anew as a small JPEG."""
    return fleeting(lambda: desk.datasets.thumbnail(dataset, number, _SIDE))


@router.post("/uploads", status_code=201)
def begin_upload(desk: DeskOf, body: m.NewUpload) -> m.UploadView:
    """Make ready for photos to come."""
    return _upload(desk.datasets.uploads.begin(body.name, body.files, body.bytes))


@router.put("/uploads/{upload}/files")
async def upload_file(desk: DeskOf, upload: str, path: Path_, request: Request) -> m.UploadView:
    """Take one file (``application/octet-stream``), at a relative path."""
    uploads, limits = desk.datasets.uploads, desk.workspace.settings.limits
    arriving = await run_in_threadpool(uploads.get, upload)
    arrival = await run_in_threadpool(arriving.receive, path, limits)
    try:
        await pour(request, arrival)
        await run_in_threadpool(arrival.finish)
    except BaseException as error:
        await without_fail(arrival.abort)
        if isinstance(error, ModuleOutOfMemoryError):
            # a full disk is not left full; one of several files finds that out first
            with contextlib.suppress(NotThereError):
                await without_fail(lambda: uploads.drop(upload))
        raise
    return _upload(arriving)


@router.post("/uploads/{upload}/finish", status_code=201)
def finish_upload(desk: DeskOf, upload: str) -> m.DataSetView:
    """Make the data set of what came."""
    return _data_set(desk.datasets.finish(upload))


@router.delete("/uploads/{upload}", status_code=204)
def drop_upload(desk: DeskOf, upload: str) -> None:
    """Throw away what came; nothing where it is gone already, or has become a data set."""
    with contextlib.suppress(NotThereError):
        desk.datasets.uploads.drop(upload)


@router.get("/folders")
def list_roots(desk: DeskOf) -> list[m.FolderEntry]:
    """Folders that may be used."""
    return [_entry(found) for found in desk.datasets.folders.roots()]


@router.get("/folders/{folder}")
def get_folder(desk: DeskOf, folder: str) -> m.FolderView:
    """What is below a folder that may be used."""
    found = desk.datasets.folders.get(folder)
    return m.FolderView(
        id=found.id,
        name=found.name,
        path=str(found.path),
        parent=found.parent,
        pictures=found.pictures,
        entries=[_entry(entry) for entry in found.entries],
        more=found.more,
    )


@router.get("/weights")
def list_weights(desk: DeskOf) -> list[m.WeightsView]:
    """Pretrained weights, and whether they are here."""
    return desk.weights.list()


@router.post("/weights/{model}/fetch", status_code=202)
def fetch_weights(desk: DeskOf, model: str) -> m.WeightsView:
    """Fetch weights from the publisher; progress comes with the events."""
    return desk.weights.fetch(model)


@router.put("/weights/{model}")
async def put_weights(desk: DeskOf, model: str, request: Request) -> m.WeightsView:
    """Take a weights file (``application/octet-stream``)."""
    arriving = await run_in_threadpool(desk.weights.arriving, model)
    try:
        await pour(request, arriving)
        return await run_in_threadpool(desk.weights.add, model, arriving)
    finally:
        await without_fail(arriving.remove)


@router.get("/targets")
def list_targets(desk: DeskOf) -> list[m.TargetView]:
    """Where steps run, who holds slots, who waits and why."""
    return target_views(desk)


@router.get("/storage")
def get_storage(desk: DeskOf) -> m.StorageView:
    """What the home folder holds."""
    return storage.storage(desk)


@router.post("/storage/clean")
def clean(desk: DeskOf, body: m.CleanRequest) -> m.CleanView:
    """Say what no kept run needs, or free it."""
    return storage.clean(desk, apply=body.apply)


def _data_set(found: DataSet) -> m.DataSetView:
    return m.DataSetView(
        id=found.id,
        name=found.name,
        path=str(found.path),
        files=found.files,
        bytes=found.bytes,
        created=found.created,
    )


def _upload(found: Upload) -> m.UploadView:
    return m.UploadView(id=found.id, files=found.files, bytes=found.bytes)


def _entry(found: Entry) -> m.FolderEntry:
    return m.FolderEntry(id=found.id, name=found.name, kind=found.kind, pictures=found.pictures)
