"""Looking at what a real run gave, over HTTP: by opaque id, small pictures, words as text."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

import visionloom as vl
from tests.conftest import picture
from tests.server.asgi import api_routes
from tests.server.conftest import PORT, browser
from visionloom.artifacts.types import Scores
from visionloom.engine.collect import collect
from visionloom.server.app import create_app
from visionloom.server.desk import Desk, open_desk
from visionloom.workspace import Workspace

ODD = "<img src=x onerror=alert(1)>"
OCTETS = {"content-type": "application/octet-stream"}


@dataclass(frozen=True)
class Looked:
    """A run that has ended, and a browser.

    Attributes:
        ids: Step and port -> id of the artifact.
    """

    client: TestClient
    desk: Desk
    photos: Path
    run: str
    ids: dict[str, str]

    def get(self, address: str, **query: object) -> object:
        answer = self.client.get(f"/api/{address}", params=query)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looked]:
    folder = tmp_path_factory.mktemp("looked")
    photos = folder / "photos"
    for index, label in enumerate((ODD, "bee")):
        (photos / label).mkdir(parents=True)
        for number in range(8):
            made = picture((60, 40), 100 * index + number, index)
            made.save(photos / label / f"{number}.png")
    (photos / "bee" / "broken.png").write_bytes(b"no picture")
    before = dict(os.environ)
    home = folder / "home"
    os.environ.update(VISIONLOOM_HOME=str(home), VISIONLOOM_OFFLINE="1", OMP_NUM_THREADS="1")
    try:
        with vl.Pipeline("look at me", folder=folder) as made:
            images = vl.convert_to_image_directory(made.data("photos", photos), step="convert")
            first, second = vl.split_image_directory(images, fraction=0.5, step="split")
            transformation = vl.init_image_transformation(
                resize=True, size=36, crop_size=32, random_horizontal_flip=True, step="transform"
            )
            seen = vl.apply_image_transformation(
                transformation, first, mode="For training", step="apply"
            )
            start = vl.resnet(model_name="resnet18", pretrained=False, step="model")
            model = vl.train_pytorch_model(
                start, seen, second, epochs=1, batch_size=4, precision="fp32", step="train"
            )
            scores = vl.score_image_model(model, second, precision="fp32", step="score")
            evaluation = vl.evaluate_model(scores, step="evaluate")
            made.output("report", vl.model_report(model, evaluation, step="report"))
        run = made.run()
        workspace = Workspace()
        ids = {f"{row.step}.{row.port}": row.object for row in workspace.records.outputs(run.id)}
        desk = open_desk(workspace, port=PORT)
        with browser(desk) as client:
            yield Looked(client, desk, photos, run.id, ids)
        workspace.records.close()
    finally:
        os.environ.clear()
        os.environ.update(before)


def only(looked: Looked, step: str) -> str:
    return next(value for key, value in looked.ids.items() if key.startswith(f"{step}."))


MADE_BY = {
    "artifacts": "train", "images": "convert", "transformations": "transform", "models": "train",
    "scores": "score", "evaluations": "evaluate", "reports": "report",
}  # fmt: skip


def test_no_query_of_what_is_there_leads_elsewhere(looked: Looked) -> None:
    """A26: every query of every address that reads, with ids of things that are there."""
    client, app = looked.client, create_app(looked.desk)
    draft = client.post("/api/drafts", json={"text": "jobs: {}\n"}).json()["id"]
    needed = {
        "difference": {"run": looked.run},
        "compare": {"first": looked.run, "second": looked.run},
        "get_preview": {"transformation": only(looked, "transform"), "phase": "training"},
    }
    asked = 0
    for route in api_routes(app):
        queries = [field.name for field in route.dependant.query_params]
        if "GET" not in (route.methods or ()) or not queries:
            continue
        if route.path in {"/api/events", "/open"}:
            continue
        place = route.path.split("/")[2]
        ids = {"artifact": only(looked, MADE_BY.get(place, "train")), "run": looked.run}
        path = route.path.format(**ids, draft=draft, row=1, number=1, revision=1)
        given = needed.get(route.name, {})
        answer = client.get(path, params=given)
        assert answer.status_code == 200, (path, answer.text)
        for name in queries:
            others = "".join(f"&{key}={value}" for key, value in given.items() if key != name)
            for word in HOSTILE:
                answer = client.get(f"{path}?{name}={word}{others}")
                assert answer.status_code < 500, (path, name, word[:60], answer.text[:300])
                assert b"root:" not in answer.content
                asked += 1
    assert asked > 300


def test_an_artifact_tells_who_made_it(looked: Looked) -> None:
    found = looked.get(f"artifacts/{only(looked, 'train')}")
    assert isinstance(found, dict)
    assert (found["type"], found["run"], found["step"]) == ("ModelDirectory", looked.run, "train")
    assert found["bytes"] > 1_000_000


def test_an_image_directory_is_shown_by_class_with_what_was_skipped(looked: Looked) -> None:
    images = only(looked, "convert")
    found = looked.get(f"images/{images}")
    assert isinstance(found, dict)
    assert found["classes"] == [{"name": ODD, "count": 8}, {"name": "bee", "count": 8}]
    assert (found["skipped"], found["missing"], found["transformation"]) == (1, 0, "")
    page = looked.get(f"images/{images}/items", label=ODD, limit=3, offset=2)
    assert isinstance(page, dict)
    assert page["total"] == 8
    assert [item["file"] for item in page["items"]] == [f"{ODD}/{n}.png" for n in (2, 3, 4)]
    skipped = looked.get(f"images/{images}/skipped")
    assert isinstance(skipped, dict)
    assert skipped["items"][0]["file"] == "bee/broken.png"
    carried = looked.get(f"images/{only(looked, 'apply')}")
    assert isinstance(carried, dict)
    assert "random horizontal flip" in carried["transformation"]


def test_thumbnails_are_made_anew_and_kept_by_the_browser(looked: Looked) -> None:
    address = f"/api/images/{only(looked, 'convert')}/thumbnails/9"
    answer = looked.client.get(address, params={"side": 30})
    assert answer.headers["content-type"] == "image/jpeg"
    assert "immutable" in answer.headers["cache-control"]
    with Image.open(io.BytesIO(answer.content)) as image:
        assert (image.format, image.size) == ("JPEG", (30, 20))
    assert answer.content != (looked.photos / "bee" / "1.png").read_bytes()
    again = looked.client.get(
        address, params={"side": 30}, headers={"if-none-match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == answer.headers["cache-control"]
    other = looked.client.get(address, params={"side": 31})
    assert other.headers["etag"] != answer.headers["etag"]


def test_a_picture_that_is_gone_or_changed_is_told(looked: Looked) -> None:
    address = f"/api/images/{only(looked, 'convert')}/thumbnails/15"
    file = looked.photos / "bee" / "7.png"
    before = file.read_bytes()
    try:
        file.unlink()
        answer = looked.client.get(address, params={"side": 77})
        assert answer.status_code == 410
        assert answer.headers["cache-control"] == "no-store"
        assert "is not now" in answer.json()["message"]
        file.write_bytes(b"another")
        answer = looked.client.get(address, params={"side": 77})
        assert (answer.status_code, "has changed" in answer.text) == (410, True)
    finally:
        file.write_bytes(before)
    assert looked.client.get(address, params={"side": 77}).status_code == 200


def test_a_transformation_is_told_and_shown_before_and_after(looked: Looked) -> None:
    transformation, images = only(looked, "transform"), only(looked, "convert")
    found = looked.get(f"transformations/{transformation}")
    assert isinstance(found, dict)
    assert found["random"] is True
    assert found["training"] == ["short side to 36", "centre crop 32", "random horizontal flip"]
    assert found["inference"] == ["short side to 36", "centre crop 32"]
    assert looked.get(f"transformations/{only(looked, 'apply')}") == found | {
        "id": only(looked, "apply")
    }
    shown = {}
    for phase in ("training", "inference"):
        for seed in range(1, 7):
            answer = looked.client.get(
                f"/api/images/{images}/previews/3",
                params={"transformation": transformation, "phase": phase, "seed": seed},
            )
            assert answer.status_code == 200
            with Image.open(io.BytesIO(answer.content)) as image:
                assert image.size == (32, 32)
            shown[phase, seed] = answer.content
    assert len({data for (phase, _), data in shown.items() if phase == "inference"}) == 1
    assert len({data for (phase, _), data in shown.items() if phase == "training"}) == 2


def test_a_model_is_told_and_given_as_a_zip_without_code(looked: Looked) -> None:
    model = only(looked, "train")
    found = looked.get(f"models/{model}")
    assert isinstance(found, dict)
    assert (found["trained"], found["classes"], found["best_epoch"]) == (True, [ODD, "bee"], 1)
    untrained = looked.get(f"models/{only(looked, 'model')}")
    assert isinstance(untrained, dict)
    assert untrained["trained"] is False
    answer = looked.client.get(f"/api/models/{model}/download")
    assert answer.headers["content-disposition"].startswith(
        f'attachment; filename="model-look-at-me-{looked.run}.zip"'
    )
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        archive.extractall(looked.photos.parent / "unpacked")
    tops = {name.partition("/")[0] for name in names}
    assert tops == {f"model-look-at-me-{looked.run}"}
    endings = {Path(name).suffix for name in names}
    assert endings == {".json", ".safetensors", ".parquet", ".txt"}
    again = vl.score_image_model(
        looked.photos.parent / "unpacked" / tops.pop(),
        looked.desk.workspace.store.path(only(looked, "convert")),
        out=looked.photos.parent / "scored-again",
    )
    assert again.path.is_dir()


def test_a_photo_is_tried(looked: Looked) -> None:
    model = only(looked, "train")
    data = (looked.photos / "bee" / "3.png").read_bytes()
    answer = looked.client.post(f"/api/models/{model}/try", content=data, headers=OCTETS)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert sum(one["probability"] for one in found["answers"]) == pytest.approx(1)
    assert (found["width"], found["height"]) == (60, 40)
    for bad in (b"", b"hello", b"\xff\xd8\xff\xe0"):
        refused = looked.client.post(f"/api/models/{model}/try", content=bad, headers=OCTETS)
        assert refused.status_code == 422
        assert refused.json()["name"] == "InvalidDatasetError"
    limit = looked.desk.workspace.settings.limits.serving_image_bytes
    large = looked.client.post(
        f"/api/models/{model}/try", content=b"x" * (limit + 1), headers=OCTETS
    )
    assert large.status_code == 422
    assert "serving_image_bytes" in large.json()["message"]


def test_scores_are_paged_and_lead_to_their_pictures(looked: Looked) -> None:
    scores = only(looked, "score")
    found = looked.get(f"scores/{scores}")
    assert isinstance(found, dict)
    assert (found["count"], found["labelled"], found["pictures"]) == (8, True, True)
    page = looked.get(f"scores/{scores}/items", sort="loss", descending=True, limit=2)
    assert isinstance(page, dict)
    assert page["total"] == 8
    losses = [item["loss"] for item in page["items"]]
    assert losses == sorted(losses, reverse=True)
    wrong = looked.get(f"scores/{scores}/items", wrong=True)
    assert isinstance(wrong, dict)
    assert wrong["total"] == found["wrong"]
    item = page["items"][0]
    answer = looked.client.get(f"/api/scores/{scores}/thumbnails/{item['row']}")
    with (
        Image.open(io.BytesIO(answer.content)) as shown,
        Image.open(looked.photos / item["file"]) as original,
    ):
        assert shown.size == original.size
        first, second = (
            one.convert("RGB").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
            for one in (shown, original)
        )
        assert isinstance(first, tuple)
        assert isinstance(second, tuple)
        assert max(abs(a - b) for a, b in zip(first, second, strict=True)) < 6


def test_an_evaluation_leads_to_the_scores_of_its_cells(looked: Looked) -> None:
    found = looked.get(f"evaluations/{only(looked, 'evaluate')}")
    assert isinstance(found, dict)
    assert found["scores"] == only(looked, "score")
    assert found["classes"] == [ODD, "bee"]
    for true, row in enumerate(found["confusion"]):
        for given, count in enumerate(row):
            page = looked.get(
                f"scores/{found['scores']}/items",
                label=found["classes"][true],
                scored_label=found["classes"][given],
            )
            assert isinstance(page, dict)
            assert page["total"] == count
    assert any("chose the best epoch" in remark for remark in found["remarks"])


def test_a_report_can_run_nothing_and_load_nothing(looked: Looked) -> None:
    answer = looked.client.get(f"/api/reports/{only(looked, 'report')}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    assert "<script" not in answer.text
    assert ODD not in answer.text
    assert "&lt;img src=x" in answer.text


ROUTES = (
    "artifacts/{}", "images/{}", "images/{}/items", "images/{}/skipped", "images/{}/thumbnails/0",
    "transformations/{}", "models/{}", "models/{}/download", "scores/{}", "scores/{}/items",
    "scores/{}/thumbnails/0", "evaluations/{}", "reports/{}",
)  # fmt: skip
HOSTILE = (
    "..%2f..%2fetc%2fpasswd", "%2e%2e", "%252e%252e%252f", "%00", "a%00b", "%5C%5Chost%5Cs",
    "file:%2F%2F%2Fetc%2Fpasswd", "C:%5Cwindows", "0" * 63, "0" * 65, "G" * 64, "F" * 64,
    "%2Fproc%2Fself%2Fenviron", "records.sqlite", "x" * 3_000, "%C3%A9", "0" * 63 + "%0A",
)  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_id_leads_out_of_the_store(looked: Looked, hostile: str) -> None:
    for route in ROUTES:
        answer = looked.client.get(f"/api/{route.format(hostile)}")
        assert answer.status_code == 404, (route, answer.text)
        assert answer.headers["content-type"].startswith("application/json")
    for query in (hostile, "../../x"):
        answer = looked.client.get(
            f"/api/images/{only(looked, 'convert')}/previews/0", params={"transformation": query}
        )
        assert answer.status_code in {404, 422}


def test_an_artifact_of_another_type_is_not_there(looked: Looked) -> None:
    evaluation = only(looked, "evaluate")
    for route in ROUTES[1:11]:
        if not route.startswith("evaluations"):
            answer = looked.client.get(f"/api/{route.format(evaluation)}")
            assert answer.status_code == 404, (route, answer.text)


@pytest.mark.parametrize("row", ["-1", "99999999999999999999", "x", "1.5", "17"])
def test_a_row_that_is_none_is_refused(looked: Looked, row: str) -> None:
    answer = looked.client.get(f"/api/images/{only(looked, 'convert')}/thumbnails/{row}")
    assert answer.status_code in {404, 422}


def test_a_link_in_the_store_is_no_way_out(looked: Looked, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "visionloom.json").write_text("{}")
    number = "e" * 64
    place = looked.desk.workspace.store.path(number)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(secret)
    try:
        assert looked.client.get(f"/api/artifacts/{number}").status_code == 404
    finally:
        place.unlink()


def test_what_a_clean_up_removed_is_told_to_be_gone(looked: Looked) -> None:
    workspace = looked.desk.workspace
    copy = looked.photos.parent / "copy"
    images = vl.convert_to_image_directory(looked.photos / "bee" / "1.png", out=copy)
    made = workspace.store.publish(images.path).id
    assert looked.client.get(f"/api/images/{made}").status_code == 200
    later = workspace.store.published_at(made) + 30 * 86_400
    collect(
        workspace.records, workspace.store, older_than_days=1, dry_run=False, clock=lambda: later
    )
    answer = looked.client.get(f"/api/images/{made}")
    assert answer.status_code == 404
    assert "clean-up removed it" in answer.json()["message"]
    assert looked.client.get(f"/api/images/{only(looked, 'convert')}").status_code == 200


def test_scores_without_their_image_directory_say_so(looked: Looked) -> None:
    scores = only(looked, "score")
    looking, store = looked.desk.looking, looked.desk.workspace.store
    directory = looking.images_of(scores, looking.scores.open(Scores(store.path(scores))))
    assert directory is not None
    away = directory.path.with_name("away")
    shutil.move(directory.path, away)
    try:
        found = looked.get(f"scores/{scores}")
        assert isinstance(found, dict)
        assert found["pictures"] is False
        answer = looked.client.get(f"/api/scores/{scores}/thumbnails/0", params={"side": 99})
        assert answer.status_code == 404
        assert "Run the pipeline again" in answer.json()["remedy"]
    finally:
        shutil.move(away, directory.path)
