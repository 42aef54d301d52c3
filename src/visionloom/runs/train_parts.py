"""The first half of a training run: pictures converted, divided, and given their transformation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from visionloom.artifacts.atomic import write_file
from visionloom.artifacts.types import ImageDirectory, Photos
from visionloom.errors import InvalidDatasetError, NotLabeledDatasetError, UsageError
from visionloom.images.directory import Images, class_counts, read_images, skipped_line
from visionloom.images.sizes import automatic_size
from visionloom.images.sources import TEST, TRAINING, VALIDATION, Listing, find_pictures
from visionloom.images.transforms import default_transformation, write_transformation
from visionloom.runs.steps import Steps
from visionloom.runs.train_request import TrainRequest

Parts = dict[str, ImageDirectory]
_WHOLE = ""


@dataclass(frozen=True)
class PartMaker:
    """Makes the parts of a training run below its ``work`` folder.

    Attributes:
        steps: Runs the components.
        request: What was asked for.
        work: The folder.
    """

    steps: Steps
    request: TrainRequest
    work: Path

    def parts(self) -> Parts:
        """training, validation and perhaps test, converted and divided as asked.

        Raises:
            NotLabeledDatasetError, InvalidDatasetError: Pictures without labels, one class, or
                classes that only the validation or test pictures have.
            UsageError: --validation for pictures that are divided already.
        """
        request = self.request
        parts = self._convert(Path(request.photos), "photos")
        if request.validation is not None:
            parts = self._with_validation(parts, Path(request.validation))
        if _WHOLE in parts:
            parts[TRAINING] = parts.pop(_WHOLE)
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
        parts = {name: parts[name] for name in (TRAINING, VALIDATION, TEST) if name in parts}
        self._check(parts)
        folders = {name: part.path.name for name, part in parts.items()}
        write_file(self.work / "parts.json", json.dumps(folders, indent=2).encode())
        return parts

    def transformed(self, parts: Parts) -> Parts:
        """Training and validation pictures with the transformation `train` applies."""
        target = self.work / "transformation"
        if not target.exists():
            size = self._size(read_images(parts[TRAINING], verify=False))
            write_transformation(default_transformation(size, self._augmentation()), target)
        result: Parts = {}
        for name, mode in ((TRAINING, "For training"), (VALIDATION, "For inference")):
            output = self.work / f"{name}-transformed"
            self.steps.run(
                "Apply Image Transformation",
                {"input_image_transformation": target, "input_image_directory": parts[name]},
                {"mode": mode},
                {"output_image_directory": output},
            )
            result[name] = ImageDirectory(output)
        return result

    def _convert(self, source: Path, name: str) -> Parts:
        request = self.request
        listing = find_pictures(source, self.steps.workspace.settings)
        _check_labels(listing, source)
        found = dict.fromkeys(candidate.part for candidate in listing.candidates) or {_WHOLE: None}
        converted: Parts = {}
        for part in found:
            target = self.work / f"{name}-{part or 'all'}"
            self.steps.run(
                "Convert to Image Directory",
                {"input_dataset": Photos(source)},
                {
                    "part": part,
                    "group_by": request.group_by,
                    "class_map": request.class_map,
                    "intensity": request.intensity,
                    "check": request.check,
                },
                {"output_image_directory": target},
            )
            converted[part] = ImageDirectory(target)
        return converted

    def _with_validation(self, parts: Parts, source: Path) -> Parts:
        if set(parts) != {_WHOLE}:
            raise UsageError(
                f"{self.request.photos} is divided into {', '.join(parts)} already.",
                "Leave --validation out, or give the training folder alone.",
            )
        other = self._convert(source, "validation-photos")
        if set(other) != {_WHOLE}:
            raise UsageError(
                f"{source} is itself divided into {', '.join(other)}.",
                "Give one of those folders.",
            )
        return {TRAINING: parts[_WHOLE], VALIDATION: other[_WHOLE]}

    def _held_out(self, parts: Parts) -> Parts:
        """Hold out what is missing: the test pictures first, then the validation pictures."""
        parts, request = dict(parts), self.request
        share = request.held_out
        if TEST not in parts and request.tested > 0:
            parts[TRAINING], parts[TEST] = self._divide(parts[TRAINING], 1 - request.tested, "rest")
            share = request.held_out / (1 - request.tested)
        if VALIDATION not in parts:
            parts[TRAINING], parts[VALIDATION] = self._divide(
                parts[TRAINING], 1 - share, "training"
            )
        return parts

    def _divide(
        self, whole: ImageDirectory, fraction: float, name: str
    ) -> tuple[ImageDirectory, ImageDirectory]:
        first, second = self.work / f"{name}-first", self.work / f"{name}-second"
        self.steps.run(
            "Split Image Directory",
            {"input_image_directory": whole},
            {"fraction": round(fraction, 12), "random_seed": self.request.split_seed},
            {"output_image_directory1": first, "output_image_directory2": second},
        )
        return ImageDirectory(first), ImageDirectory(second)

    def _check(self, parts: Mapping[str, ImageDirectory]) -> None:
        """Tell what was skipped; refuse classes that only held-out pictures have."""
        images = {name: read_images(part, verify=False) for name, part in parts.items()}
        skipped = dict.fromkeys(s for i in images.values() for s in i.skipped)
        if skipped:
            self.steps.warn(skipped_line(list(skipped), "the report"))
        trained = {label for label, n in class_counts(images[TRAINING]).items() if n > 0}
        for name in (VALIDATION, TEST):
            if name not in images:
                continue
            held_out = {label for label, n in class_counts(images[name]).items() if n > 0}
            unknown = sorted(held_out - trained)
            if unknown:
                raise InvalidDatasetError(
                    f"The classes of the training and {name} images differ: only the {name} "
                    f"images have {', '.join(unknown)}.",
                    "Give both the same classes, or let Visionloom split one set.",
                )

    def _size(self, images: Images) -> int:
        request = self.request
        if request.image_size is not None:
            return request.image_size
        if request.start_from is not None:
            document = json.loads((Path(request.start_from) / "model.json").read_bytes())
            return int(max(document["input_size"]))
        return automatic_size(images.records, pretrained=request.pretrained)

    def _augmentation(self) -> str:
        if self.request.augmentation is not None:
            return self.request.augmentation
        head = self.request.training.get("fine_tuning_mode") == "head"
        return "none" if head else "standard"


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
