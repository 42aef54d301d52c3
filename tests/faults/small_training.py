"""A real training that is small: a network of timm's tests on handwritten digits."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import visionloom as vl
from visionloom.runs.digits import write_digits
from visionloom.runs.python_pipeline import Pipeline

RECIPE = {"batch_size": 8, "device": "cpu", "precision": "fp32", "random_seed": 1, "patience": 99}


def photos(folder: Path, classes: int = 2, of_each: int = 8) -> Path:
    """A folder of class folders with real digits."""
    with tempfile.TemporaryDirectory() as temporary:
        write_digits(Path(temporary) / "digits")
        for label in range(classes):
            target = folder / str(label)
            target.mkdir(parents=True)
            pictures = sorted((Path(temporary) / "digits" / str(label)).iterdir())
            for picture in pictures[:of_each]:
                shutil.copy(picture, target)
    return folder


def inputs(folder: Path) -> dict[str, Path]:
    """Port of a training -> its artifact, made below ``folder``."""
    images = vl.convert_to_image_directory(photos(folder / "photos"), out=folder / "images")
    transformation = vl.init_image_transformation(
        resize=True, size=32, center_crop=False, out=folder / "transformation"
    )
    plain = vl.apply_image_transformation(
        transformation, images, mode="For inference", out=folder / "plain"
    )
    start = vl.timm_model(model_name="test_resnet", pretrained=False, out=folder / "start")
    return {
        "untrained_model": start.path,
        "training_dataset": plain.path,
        "validation_dataset": plain.path,
    }


def pipeline(folder: Path, ports: dict[str, Path], epochs: int, deliver: Path | None) -> Pipeline:
    """A pipeline of one training."""
    with vl.Pipeline("small", folder=folder) as made:
        data = {name: made.data(name, path) for name, path in ports.items()}
        trained = vl.train_pytorch_model(**data, step="train", epochs=epochs, **RECIPE)
        made.output("model", trained, **({"path": deliver} if deliver else {}))
    assert isinstance(made, Pipeline)
    return made
