"""From photos to model, scores, evaluation and report: the chain behind `visionloom train`."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visionloom.artifacts.atomic import remove_tree, write_file
from visionloom.artifacts.types import ImageDirectory, Photos
from visionloom.errors import InvalidDatasetError, OutputExistsError, RunInterrupted, UsageError
from visionloom.images.directory import Images, read_images
from visionloom.images.sizes import automatic_size
from visionloom.images.sources import find_pictures
from visionloom.images.transforms import default_transformation, write_transformation
from visionloom.runs.report_run import write_report
from visionloom.runs.summary import build_summary, write_summary
from visionloom.runs.train_request import (
    STATE_FILE,
    TrainRequest,
    read_request,
    same_request,
    write_request,
)
from visionloom.spec.context import Event, Listener, Metrics, silent
from visionloom.spec.ports import Value
from visionloom.spec.registry import Registry
from visionloom.workspace import Workspace

_FAMILIES = ("resnet", "densenet")
_SPLIT_SEED = 42


@dataclass
class TrainRun:
    """One training in its folder.

    Attributes:
        workspace: Runs the components.
        request: What was asked for.
        out: The folder.
        listener: Told what happens.
        stop, finish: See `visionloom.spec.context.Context`.
    """

    workspace: Workspace
    request: TrainRequest
    out: Path
    listener: Listener = silent
    stop: threading.Event = field(default_factory=threading.Event)
    finish: threading.Event = field(default_factory=threading.Event)
    _rows: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def work(self) -> Path:
        """Folder for what is made on the way."""
        return self.out / "work"

    def go(self) -> dict[str, Any]:
        """Do what is not done yet; returns the summary.

        Raises:
            VisionloomError: Whatever a component raises; the folder is gone when training had
                not begun, and can be resumed otherwise.
        """
        started = time.monotonic()
        try:
            parts = self._parts()
            self._record(parts)
            transformed = self._transformed(parts)
            start = self._start()
            self._train(start, transformed)
        except RunInterrupted as error:
            raise RunInterrupted(error.message, self._how_to_go_on()) from error
        except BaseException:
            if not self._has_checkpoint():
                remove_tree(self.out)
            raise
        evaluations = self._score_and_evaluate(parts)
        seconds = time.monotonic() - started
        summary = build_summary(self.out, self.request, parts, evaluations, seconds)
        write_report(self.out, summary)
        remove_tree(self.work / "checkpoints")
        write_summary(self.out, summary)
        return summary

    def _run(
        self,
        component: str,
        inputs: Mapping[str, Any],
        parameters: Mapping[str, Value],
        outputs: Mapping[str, Path],
        scratch: Path | None = None,
    ) -> None:
        """Run a component unless its outputs are there already."""
        if all(path.exists() for path in outputs.values()):
            return
        for path in outputs.values():
            remove_tree(path)
        self.workspace.run(
            component,
            inputs=inputs,
            parameters=parameters,
            outputs=outputs,
            scratch=scratch,
            listener=self._listen,
            stop=self.stop,
            finish=self.finish,
        )

    def _listen(self, event: Event) -> None:
        if isinstance(event, Metrics):
            self._rows.append(event.row)
            lines = "".join(json.dumps(row, allow_nan=False) + "\n" for row in self._rows)
            write_file(self.out / "metrics.jsonl", lines.encode())
        self.listener(event)

    def _parts(self) -> dict[str, ImageDirectory]:
        """training, validation and perhaps test, converted and split as asked."""
        parts = self._convert(Path(self.request.photos), "photos")
        request = self.request
        if request.validation is not None:
            if set(parts) != {""}:
                raise UsageError(
                    f"{request.photos} is divided into {', '.join(parts)} already.",
                    "Leave --validation out, or give the training folder alone.",
                )
            other = self._convert(Path(request.validation), "validation-photos")
            if set(other) != {""}:
                raise UsageError(f"{request.validation} is itself divided into parts.")
            parts = {"training": parts[""], "validation": other[""]}
        elif "" in parts:
            parts = self._split(parts[""])
        elif "validation" not in parts:
            held = self._divide(parts["training"], 1 - request.validation_fraction, "training")
            parts = {**parts, "training": held[0], "validation": held[1]}
        self._same_classes(parts)
        return parts

    def _record(self, parts: Mapping[str, ImageDirectory]) -> None:
        folders = {name: part.path.name for name, part in parts.items()}
        write_file(self.work / "parts.json", json.dumps(folders, indent=2).encode())

    def _convert(self, source: Path, name: str) -> dict[str, ImageDirectory]:
        request = self.request
        listing = find_pictures(source, self.workspace.settings)
        found = dict.fromkeys(candidate.part for candidate in listing.candidates)
        if not found:
            found = {"": None}
        converted: dict[str, ImageDirectory] = {}
        for part in found:
            target = self.work / f"{name}-{part or 'all'}"
            self._run(
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

    def _split(self, whole: ImageDirectory) -> dict[str, ImageDirectory]:
        request = self.request
        rest, parts = whole, {}
        if request.test_fraction > 0:
            rest, test = self._divide(whole, 1 - request.test_fraction, "rest")
            parts["test"] = test
        share = request.validation_fraction / (1 - request.test_fraction)
        training, validation = self._divide(rest, round(1 - share, 12), "training")
        return {"training": training, "validation": validation, **parts}

    def _divide(
        self, whole: ImageDirectory, fraction: float, name: str
    ) -> tuple[ImageDirectory, ImageDirectory]:
        first, second = self.work / f"{name}-first", self.work / f"{name}-second"
        seed = self.request.training.get("random_seed")
        self._run(
            "Split Image Directory",
            {"input_image_directory": whole},
            {"fraction": fraction, "random_seed": _SPLIT_SEED if seed is None else seed},
            {"output_image_directory1": first, "output_image_directory2": second},
        )
        return ImageDirectory(first), ImageDirectory(second)

    def _same_classes(self, parts: Mapping[str, ImageDirectory]) -> None:
        lists = {name: read_images(part, verify=False).classes for name, part in parts.items()}
        training = set(lists["training"] or ())
        for name, classes in lists.items():
            extra = sorted(set(classes or ()) - training)
            if name == "test" and extra:
                raise InvalidDatasetError(
                    f"The test pictures have classes the training pictures lack: "
                    f"{', '.join(extra)}.",
                    "Give both the same classes.",
                )

    def _transformed(self, parts: Mapping[str, ImageDirectory]) -> dict[str, ImageDirectory]:
        images = read_images(parts["training"], verify=False)
        target = self.work / "transformation"
        if not target.exists():
            transformation = default_transformation(self._size(images), self._augmentation())
            write_transformation(transformation, target)
        result = {}
        for name, mode in (("training", "For training"), ("validation", "For inference")):
            output = self.work / f"{name}-transformed"
            self._run(
                "Apply Image Transformation",
                {"input_image_transformation": target, "input_image_directory": parts[name]},
                {"mode": mode},
                {"output_image_directory": output},
            )
            result[name] = ImageDirectory(output)
        return result

    def _size(self, images: Images) -> int:
        request = self.request
        if request.image_size is not None:
            return request.image_size
        if request.start_from is not None:
            document = json.loads((Path(request.start_from) / "model.json").read_text("utf-8"))
            return int(max(document["input_size"]))
        return automatic_size(images.records, pretrained=request.pretrained)

    def _augmentation(self) -> str:
        if self.request.augmentation is not None:
            return self.request.augmentation
        head = self.request.training.get("fine_tuning_mode") == "head"
        return "none" if head else "standard"

    def _start(self) -> Path:
        request = self.request
        if request.start_from is not None:
            return Path(request.start_from)
        target = self.work / "untrained-model"
        component, name = _model_component(self.workspace.registry, request.model)
        parameters: dict[str, Value] = {"model_name": name, "pretrained": request.pretrained}
        if request.weights is not None:
            parameters["weights"] = request.weights
        self._run(component, {}, parameters, {"untrained_model": target})
        return target

    def _train(self, start: Path, transformed: Mapping[str, ImageDirectory]) -> None:
        checkpoints = self.work / "checkpoints"
        checkpoints.mkdir(parents=True, exist_ok=True)
        self._run(
            "Train PyTorch Model",
            {
                "untrained_model": start,
                "training_dataset": transformed["training"],
                "validation_dataset": transformed["validation"],
            },
            {"preset": "standard", **self.request.training},
            {"trained_model": self.out / "model"},
            scratch=checkpoints,
        )

    def _score_and_evaluate(self, parts: Mapping[str, ImageDirectory]) -> dict[str, Path]:
        evaluations = {}
        for name, role in (("validation", "validation"), ("test", "test")):
            if name not in parts:
                continue
            prefix = "" if name == "validation" else "test-"
            scores = self.out / f"{prefix}scores"
            evaluation = self.out / f"{prefix}evaluation"
            same = {
                key: self.request.training[key]
                for key in ("device", "precision", "decode_threads")
                if key in self.request.training
            }
            self._run(
                "Score Image Model",
                {"trained_model": self.out / "model", "dataset": parts[name]},
                {"role": role, **same},
                {"scored_dataset": scores},
            )
            self._run(
                "Evaluate Model",
                {"scored_dataset": scores},
                {},
                {"evaluation_results": evaluation},
            )
            evaluations[name] = evaluation
        return evaluations

    def _has_checkpoint(self) -> bool:
        return any((self.work / "checkpoints").glob("checkpoint-*"))

    def _how_to_go_on(self) -> str:
        if not self._has_checkpoint():
            return f"Nothing was trained yet; add --resume to the command to go on in {self.out}."
        return (
            f"Go on: the same command with --resume. Keep the best model so far: the same command "
            f"with --finish. The run is in {self.out}."
        )


def prepare(
    out: Path, request: TrainRequest | None, *, resume: bool, finish: bool, overwrite: bool
) -> TrainRequest:
    """Make the run's folder ready; returns the request to follow.

    Raises:
        OutputExistsError: The folder exists and none of the three was said.
        UsageError: Nothing to resume, another request, or a folder that is no run of ours.
    """
    if sum((resume, finish, overwrite)) > 1:
        raise UsageError("--resume, --finish and --overwrite exclude each other.")
    if resume or finish:
        saved = read_request(out)
        if request is not None:
            same_request(saved, request)
        if (out / "summary.json").is_file():
            raise UsageError(f"{out} is finished: there is nothing to go on with.")
        return saved
    if request is None:
        raise UsageError("Say which pictures to train on.")
    if out.exists():
        if not overwrite:
            raise OutputExistsError(
                f"{out} exists already.",
                "Choose another --out, or --resume, --finish or --overwrite.",
            )
        if not (out / STATE_FILE).is_file():
            raise UsageError(
                f"{out} is no training run of Visionloom, so it is not overwritten.",
                "Remove it yourself or choose another --out.",
            )
        remove_tree(out)
    out.mkdir(parents=True)
    with contextlib.ExitStack() as undo:
        undo.callback(shutil.rmtree, out, ignore_errors=True)
        write_request(out, request)
        undo.pop_all()
    return request


def _model_component(registry: Registry, model: str) -> tuple[str, str]:
    """The component that makes a model of this name, and the name as it knows it."""
    if model.startswith("timm:"):
        return "timm Model", model.removeprefix("timm:")
    known: dict[str, str] = {}
    for name in _FAMILIES:
        item = registry.find(name)
        choices = item.parameter("model_name").setting.choices
        known.update(dict.fromkeys(choices, item.title))
    if model in known:
        return known[model], model
    from visionloom.spec.ports import nearest

    near = nearest(model, known)
    hint = f"Did you mean {near}? " if near else ""
    raise UsageError(
        f"There is no model {model!r}.",
        f"{hint}Known: {', '.join(known)}, and timm:NAME for any classifier of timm.",
    )
