"""The machine over HTTP: photos in, folders, weights, targets, storage; nothing outside reached."""

from __future__ import annotations

import asyncio
import errno
import http.server
import io
import os
import shutil
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

import visionloom as vl
from tests.server.conftest import PORT, browser
from visionloom.artifacts.atomic import explained
from visionloom.datasets import arrivals, uploads
from visionloom.drafts.content import Content
from visionloom.engine.targets import load_targets, make_target, save_targets
from visionloom.images.browse import OpenedImages
from visionloom.records.rows import RunRow, StepRow
from visionloom.runs.trying import ModelTrier
from visionloom.server.desk import Desk, open_desk
from visionloom.server.models.machine import WeightsView
from visionloom.server.weights import ArrivingWeights
from visionloom.spec.layout import Layout
from visionloom.workspace import Workspace

Photos = Callable[..., Path]
OCTETS = {"content-type": "application/octet-stream"}


@pytest.fixture
def folders(shared_data: Path) -> list[Path]:
    return [shared_data]


def begin(client: TestClient, name: str, files: int, size: int) -> str:
    answer = client.post("/api/uploads", json={"name": name, "files": files, "bytes": size})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def put(client: TestClient, upload: str, path: str, data: bytes) -> int:
    address = f"/api/uploads/{upload}/files"
    answer = client.put(address, params={"path": path}, content=data, headers=OCTETS)
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code


def upload_folder(client: TestClient, folder: Path, name: str) -> dict[str, object]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    upload = begin(client, name, len(files), sum(path.stat().st_size for path in files))
    for path in files:
        relative = f"{folder.name}/{path.relative_to(folder).as_posix()}"
        assert put(client, upload, relative, path.read_bytes()) == 200
    answer = client.post(f"/api/uploads/{upload}/finish")
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def everything(home: Path) -> dict[str, bytes]:
    return {p.relative_to(home).as_posix(): p.read_bytes() for p in home.rglob("*") if p.is_file()}


def test_dropped_photos_become_a_data_set_that_convert_reads(
    client: TestClient, shared_data: Path, tmp_path: Path
) -> None:
    made = upload_folder(client, shared_data / "flowers17_5", "My flowers")
    assert (made["name"], made["files"]) == ("My-flowers", 300)
    assert client.get("/api/datasets").json() == [made]
    images = vl.convert_to_image_directory(str(made["path"]), out=tmp_path / "images")
    found = OpenedImages(images).summary()
    assert (found.count, len(found.classes), found.skipped) == (300, 5, 0)
    answer = client.get(f"/api/datasets/{made['id']}/thumbnails/0")
    assert answer.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(answer.content)) as image:
        assert max(image.size) <= 240


def test_a_zip_is_kept_as_one(client: TestClient, shared_data: Path) -> None:
    data = (shared_data / "sign_digits.zip").read_bytes()
    upload = begin(client, "sign_digits.zip", 1, len(data))
    assert put(client, upload, "sign_digits.zip", data) == 200
    made = client.post(f"/api/uploads/{upload}/finish").json()
    assert (made["name"], made["files"]) == ("sign_digits", 620)
    assert client.get(f"/api/datasets/{made['id']}/thumbnails/3").status_code == 200
    assert client.get(f"/api/datasets/{made['id']}/thumbnails/-1").status_code in {404, 422}


@pytest.mark.parametrize(
    "path",
    [
        "../x.jpg", "/etc/x.jpg", "a/../../x.jpg", "C:\\x.jpg", "a\0.jpg", "CON", ".env",
        "a/" * 40 + "x.jpg", "..\\..\\x.jpg", "%2e%2e/../x.jpg", "a//x.jpg", "x\u202ejpg",
    ],
)  # fmt: skip
def test_a_hostile_path_is_refused_and_nothing_changes(
    client: TestClient, home: Path, path: str
) -> None:
    upload = begin(client, "photos", 1, 100)
    before = everything(home)
    assert put(client, upload, path, b"evil") == 422
    assert everything(home) == before


def test_no_upload_reaches_settings_records_or_drafts(client: TestClient, home: Path) -> None:
    assert client.get("/api/targets").status_code == 200
    upload = begin(client, "../../drafts", 6, 1_000)
    kept = {name: data for name, data in everything(home).items() if "datasets" not in name}
    for path in ("../../../records.sqlite", "targets.toml", "upload.json", "server/token",
                 "drafts/a/pipeline.yml", "a.png"):  # fmt: skip
        put(client, upload, path, b"evil")
    made = client.post(f"/api/uploads/{upload}/finish").json()
    assert Path(made["path"]).parent == home / "datasets"
    after = {name: data for name, data in everything(home).items() if "datasets" not in name}
    assert {name for name in after if name not in kept} == set()
    assert all(after[name] == data for name, data in kept.items() if "sqlite" not in name)


def test_a_file_larger_than_announced_is_refused(client: TestClient, home: Path) -> None:
    upload = begin(client, "photos", 1, 10)
    assert put(client, upload, "a.jpg", b"x" * 1_000_000) == 422
    (left,) = [n for n in everything(home) if ".incoming" in n]
    assert left.endswith("upload.json")


def test_a_full_disk_is_told_and_nothing_is_left(
    client: TestClient, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begin(client, "photos", 2, 10_000)
    assert put(client, upload, "a.jpg", b"first") == 200

    def full(arrival: arrivals.Arrival, data: bytes) -> None:
        with explained(Path("photos")):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(arrivals.Arrival, "write", full)
    assert put(client, upload, "b.jpg", b"second") == 503
    assert [n for n in everything(home) if ".incoming" in n] == []
    assert client.post(f"/api/uploads/{upload}/finish").status_code == 404


def test_of_several_files_that_find_the_disk_full_each_is_told_so(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begin(client, "photos", 4, 10_000)
    together = threading.Barrier(4)

    def full(arrival: arrivals.Arrival, data: bytes) -> None:
        together.wait()
        with explained(Path("photos")):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(arrivals.Arrival, "write", full)
    with ThreadPoolExecutor(4) as senders:
        told = senders.map(lambda n: put(client, upload, f"{n}.jpg", b"data"), range(4))
        assert list(told) == [503] * 4


def test_no_upload_keeps_others_waiting_for_a_disk(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []

    def watched(kind: type, name: str) -> None:
        real = getattr(kind, name)

        def call(*arguments: object) -> object:
            called.append(name)
            with pytest.raises(RuntimeError):
                asyncio.get_running_loop()
            return real(*arguments)

        monkeypatch.setattr(kind, name, call)

    for kind, names in (
        (uploads.Uploads, ("begin", "get", "drop")),
        (arrivals.Arrival, ("write", "finish", "abort")),
        (ArrivingWeights, ("write", "remove")),
    ):
        for name in names:
            watched(kind, name)
    upload = begin(client, "photos", 3, 10)
    assert put(client, upload, "a.jpg", b"data") == 200
    assert put(client, upload, "b.jpg", b"more than was announced") == 422
    client.put("/api/weights/resnet18", content=b"none", headers=OCTETS)
    assert client.delete(f"/api/uploads/{upload}").status_code == 204
    assert set(called) == {"begin", "get", "drop", "write", "finish", "abort", "remove"}


def test_a_dropped_upload_leaves_nothing(client: TestClient, home: Path) -> None:
    upload = begin(client, "photos", 2, 10_000)
    put(client, upload, "a.jpg", b"first")
    assert client.delete(f"/api/uploads/{upload}").status_code == 204
    assert [n for n in everything(home) if ".incoming" in n] == []
    assert client.delete(f"/api/uploads/{upload}").status_code == 204, "a page may ask twice"


def test_markup_in_names_stays_text_in_json(client: TestClient, photos: Photos) -> None:
    folder = photos("<img src=x onerror=alert(1)>", cat=1, dog=1)
    made = upload_folder(client, folder, "<script>alert(1)</script>")
    answer = client.get("/api/datasets")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()[0]["name"] == "script-alert(1)-script" == made["name"]


def test_folders_are_offered_by_opaque_ids_only(client: TestClient, shared_data: Path) -> None:
    (root,) = client.get("/api/folders").json()
    found = client.get(f"/api/folders/{root['id']}").json()
    assert found["path"] == str(shared_data)
    entry = next(e for e in found["entries"] if e["name"] == "flowers17_5")
    assert (entry["kind"], entry["pictures"]) == ("folder", 300)
    below = client.get(f"/api/folders/{entry['id']}").json()
    assert (below["parent"], len(below["entries"]), below["pictures"]) == (root["id"], 5, 300)
    assert client.get(f"/api/datasets/{entry['id']}/thumbnails/0").status_code == 200
    for forged in ("..%2f..", "%2Fetc", root["id"][:-1], root["id"] + "A", "f-", "%00", "f-%C3%A9"):
        assert client.get(f"/api/folders/{forged}").status_code == 404


@pytest.mark.parametrize("dataset", ["..", "%2e%2e", ".", "d-", "%00", ".about", "..%2fdrafts"])
def test_nothing_but_a_data_set_is_deleted(
    client: TestClient, home: Path, photos: Photos, dataset: str
) -> None:
    upload_folder(client, photos(), "pets")
    before = everything(home)
    assert client.delete(f"/api/datasets/{dataset}").status_code in {404, 405}
    assert everything(home) == before


def test_a_data_set_that_a_draft_reads_stays(
    client: TestClient, desk: Desk, photos: Photos
) -> None:
    made = upload_folder(client, photos(), "pets")
    upload_folder(client, photos("more"), "pets-of-others")
    text = f"display_name: My pets\ninputs:\n  photos: {{type: uri_folder, path: {made['path']}}}\n"
    draft = desk.drafts.create(lambda _: Content(text, Layout()))
    answer = client.delete(f"/api/datasets/{made['id']}")
    assert answer.status_code == 422
    assert "is used by 1 draft: My pets" in answer.json()["message"]
    other = client.get("/api/datasets").json()[0]
    assert client.delete(f"/api/datasets/{other['id']}").status_code == 204
    desk.drafts.delete(draft.id)
    assert client.delete(f"/api/datasets/{made['id']}").status_code == 204
    assert client.get("/api/datasets").json() == []


def test_the_machine_is_told_in_one_line(client: TestClient, home: Path) -> None:
    found = client.get("/api/machine").json()
    assert found["line"].startswith("device ")
    assert (found["home"], found["offline"]) == (str(home), True)


def test_targets_tell_who_holds_slots_and_who_waits(client: TestClient, desk: Desk) -> None:
    records = desk.workspace.records
    steps = [
        StepRow("r1", "train", 0, "train_pytorch_model", "1", target="cpu"),
        StepRow("r1", "score", 1, "score_image_model", "1", target="cpu"),
    ]
    records.create_run(RunRow("r1", "busy"), steps)
    assert records.take_slots("cpu", 2, 1, "r1", "train")
    records.move_step("r1", "score", "queued", "waits for a slot of cpu")
    found = {target["name"]: target for target in client.get("/api/targets").json()}
    assert found["local"]["default"] is True
    assert found["cpu"]["used"] == 1
    assert found["cpu"]["running"] == [{"run": "r1", "step": "train", "slots": 1, "reason": ""}]
    assert found["cpu"]["waiting"] == [
        {
            "run": "r1",
            "step": "score",
            "slots": found["cpu"]["slots"],
            "reason": "waits for a slot of cpu",
        }
    ]


def test_a_step_that_computes_waits_for_all_slots_of_its_target(
    client: TestClient, desk: Desk
) -> None:
    settings, records = desk.workspace.settings, desk.workspace.records
    bench = make_target("bench", device="cpu", slots=3)
    save_targets(load_targets(settings).added(bench), settings)
    records.create_run(
        RunRow("r1", "waits"),
        [
            StepRow("r1", "convert", 0, "convert_to_image_directory", "1", target="bench"),
            StepRow("r1", "train", 1, "train_pytorch_model", "1", target="bench"),
        ],
    )
    for step in ("convert", "train"):
        records.move_step("r1", step, "queued", "bench is taken")
    found = {target["name"]: target for target in client.get("/api/targets").json()}
    wanted = {holding["step"]: holding["slots"] for holding in found["bench"]["waiting"]}
    assert wanted == {"convert": 1, "train": 3}


def test_storage_is_counted_by_part_and_cleaned_without_touching_what_is_the_users(
    client: TestClient, desk: Desk, home: Path, photos: Photos, tmp_path: Path
) -> None:
    made = upload_folder(client, photos(), "pets")
    desk.drafts.create(lambda _: Content("display_name: kept\n", Layout()))
    images = vl.convert_to_image_directory(photos("b"), out=tmp_path / "images")
    orphan = desk.workspace.store.publish(images.path)
    long_ago = time.time() - 60 * 86_400
    os.utime(desk.workspace.store.path(orphan.id), (long_ago, long_ago))
    archive = home / "cache" / "archives" / "a1"
    archive.mkdir(parents=True)
    (archive / "a.png").write_bytes(b"x" * 1_000)
    for path in (archive / "a.png", archive):
        os.utime(path, (long_ago, long_ago))
    parts = {part["name"]: part for part in client.get("/api/storage").json()["parts"]}
    assert parts["datasets"]["bytes"] >= int(str(made["bytes"]))
    assert parts["store"]["bytes"] > 0
    said = client.post("/api/storage/clean", json={}).json()
    assert (said["applied"], len(said["items"])) == (False, 2)
    assert said["bytes"] == sum(item["bytes"] for item in said["items"]) > 1_000
    assert archive.is_dir()
    done = client.post("/api/storage/clean", json={"apply": True}).json()
    assert (done["applied"], done["bytes"]) == (True, said["bytes"])
    assert not archive.exists()
    assert client.get(f"/api/images/{orphan.id}").status_code == 404
    assert client.get("/api/datasets").json() == [made]
    assert len(desk.drafts.cards()) == 1


def aged(folder: Path) -> None:
    """As if nobody had touched it for long."""
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (0, 0))


def test_no_archive_is_cleaned_away_from_under_a_run(
    client: TestClient, desk: Desk, home: Path
) -> None:
    archive = home / "cache" / "archives" / "a1"
    archive.mkdir(parents=True)
    aged(archive)
    records = desk.workspace.records
    records.create_run(RunRow("r", "reads"), [StepRow("r", "convert", 0, "convert", "1")])
    assert client.post("/api/storage/clean", json={"apply": True}).json()["items"] == []
    assert archive.is_dir()
    assert records.move_run("r", "cancelled")
    (gone,) = client.post("/api/storage/clean", json={"apply": True}).json()["items"]
    assert gone["what"] == "Archive a1"
    assert not archive.exists()


def test_an_archive_that_a_result_of_a_single_command_refers_to_stays(
    client: TestClient, home: Path, photos: Photos
) -> None:
    packed = shutil.make_archive(str(home.with_name("pets")), "gztar", photos())
    images = vl.convert_to_image_directory(packed)
    assert images.path.is_relative_to(home / "artifacts")
    (archive,) = (path for path in (home / "cache" / "archives").iterdir() if path.is_dir())
    aged(archive)
    assert client.post("/api/storage/clean", json={"apply": True}).json()["items"] == []
    assert archive.is_dir()


def test_weights_offline_say_how_to_add_a_file(client: TestClient) -> None:
    found = client.get("/api/weights").json()
    assert {row["state"] for row in found} == {"absent"}
    assert all("BSD-3-Clause" in row["licence"] for row in found)
    answer = client.post("/api/weights/resnet18/fetch")
    assert answer.status_code == 202
    assert (answer.json()["state"], "Add a file" in answer.json()["reason"]) == ("failed", True)
    for unknown in ("nope", "..%2f..", "%00"):
        assert client.post(f"/api/weights/{unknown}/fetch").status_code == 404


def test_a_weights_file_is_taken_after_a_look_at_it(
    client: TestClient, shared_data: Path, home: Path
) -> None:
    data = (shared_data / "weights" / "densenet121.safetensors").read_bytes()
    wrong = client.put("/api/weights/resnet18", content=data, headers=OCTETS)
    assert (wrong.status_code, wrong.json()["name"]) == (422, "InvalidModelDirectoryError")
    assert wrong.json()["message"].count(str(home)) == 0
    pickled = client.put("/api/weights/resnet18", content=b"\x80\x02cos\nsystem\n.", headers=OCTETS)
    assert "pickle" in pickled.json()["message"]
    assert list((home / "weights").iterdir()) == []
    right = client.put("/api/weights/densenet121", content=data, headers=OCTETS)
    assert (right.status_code, right.json()["state"]) == (200, "here")


def test_a_bug_in_the_process_that_looks_at_files_gets_a_number_and_is_logged(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ask = ModelTrier._ask
    monkeypatch.setattr(
        ModelTrier, "_ask", lambda trier, *_: ask(trier, {"question": "nobody knows"}, b"", 60.0)
    )
    answer = client.put("/api/weights/resnet18", content=b"none", headers=OCTETS)
    assert (answer.status_code, answer.json()["name"]) == (500, "UnforeseenError")
    assert "memory" not in answer.json()["message"]
    assert "KeyError: 'model'" in caplog.text
    assert answer.json()["message"].split("number ")[1].rstrip(".") in caplog.text


class _Slow(http.server.BaseHTTPRequestHandler):
    """Serves a file in small pieces."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(6):
            self.wfile.write(b"x" * 2**20)
            time.sleep(0.1)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("VISIONLOOM_WEIGHTS_URL", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setattr("visionloom.models.weights._ATTEMPTS", 1)
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("publisher")
def test_fetching_tells_how_far_it_is_and_why_it_failed(home: Path) -> None:
    workspace = Workspace()
    object.__setattr__(workspace, "settings", replace(workspace.settings, offline=False))
    desk = open_desk(workspace, port=PORT)
    told: list[WeightsView] = []
    desk.weights._told = told.append
    with browser(desk) as client:
        begun = client.post("/api/weights/resnet18/fetch")
        assert begun.json()["state"] == "fetching"
        assert client.post("/api/weights/resnet18/fetch").json()["state"] == "fetching"
        until = time.monotonic() + 20
        while desk.weights.get("resnet18").state == "fetching" and time.monotonic() < until:
            time.sleep(0.05)
        found = client.get("/api/weights").json()[0]
    assert found["state"] == "failed"
    assert "SHA-256" in found["reason"]
    assert any(view.done > 0 for view in told)
    assert told[-1].state == "failed"
    workspace.records.close()


def test_a_zip_whose_members_climb_out_is_refused_whole(
    client: TestClient, home: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("cat/a.jpg", b"x")
        archive.writestr("../../../evil.jpg", b"x")
    data = bad.read_bytes()
    upload = begin(client, "bad", 1, len(data))
    put(client, upload, "bad.zip", data)
    answer = client.post(f"/api/uploads/{upload}/finish")
    assert (answer.status_code, answer.json()["name"]) == (422, "InvalidZipFileError")
    assert str(home) not in answer.json()["message"]
    assert [n for n in everything(home) if "evil" in n or "bad.zip" in n] == []
