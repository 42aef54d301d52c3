"""What is inside artifacts. Pictures leave only as thumbnails and previews that are made anew."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from visionloom.artifacts.types import (
    Artifact,
    Evaluation,
    ImageDirectory,
    ImageTransformation,
    Report,
    Scores,
    TrainedModel,
    UntrainedModel,
)
from visionloom.datasets.names import folder_name
from visionloom.errors import ArtifactError, NotThereError, RunStateError
from visionloom.images.preview import as_scored, as_trained, in_words
from visionloom.images.thumbnails import to_jpeg
from visionloom.images.transforms import Transformation, read_transformation
from visionloom.inference.browse import ScoredPicture, Wanted
from visionloom.inference.words import describe_evaluation, describe_model
from visionloom.server.artifacts import artifact_view, find_any, find_artifact
from visionloom.server.desk import Desk, DeskOf
from visionloom.server.downloads import zip_of
from visionloom.server.models import looking as m
from visionloom.server.pictures import picture
from visionloom.server.streams import whole_body

router = APIRouter(prefix="/api", tags=["looking"])
Word = Annotated[str, Query(max_length=1_024)]
Offset = Annotated[int, Query(ge=0, le=100_000_000)]
PageSize = Annotated[int, Query(ge=1, le=1_000)]
Side = Annotated[int, Query(ge=16, le=1_024)]
Row = Annotated[int, Path(ge=0, le=100_000_000)]
_PREVIEW_QUALITY = 92
_ANSWERS = 10
_REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


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
    """An image transformation, or the one that an image directory carries, in words."""
    found = _transformation(desk, artifact)
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
    """A picture as training or inference would see it: JPEG.

    ``transformation`` is the id of one, or of an image directory that carries one.
    """
    opened = desk.looking.images.open(find_artifact(desk, artifact, ImageDirectory))
    shown = _transformation(desk, transformation)

    def make() -> bytes:
        if phase == "inference":
            return to_jpeg(as_scored(opened, row, shown), _PREVIEW_QUALITY)
        return to_jpeg(as_trained(opened, row, shown, seed, epoch), _PREVIEW_QUALITY)

    tag = f"{artifact[:32]}-{transformation[:32]}-{row}-{phase}-{seed}-{epoch}"
    return picture(request, tag, make)


@router.get("/models/{artifact}")
def get_model(desk: DeskOf, artifact: str) -> m.ModelView:
    """A model in words."""
    model, manifest = find_any(desk, artifact, TrainedModel, UntrainedModel)
    found = describe_model(model.path, manifest, trained=isinstance(model, TrainedModel))
    return m.ModelView(
        id=artifact,
        trained=found.trained,
        architecture=found.architecture,
        classes=list(found.classes),
        facts=list(found.facts),
        recipe=dict(found.recipe),
        figures=dict(found.figures),
        best_epoch=found.best_epoch,
    )


@router.get("/models/{artifact}/download", response_class=Response)
def download_model(desk: DeskOf, artifact: str) -> Response:
    """The model's folder as a zip archive."""
    model, manifest = find_any(desk, artifact, TrainedModel, UntrainedModel)
    run = str(manifest.origin.get("run", ""))
    name = artifact[:12]
    if run:
        with suppress(RunStateError):
            name = f"{folder_name(desk.workspace.records.get_run(run).name)}-{run}"
    return zip_of(model.path, manifest, f"model-{name}")


@router.post("/models/{artifact}/try")
async def try_model(desk: DeskOf, artifact: str, request: Request) -> m.TryView:
    """What a model says of the picture in the body (``application/octet-stream``)."""
    limits = desk.workspace.settings.limits
    model = await run_in_threadpool(find_artifact, desk, artifact, TrainedModel)
    data = await whole_body(request, limits, "serving_image_bytes")
    found = await run_in_threadpool(desk.looking.trier.try_model, model.path, data)
    pairs = zip(found["probabilities"], found["classes"], strict=True)
    best = sorted(pairs, key=lambda pair: -pair[0])[:_ANSWERS]
    return m.TryView(
        answers=[m.Answer(label=label, probability=share) for share, label in best],
        width=found["width"],
        height=found["height"],
        preprocessing=found["preprocessing"],
        seconds=found["seconds"],
    )


@router.get("/scores/{artifact}")
def get_scores(desk: DeskOf, artifact: str) -> m.ScoresView:
    """Scores of pictures."""
    opened = desk.looking.scores.open(find_artifact(desk, artifact, Scores))
    return m.ScoresView(
        id=artifact,
        count=opened.count,
        labelled=opened.labelled,
        classes=list(opened.classes),
        wrong=opened.wrong,
        skipped=opened.skipped,
        role=opened.role,
        pictures=desk.looking.images_of(artifact, opened) is not None,
    )


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
    opened = desk.looking.scores.open(find_artifact(desk, artifact, Scores))
    wanted = Wanted(sort, descending, wrong, label, scored_label, search)
    total, found = opened.page(wanted, offset, limit)
    return m.ScorePage(total=total, items=[_scored(one) for one in found])


@router.get("/scores/{artifact}/thumbnails/{row}", response_class=Response)
def get_score_thumbnail(
    desk: DeskOf, artifact: str, row: Row, request: Request, side: Side = 160
) -> Response:
    """A scored picture as a small JPEG."""
    opened = desk.looking.scores.open(find_artifact(desk, artifact, Scores))
    file = opened.file_of(row)
    directory = desk.looking.images_of(artifact, opened)
    place = None if directory is None else desk.looking.images.open(directory).row_of(file)
    if directory is None or place is None:
        raise NotThereError(
            "The picture cannot be shown: the image directory it was scored from is not here.",
            "Run the pipeline again to have it made anew.",
        )
    return picture(
        request,
        f"{artifact[:32]}-{row}-{side}",
        lambda: desk.looking.images.thumbnail(directory, place, side),
    )


@router.get("/evaluations/{artifact}")
def get_evaluation(desk: DeskOf, artifact: str) -> m.EvaluationView:
    """An evaluation."""
    evaluation = find_artifact(desk, artifact, Evaluation)
    found = describe_evaluation(evaluation.path)
    return m.EvaluationView(
        id=artifact,
        pictures=found.pictures,
        classes=list(found.classes),
        figures=[m.FigureView(**vars(figure)) for figure in found.figures],
        confusion=[list(row) for row in found.confusion],
        per_class=[
            m.ClassFigureView(
                name=row.name,
                pictures=row.pictures,
                precision=m.FigureView(**vars(row.precision)),
                recall=m.FigureView(**vars(row.recall)),
                f1=m.FigureView(**vars(row.f1)),
            )
            for row in found.per_class
        ],
        scores=desk.looking.scores_of(artifact, dict(found.digests)),
        remarks=list(found.remarks),
    )


@router.get("/reports/{artifact}", response_class=Response)
def get_report(desk: DeskOf, artifact: str) -> Response:
    """A report page, which may run no script and load nothing."""
    report = find_artifact(desk, artifact, Report)
    try:
        page = (report.path / "report.html").read_bytes()
    except OSError as error:
        raise ArtifactError(f"{report.path / 'report.html'} is missing.") from error
    headers = {"Content-Security-Policy": _REPORT_POLICY}
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)


def _transformation(desk: Desk, artifact: str) -> Transformation:
    found: Artifact = find_any(desk, artifact, ImageTransformation, ImageDirectory)[0]
    if isinstance(found, ImageTransformation):
        return read_transformation(found)
    opened = desk.looking.images.open(ImageDirectory(found.path))
    if opened.transformation is None:
        raise NotThereError("These pictures carry no transformation.")
    return (
        opened.transformation.for_inference()
        if opened.mode == "For inference"
        else opened.transformation
    )


def _scored(found: ScoredPicture) -> m.ScoreItem:
    return m.ScoreItem(
        row=found.row,
        file=found.file,
        label=found.label,
        scored_label=found.scored_label,
        probability=found.probability,
        loss=found.loss,
        answers=[m.Answer(label=label, probability=share) for label, share in found.answers],
    )
