"""Training through the component, in this process, on real pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import visionloom as vl
from tests.conftest import picture
from visionloom.artifacts.types import ImageDirectory, TrainedModel, UntrainedModel
from visionloom.images.directory import read_images, write_images
from visionloom.models.build import Architecture, build, classifier
from visionloom.models.directory import read_trained, read_untrained
from visionloom.models.normalisation import CENTRED, IMAGENET
from visionloom.spec.context import Context, Event, Log
from visionloom.training.data import open_data

Make = Callable[..., Path]
QUICK = {"epochs": 1, "batch_size": 4, "precision": "fp32", "device": "cpu"}


def parts(folder: Path) -> tuple[ImageDirectory, ImageDirectory]:
    images = vl.convert_to_image_directory(folder)
    training, validation = vl.split_image_directory(images, fraction=0.7)
    return training, validation


def given_weights(path: Path, seed: int) -> Path:
    torch.manual_seed(seed)
    save_file(build(Architecture("resnet18", {}), 1000).state_dict(), path)
    return path


def tensors(model: TrainedModel) -> dict[str, torch.Tensor]:
    return load_file(model.path / "model.safetensors")


def test_c9_training_starts_from_the_weights_on_the_untrained_port(
    photos: Make, tmp_path: Path
) -> None:
    training, validation = parts(photos(a=6, b=6))
    kept = []
    for seed in (1, 2):
        file = given_weights(tmp_path / f"{seed}.safetensors", seed)
        start = vl.resnet(model_name="resnet18", weights=str(file))
        model = vl.train_pytorch_model(
            start, training, validation, fine_tuning_mode="head", **QUICK
        )
        found, wanted = tensors(model), load_file(file)
        assert all(torch.equal(found[n], wanted[n]) for n in wanted if not n.startswith("fc."))
        kept.append(found["conv1.weight"])
    assert not torch.equal(*kept)


def test_c7_without_weights_the_port_carries_none_and_the_seed_draws_them(
    photos: Make, tmp_path: Path
) -> None:
    training, validation = parts(photos(a=6, b=6))
    start = vl.resnet(model_name="resnet18", pretrained=False)
    assert read_untrained(start)[1] is None
    digests = [
        read_trained(
            vl.train_pytorch_model(start, training, validation, random_seed=seed, **QUICK)
        ).weights_digest
        for seed in (1, 1, 2)
    ]
    assert digests[0] == digests[1] != digests[2]


def test_c11_the_classifier_is_replaced_not_stacked(photos: Make, tmp_path: Path) -> None:
    training, validation = parts(photos(a=6, b=6, c=6))
    start = vl.resnet(
        model_name="resnet18", weights=str(given_weights(tmp_path / "w.safetensors", 1))
    )
    model = vl.train_pytorch_model(start, training, validation, **QUICK)
    found = tensors(model)
    assert found["fc.weight"].shape == (3, 512)
    assert set(found) == set(build(Architecture("resnet18", {}), 3).state_dict())


def test_c12_normalisation_follows_the_weights(photos: Make, tmp_path: Path) -> None:
    training, validation = parts(photos(a=6, b=6))
    file = given_weights(tmp_path / "w.safetensors", 1)
    for start, wanted in (
        (vl.resnet(model_name="resnet18", weights=str(file)), IMAGENET),
        (vl.resnet(model_name="resnet18", pretrained=False), CENTRED),
    ):
        model = vl.train_pytorch_model(
            start, training, validation, fine_tuning_mode="head", **QUICK
        )
        assert read_trained(model).normalisation == wanted


def test_c14_an_unreadable_validation_picture_is_an_error_that_names_it(
    photos: Make, tmp_path: Path
) -> None:
    folder = photos(a=6, b=6)
    training, validation = parts(folder)
    victim = folder / read_images(validation).records[0].file
    victim.unlink()
    start = vl.resnet(model_name="resnet18", pretrained=False)
    with pytest.raises(vl.InvalidDatasetError, match=victim.name):
        vl.train_pytorch_model(start, training, validation, **QUICK)


def test_c17_validation_labels_go_by_class_name(photos: Make, tmp_path: Path) -> None:
    start = vl.resnet(model_name="resnet18", pretrained=False)
    training = vl.convert_to_image_directory(photos("training", x=6, y=6))
    alone = photos("alone", y=3, z=3)
    other = vl.convert_to_image_directory(alone)
    with pytest.raises(vl.InvalidDatasetError, match=r"only the training images have x.*have z"):
        vl.train_pytorch_model(start, training, other, **QUICK)

    held_out = vl.convert_to_image_directory(photos("held-out", x=2, y=3))
    images = read_images(held_out)
    only_y = [record for record in images.records if record.label == "y"]
    turned = replace(images, records=tuple(only_y), classes=("y", "x"), digest="")
    written = write_images(turned, tmp_path / "only-y")
    said: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Log):
            said.append(event.text)

    with open_data(
        training, written, input_size=None, context=Context({}, tmp_path, listener=listen)
    ) as data:
        assert data.classes == ("x", "y")
        assert data.validation.labels.tolist() == [1, 1, 1]


def test_c43_several_processes_are_refused_not_trained_apart(
    photos: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, validation = parts(photos(a=4, b=4))
    start = vl.resnet(model_name="resnet18", pretrained=False)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(vl.UsageError, match="2 training processes"):
        vl.train_pytorch_model(start, training, validation, **QUICK)


def test_a_picture_that_changed_after_conversion_stops_training_and_is_named(
    photos: Make,
) -> None:
    folder = photos(a=6, b=6)
    training, validation = parts(folder)
    victim = folder / read_images(training).records[2].file
    picture((40, 32), seed=999).save(victim)
    start = vl.resnet(model_name="resnet18", pretrained=False)
    with pytest.raises(vl.InvalidDatasetError, match=victim.name):
        vl.train_pytorch_model(start, training, validation, **QUICK)


@pytest.mark.parametrize("balance", ["class-weights", "sampling"])
def test_rare_classes_can_be_given_more_weight(photos: Make, balance: str) -> None:
    training, validation = parts(photos(a=20, b=4))
    start = vl.resnet(model_name="resnet18", pretrained=False)
    plain = vl.train_pytorch_model(start, training, validation, **QUICK)
    balanced = vl.train_pytorch_model(start, training, validation, balance=balance, **QUICK)
    assert read_trained(plain).weights_digest != read_trained(balanced).weights_digest
    assert read_trained(balanced).recipe["balance"] == balance


@pytest.mark.parametrize(
    "choice",
    [
        {"optimizer": "adamw"},
        {"schedule": "constant"},
        {"weight_decay": 0.1},
        {"momentum": 0.0},
        {"label_smoothing": 0.1},
        {"warmup_epochs": 1},
        {"fine_tuning_mode": "head-then-whole"},
    ],
    ids=lambda choice: next(iter(choice)),
)
def test_every_choice_changes_the_weights(photos: Make, choice: dict[str, Any]) -> None:
    """No option is accepted and ignored."""
    training, validation = parts(photos(a=6, b=6))
    start = vl.resnet(model_name="resnet18", pretrained=False)
    common = {**QUICK, "epochs": 2}
    digests = {
        read_trained(
            vl.train_pytorch_model(start, training, validation, **{**common, **more})
        ).weights_digest
        for more in ({}, choice)
    }
    assert len(digests) == 2


def test_a_time_limit_ends_training_with_the_best_model(photos: Make) -> None:
    training, validation = parts(photos(a=8, b=8))
    start = vl.resnet(model_name="resnet18", pretrained=False)
    more: dict[str, Any] = {**QUICK, "epochs": 1000, "patience": 1000, "time_limit": 0.02}
    model = vl.train_pytorch_model(start, training, validation, **more)
    metrics = read_trained(model).metrics
    assert metrics["stopped_because"] == "time limit reached"
    assert metrics["epochs_run"] < 1000


def test_no_improvement_stops_after_patience_and_the_best_epoch_is_kept(photos: Make) -> None:
    training, validation = parts(photos(a=8, b=8))
    start = vl.resnet(model_name="resnet18", pretrained=False)
    more: dict[str, Any] = {**QUICK, "epochs": 60, "patience": 2, "learning_rate": 0.2}
    model = vl.train_pytorch_model(start, training, validation, schedule="constant", **more)
    spec = read_trained(model)
    losses = [float(row["valid_loss"] or 0) for row in spec.history]
    assert spec.best_epoch == 1 + int(np.argmin(losses))
    assert len(losses) == spec.best_epoch + 2
    assert spec.metrics["stopped_because"] == "no improvement for 2 epochs"


def test_a_network_of_another_kind_on_the_port_is_refused(photos: Make, tmp_path: Path) -> None:
    training, validation = parts(photos(a=4, b=4))
    with pytest.raises(vl.InvalidModelDirectoryError):
        vl.train_pytorch_model(training.path, training, validation, **QUICK)
    start = vl.resnet(model_name="resnet18", pretrained=False)
    assert isinstance(start, UntrainedModel)
    network = build(read_untrained(start)[0].architecture, 2)
    assert classifier(network).out_features == 2


@pytest.mark.parametrize(
    ("component", "name", "size"),
    [("densenet", "densenet121", 16), ("timm_model", "vit_tiny_patch16_224", 32)],
)
@pytest.mark.parametrize("mode", ["whole", "head"])
def test_pictures_of_a_size_the_network_cannot_take_are_named_before_training(
    photos: Make, component: str, name: str, size: int, mode: str
) -> None:
    transformation = vl.init_image_transformation(
        resize=True, size=size, center_crop=True, crop_size=size
    )
    training, validation = (
        vl.apply_image_transformation(transformation, part, mode="For inference")
        for part in parts(photos(a=6, b=6))
    )
    start = getattr(vl, component)(model_name=name, pretrained=False)
    with pytest.raises(vl.UsageError, match=f"{name} cannot work on pictures of {size} x {size}"):
        vl.train_pytorch_model(start, training, validation, fine_tuning_mode=mode, **QUICK)


def test_images_without_labels_are_refused(photos: Make, tmp_path: Path) -> None:
    training, validation = parts(photos(a=4, b=4))
    flat = tmp_path / "flat"
    flat.mkdir()
    for number in range(4):
        picture((9, 9), seed=number).save(flat / f"{number}.png")
    plain = vl.convert_to_image_directory(flat)
    start = vl.resnet(model_name="resnet18", pretrained=False)
    for pair in ((plain, validation), (training, plain)):
        with pytest.raises(vl.NotLabeledDatasetError):
            vl.train_pytorch_model(start, *pair, **QUICK)
