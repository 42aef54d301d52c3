"""One small trained model for the tests of this room."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import visionloom as vl
from tests.conftest import picture
from visionloom.artifacts.types import ImageDirectory, TrainedModel


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainedModel, ImageDirectory, Path]:
    """A model of the classes a and b, its validation images, and the photos."""
    folder = tmp_path_factory.mktemp("trained")
    photos = folder / "photos"
    for index, label in enumerate(("a", "b")):
        (photos / label).mkdir(parents=True)
        for number in range(8):
            seed = 100 * index + number
            picture((40, 32), seed, index).save(photos / label / f"{number}.png")
    before = dict(os.environ)
    os.environ.update(VISIONLOOM_HOME=str(folder / "home"), VISIONLOOM_OFFLINE="1")
    try:
        images = vl.convert_to_image_directory(photos, out=folder / "images")
        training, validation = vl.split_image_directory(
            images, fraction=0.5, out=(folder / "training", folder / "validation")
        )
        start = vl.resnet(model_name="resnet18", pretrained=False, out=folder / "start")
        model = vl.train_pytorch_model(
            start, training, validation, epochs=2, batch_size=4, learning_rate=0.01,
            precision="fp32", device="cpu", out=folder / "model",
        )  # fmt: skip
    finally:
        os.environ.clear()
        os.environ.update(before)
    return model, validation, photos
