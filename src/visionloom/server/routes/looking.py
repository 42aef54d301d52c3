"""What is inside artifacts. Pictures leave only as thumbnails and previews that are made anew."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from visionloom.artifacts.types import ImageDirectory, ImageTransformation
from visionloom.images.preview import as_scored, as_trained, in_words
from visionloom.images.thumbnails import to_jpeg
from visionloom.images.transforms import read_transformation
from visionloom.server.artifacts import artifact_view, find_any, find_artifact
from visionloom.server.desk import DeskOf
from visionloom.server.models import looking as m
from visionloom.server.pictures import picture

router = APIRouter(prefix="/api", tags=["looking"])
Word = Annotated[str, Query(max_length=1_024)]
Offset = Annotated[int, Query(ge=0, le=100_000_000)]
PageSize = Annotated[int, Query(ge=1, le=1_000)]
Side = Annotated[int, Query(ge=16, le=1_024)]
Row = Annotated[int, Path(ge=0, le=100_000_000)]
_PREVIEW_QUALITY = 92


@router.get("/artifacts/{artifact}")
def get_artifact(desk: DeskOf, artifact: str) -> m.ArtifactView:
    """Type, size and origin of an artifact."""
    return artifact_view(desk, artifact)


@router.get("/images/{artifact}")
def get_images(desk: DeskOf, artifact: str) -> m.ImageDirectoryView:
    """An image directory."""
    directory, manifest = find_any(desk, artifact, ImageDirectory)
    found = desk.looking.images.open(directory).summary()
    return m.ImageDirectoryView(
        id=artifact,
        count=found.count,
        labelled=found.labelled,
        classes=[m.ClassCount(name=name, count=count) for name, count in found.classes.items()],
        groups=found.groups,
        skipped=found.skipped,
        missing=found.missing,
        transformation=found.transformation,
        bytes=sum(file.bytes for file in manifest.files.values()),
    )


@router.get("/images/{artifact}/items")
def list_images(
    desk: DeskOf,
    artifact: str,
    label: Word = "",
    search: Word = "",
    offset: Offset = 0,
    limit: PageSize = 200,
) -> m.ImagePage:
    """Pictures of an image directory, in its order."""
    opened = desk.looking.images.open(find_artifact(desk, artifact, ImageDirectory))
    total, found = opened.page(label, search, offset, limit)
    items = [
        m.ImageItem(
            row=row,
            file=record.file,
            label=record.label,
            group=record.group,
            width=record.width,
            height=record.height,
            bytes=record.bytes,
        )
        for row, record in found
    ]
    return m.ImagePage(total=total, items=items)


@router.get("/images/{artifact}/skipped")
def list_skipped(
    desk: DeskOf, artifact: str, offset: Offset = 0, limit: PageSize = 200
) -> m.SkippedPage:
    """Files that were left out, and why."""
    opened = desk.looking.images.open(find_artifact(desk, artifact, ImageDirectory))
    found = opened.skipped(offset, limit)
    items = [m.SkippedItem(file=file, reason=reason) for file, reason in found]
    return m.SkippedPage(total=opened.skipped_count, items=items)


@router.get("/images/{artifact}/thumbnails/{row}", response_class=Response)
def get_thumbnail(
    desk: DeskOf, artifact: str, row: Row, request: Request, side: Side = 160
) -> Response:
    """A picture of an image directory, made anew as a small JPEG."""
    directory = find_artifact(desk, artifact, ImageDirectory)
    return picture(
        request,
        f"{artifact[:32]}-{row}-{side}",
        lambda: desk.looking.images.thumbnail(directory, row, side),
    )


@router.get("/transformations/{artifact}")
def get_transformation(desk: DeskOf, artifact: str) -> m.TransformationView:
    """An image transformation in words."""
    found = read_transformation(find_artifact(desk, artifact, ImageTransformation))
    return m.TransformationView(
        id=artifact,
        random=found.is_random,
        training=in_words(found),
        inference=in_words(found.for_inference()),
    )


@router.get("/images/{artifact}/previews/{row}", response_class=Response)
def get_preview(
    desk: DeskOf,
    artifact: str,
    row: Row,
    transformation: Word,
    request: Request,
    phase: Literal["training", "inference"] = "training",
    seed: Annotated[int, Query(ge=0, le=2**31 - 1)] = 1,
    epoch: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """A picture as training or inference would see it: JPEG; ``transformation`` is an id."""
    opened = desk.looking.images.open(find_artifact(desk, artifact, ImageDirectory))
    shown = read_transformation(find_artifact(desk, transformation, ImageTransformation))

    def make() -> bytes:
        if phase == "inference":
            return to_jpeg(as_scored(opened, row, shown), _PREVIEW_QUALITY)
        return to_jpeg(as_trained(opened, row, shown, seed, epoch), _PREVIEW_QUALITY)

    tag = f"{artifact[:32]}-{transformation[:32]}-{row}-{phase}-{seed}-{epoch}"
    return picture(request, tag, make)


@router.get("/models/{artifact}")
def get_model(desk: DeskOf, artifact: str) -> m.ModelView:
    """A model in words."""
    raise NotImplementedError


@router.get("/models/{artifact}/download", response_class=Response)
def download_model(desk: DeskOf, artifact: str) -> Response:
    """The model's folder as a zip archive."""
    raise NotImplementedError


@router.post("/models/{artifact}/try")
async def try_model(desk: DeskOf, artifact: str, request: Request) -> m.TryView:
    """What a model says of the picture in the body (``application/octet-stream``)."""
    raise NotImplementedError


@router.get("/scores/{artifact}")
def get_scores(desk: DeskOf, artifact: str) -> m.ScoresView:
    """Scores of pictures."""
    raise NotImplementedError


@router.get("/scores/{artifact}/items")
def list_scores(
    desk: DeskOf,
    artifact: str,
    sort: m.ScoreSort = "confidence",
    descending: bool = False,
    wrong: bool = False,
    label: Word = "",
    scored_label: Word = "",
    search: Word = "",
    offset: Offset = 0,
    limit: PageSize = 200,
) -> m.ScorePage:
    """Scored pictures, sorted and filtered; ``label`` and ``scored_label`` pick a cell."""
    raise NotImplementedError


@router.get("/scores/{artifact}/thumbnails/{row}", response_class=Response)
def get_score_thumbnail(desk: DeskOf, artifact: str, row: int, side: Side = 160) -> Response:
    """A scored picture as a small JPEG."""
    raise NotImplementedError


@router.get("/evaluations/{artifact}")
def get_evaluation(desk: DeskOf, artifact: str) -> m.EvaluationView:
    """An evaluation."""
    raise NotImplementedError


@router.get("/reports/{artifact}", response_class=Response)
def get_report(desk: DeskOf, artifact: str) -> Response:
    """A report page, which may run no script and load nothing."""
    raise NotImplementedError
