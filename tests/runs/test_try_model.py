"""A model tried on one photo: in a process of its own, to the bit as Score Image Model."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from PIL import Image

import visionloom as vl
from tests.inference.conftest import trained  # noqa: F401 - a fixture
from visionloom.artifacts.tables import read_parquet
from visionloom.artifacts.types import ImageDirectory, TrainedModel
from visionloom.errors import (
    InvalidDatasetError,
    InvalidModelDirectoryError,
    MachineError,
    VisionloomError,
)
from visionloom.runs import try_model
from visionloom.runs.trying import ModelTrier, TrierCrashedError
from visionloom.settings import Settings, load_settings

Trained = tuple[TrainedModel, ImageDirectory, Path]


@pytest.fixture(scope="module")
def trier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelTrier]:
    home = tmp_path_factory.mktemp("home")
    made = ModelTrier(Settings(home=home, offline=True), seconds=120.0)
    yield made
    made.close()


def test_the_probabilities_are_those_of_score_image_model_to_the_bit(
    trier: ModelTrier,
    trained: Trained,  # noqa: F811
    shared_data: Path,
    tmp_path: Path,
) -> None:
    model = trained[0]
    photos = [
        next((shared_data / "hymenoptera/val/bees").glob("*.jpg")),
        next((shared_data / "large_photos").glob("*.jpg")),
        shared_data / "nasty_files/images/exif_orientation_6.jpg",
    ]
    for number, photo in enumerate(photos):
        found = trier.try_model(model.path, photo.read_bytes())
        images = vl.convert_to_image_directory(photo, out=tmp_path / f"images-{number}")
        scores = vl.score_image_model(model, images, out=tmp_path / f"scores-{number}")
        table = read_parquet(scores.path / "scores.parquet")
        expected = [table[f"probability_{label}"][0] for label in found["classes"]]
        assert found["probabilities"] == expected
        with Image.open(photo) as image:
            assert {found["width"], found["height"]} == set(image.size)
        assert found["preprocessing"]


def test_the_process_stays_warm_and_rests_when_idle(trained: Trained) -> None:  # noqa: F811
    model, _, photos = trained
    data = next(photos.rglob("*.png")).read_bytes()
    trier = ModelTrier(load_settings(), seconds=120.0, idle_seconds=0.5)
    try:
        trier.try_model(model.path, data)
        first = trier.pid
        trier.try_model(model.path, data)
        assert trier.pid == first is not None
        until = time.monotonic() + 10
        while trier.pid is not None and time.monotonic() < until:
            time.sleep(0.05)
        assert trier.pid is None
        assert not psutil.pid_exists(first)
        assert trier.try_model(model.path, data)["classes"] == ["a", "b"]
    finally:
        trier.close()
    assert trier.pid is None


@pytest.mark.parametrize(
    "name", ["images/bomb_30000x30000.png", "images/truncated.jpg", "EXPECTED.csv"]
)
def test_what_is_no_usable_picture_is_told_and_the_process_goes_on(
    trier: ModelTrier,
    trained: Trained,  # noqa: F811
    shared_data: Path,
    name: str,
) -> None:
    model, _, photos = trained
    file = shared_data / "nasty_files" / name
    if not file.is_file():
        pytest.skip(f"{name} is not among the odd files")
    with pytest.raises(InvalidDatasetError, match="no picture that can be used"):
        trier.try_model(model.path, file.read_bytes())
    assert trier.try_model(model.path, next(photos.rglob("*.png")).read_bytes())


def test_a_picture_of_too_many_pixels_is_refused(
    trier: ModelTrier,
    trained: Trained,  # noqa: F811
) -> None:
    data = io.BytesIO()
    Image.new("RGB", (6_000, 5_000)).save(data, "JPEG")
    with pytest.raises(InvalidDatasetError, match="serving_image_pixels"):
        trier.try_model(trained[0].path, data.getvalue())


def test_what_is_no_model_is_told(trier: ModelTrier, tmp_path: Path) -> None:
    with pytest.raises(InvalidModelDirectoryError):
        trier.try_model(tmp_path, b"")


def test_an_answer_that_takes_too_long_is_given_up(
    trained: Trained,  # noqa: F811
) -> None:
    model, _, photos = trained
    trier = ModelTrier(load_settings(), seconds=0.05)
    try:
        with pytest.raises(MachineError, match=r"within 0\.05 seconds"):
            trier.try_model(model.path, next(photos.rglob("*.png")).read_bytes())
        assert trier.pid is None
    finally:
        trier.close()


def test_too_many_at_once_are_sent_away(trained: Trained) -> None:  # noqa: F811
    model, _, photos = trained
    data = next(photos.rglob("*.png")).read_bytes()
    trier = ModelTrier(load_settings(), seconds=60.0)

    def ask(_: int) -> str:
        try:
            trier.try_model(model.path, data)
        except VisionloomError as error:
            return type(error).__name__
        return "answered"

    try:
        with ThreadPoolExecutor(12) as pool:
            told = list(pool.map(ask, range(12)))
    finally:
        trier.close()
    assert told.count("answered") >= 8
    assert set(told) <= {"answered", "MachineError"}


def test_closing_ends_a_question_that_is_being_answered(
    trained: Trained,  # noqa: F811
) -> None:
    model, _, photos = trained
    data = next(photos.rglob("*.png")).read_bytes()
    trier = ModelTrier(load_settings(), seconds=60.0)
    told: list[str] = []

    def ask() -> None:
        try:
            trier.try_model(model.path, data)
        except MachineError as error:
            told.append(error.message)

    asking = threading.Thread(target=ask)
    asking.start()
    until = time.monotonic() + 10
    while trier.pid is None and time.monotonic() < until:
        time.sleep(0.01)
    begun = time.monotonic()
    trier.close()
    asking.join(10)
    assert time.monotonic() - begun < 5
    assert "without an answer" in told[0]


def test_the_process_ends_with_the_one_that_started_it(
    trained: Trained,  # noqa: F811
    tmp_path: Path,
) -> None:
    import subprocess
    import sys

    picture = next(trained[2].rglob("*.png"))
    code = (
        "import os, sys; from pathlib import Path; "
        "from visionloom.runs.trying import ModelTrier; "
        "from visionloom.settings import Settings, load_settings; "
        "t = ModelTrier(load_settings(), seconds=120); "
        f"t.try_model(Path({str(trained[0].path)!r}), Path({str(picture)!r}).read_bytes()); "
        "print(t.pid, flush=True); os._exit(9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, env=os.environ
    )
    child = int(done.stdout)
    until = time.monotonic() + 10
    while psutil.pid_exists(child) and time.monotonic() < until:
        time.sleep(0.05)
    gone = not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
    assert gone


def test_a_bug_is_told_with_where_it_is_and_the_process_goes_on(trier: ModelTrier) -> None:
    with pytest.raises(TrierCrashedError, match=r"(?s)try_model\.py.*KeyError: 'model'"):
        trier._ask({"question": "nobody knows"}, b"", 60)
    before = trier.pid
    with pytest.raises(InvalidModelDirectoryError):
        trier.try_model(Path("nowhere"), b"")
    assert trier.pid == before


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't allocate memory: 9 bytes")])
def test_running_out_of_memory_is_told_as_that(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(*_: object) -> None:
        raise error

    monkeypatch.setattr(try_model, "_try", full)
    answers = io.BytesIO()
    try_model.serve(io.BytesIO(b'{"model": "m", "bytes": 0}\n' * 2), answers)
    told = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert [answer["error"] for answer in told] == ["MachineError"] * 2
    assert "ran out of memory" in told[0]["message"]


def test_weights_that_do_not_fit_are_refused_in_words(trier: ModelTrier, tmp_path: Path) -> None:
    file = tmp_path / "w.pth"
    file.write_bytes(b"\x80\x02cos\nsystem\nq\x00.")
    with pytest.raises(InvalidModelDirectoryError, match="pickle"):
        trier.add_weights("resnet18", file)
