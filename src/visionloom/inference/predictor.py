"""A trained model, opened and ready: pictures in, probabilities out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax
from torch import nn

from visionloom.artifacts.types import ImageDirectory, TrainedModel
from visionloom.errors import InvalidDatasetError, RunInterrupted
from visionloom.images.batches import BatchReader, decode_threads, equal_slices
from visionloom.images.directory import ImageRecord, Images, PixelSource
from visionloom.images.transforms import Transformation
from visionloom.inference.scores import ScoreTable
from visionloom.models.device import Hardware, choose_hardware
from visionloom.models.directory import TrainedSpec, load_trained, read_trained
from visionloom.models.forward import INFERENCE_BATCH_SIZE, ToModel, run_forward
from visionloom.spec.context import Context


@dataclass(frozen=True)
class Predictor:
    """A model on a device.

    Attributes:
        spec: Everything the model folder says.
        network: In eval mode, on the device.
        transformation: What is done to a picture.
        to_model: Normalisation, on the device.
        hardware: What it runs on.
    """

    spec: TrainedSpec
    network: nn.Module
    transformation: Transformation
    to_model: ToModel
    hardware: Hardware

    def score(
        self,
        images: Images,
        directory: ImageDirectory,
        context: Context,
        threads: int | None = None,
    ) -> ScoreTable:
        """Score every image of an image directory.

        Pictures that cannot be read any more are reported in the table's ``skipped``, not raised.

        Raises:
            InvalidDatasetError: It carries another transformation than the model's.
            RunInterrupted: Stopped.
        """
        self._check_transformation(images)
        with PixelSource(images, directory) as source:
            readable, unreadable = _readable(images.records, source, self.transformation)
            reader = BatchReader(
                source, readable, self.transformation, threads=decode_threads(threads)
            )
            logits = self._logits(reader, len(readable), context)
        labelled = images.classes is not None
        groups = [record.group for record in readable]
        probabilities = softmax(logits.astype(np.float64), axis=1)
        return ScoreTable(
            files=tuple(record.file for record in readable),
            labels=tuple(str(record.label) for record in readable) if labelled else None,
            groups=tuple(groups) if any(g is not None for g in groups) else None,
            classes=self.spec.classes,
            probabilities=probabilities.reshape(len(readable), len(self.spec.classes)),
            skipped=tuple((s.file, s.reason) for s in images.skipped) + tuple(unreadable),
            role="",
            digests={"images": images.digest, "model": self.spec.weights_digest},
        )

    def _logits(
        self, reader: BatchReader, count: int, context: Context
    ) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        def tell(done: int) -> None:
            context.progress("scoring", done, count)
            if context.stop.is_set():
                raise RunInterrupted("Stopped while scoring.", "Run the same command again.")

        slices = equal_slices(count, INFERENCE_BATCH_SIZE)
        pictures = (batch.pixels for batch in reader.read(range(count), slices))
        logits = run_forward(self.network, pictures, self.to_model, self.hardware, tell)
        return logits if count else np.empty((0, len(self.spec.classes)), dtype=np.float32)

    def _check_transformation(self, images: Images) -> None:
        carried = images.transformation
        if carried is None or carried.for_inference() == self.transformation:
            return
        raise InvalidDatasetError(
            "The images carry another transformation than the model was trained with: "
            f"{carried.for_inference().describe()} instead of {self.transformation.describe()}.",
            "Score the plain images: the model applies its own transformation.",
        )


def load_predictor(
    model: TrainedModel, *, device: str = "auto", precision: str = "auto"
) -> tuple[Predictor, list[str]]:
    """Open a trained model on a device; returns it and warnings for the user.

    No weights are looked up elsewhere: everything needed is in the folder.

    Raises:
        InvalidModelDirectoryError: Not a trained model, or damaged.
        DeviceNotAvailableError: The device asked for is not here.
    """
    spec, network = load_trained(model)
    hardware, warnings = choose_hardware(device, precision)
    hardware.use()
    network.to(hardware.device, memory_format=hardware.memory_format)  # type: ignore[call-overload]
    to_model = ToModel(spec.normalisation).to(hardware.device)
    transformation = Transformation.from_json(spec.transformation)
    return Predictor(spec, network.eval(), transformation, to_model, hardware), warnings


def classes_of(model: TrainedModel) -> tuple[str, ...]:
    """The classes of a trained model, in order; errors as `load_predictor`."""
    return read_trained(model, verify=False).classes


def intensity_of(model: TrainedModel) -> str:
    """The rule for values of more than 8 bits that a model was trained with."""
    return read_trained(model, verify=False).intensity


def _readable(
    records: Sequence[ImageRecord], source: PixelSource, transformation: Transformation
) -> tuple[list[ImageRecord], list[tuple[str, str]]]:
    """Records whose bytes are still what they were at conversion, and the others with reasons."""
    good: list[ImageRecord] = []
    bad: list[tuple[str, str]] = []
    for record in records:
        try:
            source.read(record)
            transformation.check_size(record.width, record.height)
        except InvalidDatasetError as error:
            bad.append((record.file, error.message))
        else:
            good.append(record)
    return good, bad
