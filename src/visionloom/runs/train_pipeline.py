"""The pipeline that `visionloom train` is, built from the request and a look at the photos."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visionloom.errors import InvalidDatasetError, NotLabeledDatasetError, UsageError
from visionloom.images.classes import parse_class_map
from visionloom.images.examine import sampled_sides
from visionloom.images.sizes import PRETRAINED_SIZE, automatic_size
from visionloom.images.sources import TEST, TRAINING, VALIDATION, Listing, find_pictures
from visionloom.images.switches import augmentation
from visionloom.runs.train_request import TRAINER, TrainRequest, model_component
from visionloom.spec.builder import Given, Handle, PipelineBuilder
from visionloom.spec.context import Context, Listener, silent
from visionloom.spec.pipeline import Pipeline
from visionloom.workspace import Workspace

WHOLE = ""
TRAIN_STEP = "train"
SPLIT_STEPS = {VALIDATION: "split", TEST: "split_test"}
"""Held-out part -> the step that splits it off where it is not given."""
_RUNS_ON = ("device", "precision", "decode_threads")
_CONVERTED = ("group_by", "class_map", "intensity", "check", "near_duplicates")

Parts = dict[str, Handle]


def train_pipeline(
    workspace: Workspace,
    request: TrainRequest,
    out: Path | None,
    *,
    folder: Path,
    listener: Listener = silent,
) -> Pipeline:
    """The pipeline of a training.

    Args:
        workspace: Catalog, settings.
        request: What was asked for.
        out: Folder in which its outputs are delivered; None delivers them nowhere.
        folder: What the paths in the pipeline are relative to.
        listener: Told about a look at the sizes of the pictures.

    Raises:
        NotLabeledDatasetError, InvalidDatasetError: Pictures without labels, one class, or classes
            that only the validation or test pictures have.
        UsageError: Options that do not go with the pictures.
    """
    return _Drawing(workspace, request, out, folder, listener).draw()


@dataclass
class _Drawing:
    workspace: Workspace
    request: TrainRequest
    out: Path | None
    folder: Path
    listener: Listener

    def draw(self) -> Pipeline:
        self.builder = PipelineBuilder(
            f"Train on {Path(self.request.photos).name}", folder=self.folder
        )
        self.photos = self._look(Path(self.request.photos))
        parts = self._parts()
        size = self._size()
        start = self._start()
        transformation = self._step(
            "Init Image Transformation",
            {},
            augmentation(size, self._augmentation()),
            "transformation",
        )[0]
        applied = {
            name: self._step(
                "Apply Image Transformation",
                {
                    "input_image_transformation": transformation,
                    "input_image_directory": parts[name],
                },
                {"mode": mode},
                f"apply_to_{name}",
            )[0]
            for name, mode in ((TRAINING, "For training"), (VALIDATION, "For inference"))
        }
        model = self._step(
            TRAINER,
            {
                "untrained_model": start,
                "training_dataset": applied[TRAINING],
                "validation_dataset": applied[VALIDATION],
            },
            self.request.training,
            TRAIN_STEP,
        )[0]
        self._deliver("model", model, "model")
        for name in (VALIDATION, TEST):
            if name in parts:
                self._judge(name, model, parts[name])
        for name, part in parts.items():
            self._deliver(f"{name}_images", part, f"work/{name}")
        self._deliver("transformation", transformation, "work/transformation")
        return self.builder.pipeline

    def _look(self, source: Path) -> Listing:
        listing = find_pictures(source, self.workspace.settings)
        _check_labels(listing, source)
        return listing

    def _parts(self) -> Parts:
        """training, validation and perhaps test, divided as found or as asked."""
        request = self.request
        parts = self._converted(self.photos, "photos", request.photos, "convert")
        listings = dict.fromkeys(parts, self.photos)
        if request.validation is not None:
            if set(parts) != {WHOLE}:
                raise UsageError(
                    f"{request.photos} is divided into {', '.join(parts)} already.",
                    "Leave --validation out, or give the training folder alone.",
                )
            other = self._look(Path(request.validation))
            held_out = self._converted(
                other, "validation_photos", request.validation, "convert_validation"
            )
            if set(held_out) != {WHOLE}:
                raise UsageError(
                    f"{request.validation} is itself divided into {', '.join(held_out)}.",
                    "Give one of those folders.",
                )
            parts = {TRAINING: parts[WHOLE], VALIDATION: held_out[WHOLE]}
            listings = {TRAINING: self.photos, VALIDATION: other}
        self._check_classes(listings, parts)
        if WHOLE in parts:
            parts[TRAINING] = parts.pop(WHOLE)
        for name, said in (
            (TEST, request.test_fraction),
            (VALIDATION, request.validation_fraction),
        ):
            if name in parts and said:
                raise UsageError(
                    f"--{name}-fraction {said:g} was given, and there are {name} pictures already.",
                    f"Leave --{name}-fraction out.",
                )
        parts = self._held_out(parts)
        return {name: parts[name] for name in (TRAINING, VALIDATION, TEST) if name in parts}

    def _converted(self, listing: Listing, name: str, path: str, step: str) -> Parts:
        photos = self.builder.data(name, self._written(path))
        found = dict.fromkeys(candidate.part for candidate in listing.candidates) or {WHOLE: None}
        said = {key: getattr(self.request, key) for key in _CONVERTED}
        if said["class_map"] and Path(said["class_map"]).is_file():
            said["class_map"] = self._written(said["class_map"])
        return {
            part: self._step(
                "Convert to Image Directory",
                {"input_dataset": photos},
                {"part": part, **said},
                f"{step}_{part}" if part else step,
            )[0]
            for part in found
        }

    def _held_out(self, parts: Parts) -> Parts:
        """Hold out what is missing: the test pictures first, then the validation pictures."""
        parts, request = dict(parts), self.request
        share = request.held_out
        if TEST not in parts and request.tested > 0:
            parts[TRAINING], parts[TEST] = self._split(
                parts[TRAINING], 1 - request.tested, SPLIT_STEPS[TEST]
            )
            share = request.held_out / (1 - request.tested)
        if VALIDATION not in parts:
            parts[TRAINING], parts[VALIDATION] = self._split(
                parts[TRAINING], 1 - share, SPLIT_STEPS[VALIDATION]
            )
        return parts

    def _split(self, whole: Handle, fraction: float, step: str) -> tuple[Handle, Handle]:
        first, second = self._step(
            "Split Image Directory",
            {"input_image_directory": whole},
            {"fraction": round(fraction, 12), "random_seed": self.request.split_seed},
            step,
        )
        return first, second

    def _start(self) -> Handle | Given:
        request = self.request
        if request.start_from is not None:
            return self.builder.data("own_model", self._written(request.start_from))
        component, name = model_component(self.workspace.registry, request.model)
        parameters: dict[str, Any] = {"model_name": name, "pretrained": request.pretrained}
        if request.weights is not None:
            parameters["weights"] = self._written(request.weights)
        return self._step(component, {}, parameters, "model")[0]

    def _judge(self, name: str, model: Handle, images: Handle) -> None:
        prefix = "" if name == VALIDATION else f"{name}_"
        same = {k: self.request.training[k] for k in _RUNS_ON if k in self.request.training}
        scores = self._step(
            "Score Image Model",
            {"trained_model": model, "dataset": images},
            {"role": name, **same},
            f"score_{name}",
        )[0]
        evaluation = self._step(
            "Evaluate Model", {"scored_dataset": scores}, {}, f"evaluate_{name}"
        )[0]
        folder = prefix.replace("_", "-")
        self._deliver(f"{prefix}scores", scores, f"{folder}scores")
        self._deliver(f"{prefix}evaluation", evaluation, f"{folder}evaluation")

    def _size(self) -> int:
        request = self.request
        if request.image_size is not None:
            return request.image_size
        if request.start_from is not None:
            document = json.loads((Path(request.start_from) / "model.json").read_bytes())
            return int(max(document["input_size"]))
        if request.pretrained:
            return PRETRAINED_SIZE
        context = Context({}, self.folder, self.workspace.settings, self.listener)
        return automatic_size(sampled_sides(self.photos, context))

    def _augmentation(self) -> str:
        if self.request.augmentation is not None:
            return self.request.augmentation
        head = self.request.training.get("fine_tuning_mode") == "head"
        return "none" if head else "standard"

    def _step(
        self,
        component: str,
        inputs: Mapping[str, Handle | Given],
        parameters: Mapping[str, Any],
        step: str,
    ) -> tuple[Handle, ...]:
        """Add a step; only what differs from the component's defaults is written."""
        item = self.workspace.registry.find(component)
        said = {}
        for name, value in parameters.items():
            parameter = item.parameter(name)
            if parameter.required or parameter.check(value) != parameter.default:
                said[name] = value
        return self.builder.add(item, inputs, said, step=step)

    def _deliver(self, name: str, handle: Handle, place: str) -> None:
        self.builder.output(name, handle, None if self.out is None else self.out / place)

    def _written(self, path: str) -> str:
        """A path as the file has it: relative where it lies below the file's folder."""
        absolute = Path(path).absolute()
        if absolute.is_relative_to(self.folder):
            return Path(os.path.relpath(absolute, self.folder)).as_posix()
        return str(absolute)

    def _check_classes(self, listings: Mapping[str, Listing], parts: Parts) -> None:
        """Refuse classes that only held-out pictures have, before anything is decoded."""
        said = self.request.class_map
        renamed = parse_class_map(said) if said else {}
        labels = {
            name: {
                renamed.get(str(c.label), str(c.label))
                for c in listings[name].candidates
                if c.part in {name, WHOLE}
            }
            for name in parts
        }
        if TRAINING not in labels:
            return
        for name in (VALIDATION, TEST):
            unknown = sorted(labels.get(name, set()) - labels[TRAINING])
            if unknown:
                raise InvalidDatasetError(
                    f"The classes of the training and {name} images differ: only the {name} "
                    f"images have {', '.join(unknown)}.",
                    "Give both the same classes, or let Visionloom split one set.",
                )


def _check_labels(listing: Listing, source: Path) -> None:
    """Refuse pictures without labels and a single class, before any picture is decoded.

    Raises:
        InvalidDatasetError: All pictures are in one folder, so there is one class.
        NotLabeledDatasetError: No labels.
    """
    if listing.labelled or not listing.candidates:
        return
    tops = {candidate.file.partition("/")[0] for candidate in listing.candidates}
    if len(tops) == 1 and all("/" in candidate.file for candidate in listing.candidates):
        raise InvalidDatasetError(
            f"{source} has one class, {tops.pop()}; two or more are needed.",
            "Put the pictures of each class in a folder of its own.",
        )
    raise NotLabeledDatasetError(
        f"The {len(listing.candidates)} pictures of {source} have no labels.",
        "Put the pictures of each class in a folder of that name, or give a list of images with "
        "the columns path and label.",
    )
