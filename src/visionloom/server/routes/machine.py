"""The machine: data sets, folders, weights, targets, storage."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from visionloom.server.desk import DeskOf
from visionloom.server.models import machine as m

router = APIRouter(prefix="/api", tags=["machine"])
Path_ = Annotated[str, Query(min_length=1, max_length=1_024)]


@router.get("/machine")
def get_machine(desk: DeskOf) -> m.MachineView:
    """What is here and would be trained on."""
    raise NotImplementedError


@router.get("/datasets")
def list_data_sets(desk: DeskOf) -> list[m.DataSetView]:
    """Photos that were dropped here."""
    raise NotImplementedError


@router.delete("/datasets/{dataset}", status_code=204)
def delete_data_set(desk: DeskOf, dataset: str) -> None:
    """Delete a data set that no draft uses."""
    raise NotImplementedError


@router.get("/datasets/{dataset}/thumbnails/{number}", response_class=Response)
def get_data_set_thumbnail(desk: DeskOf, dataset: str, number: int) -> Response:
    """One of the first pictures of a data set, made anew as a small JPEG."""
    raise NotImplementedError


@router.post("/uploads", status_code=201)
def begin_upload(desk: DeskOf, body: m.NewUpload) -> m.UploadView:
    """Make ready for photos to come."""
    raise NotImplementedError


@router.put("/uploads/{upload}/files")
async def upload_file(desk: DeskOf, upload: str, path: Path_, request: Request) -> m.UploadView:
    """Take one file (``application/octet-stream``), at a relative path."""
    raise NotImplementedError


@router.post("/uploads/{upload}/finish", status_code=201)
def finish_upload(desk: DeskOf, upload: str) -> m.DataSetView:
    """Make the data set of what came."""
    raise NotImplementedError


@router.delete("/uploads/{upload}", status_code=204)
def drop_upload(desk: DeskOf, upload: str) -> None:
    """Throw away what came."""
    raise NotImplementedError


@router.get("/folders")
def list_roots(desk: DeskOf) -> list[m.FolderEntry]:
    """Folders that may be used."""
    raise NotImplementedError


@router.get("/folders/{folder}")
def get_folder(desk: DeskOf, folder: str) -> m.FolderView:
    """What is below a folder that may be used."""
    raise NotImplementedError


@router.get("/weights")
def list_weights(desk: DeskOf) -> list[m.WeightsView]:
    """Pretrained weights, and whether they are here."""
    raise NotImplementedError


@router.post("/weights/{model}/fetch", status_code=202)
def fetch_weights(desk: DeskOf, model: str) -> m.WeightsView:
    """Fetch weights from the publisher; progress comes with the events."""
    raise NotImplementedError


@router.put("/weights/{model}")
async def put_weights(desk: DeskOf, model: str, request: Request) -> m.WeightsView:
    """Take a weights file (``application/octet-stream``)."""
    raise NotImplementedError


@router.get("/targets")
def list_targets(desk: DeskOf) -> list[m.TargetView]:
    """Where steps run, who holds slots, who waits and why."""
    raise NotImplementedError


@router.get("/storage")
def get_storage(desk: DeskOf) -> m.StorageView:
    """What the home folder holds."""
    raise NotImplementedError


@router.post("/storage/clean")
def clean(desk: DeskOf, body: m.CleanRequest) -> m.CleanView:
    """Say what no kept run needs, or free it."""
    raise NotImplementedError
