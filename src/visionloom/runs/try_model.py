"""The process that tries a model on one picture: warm, apart from the server, which loads no torch.

Run as ``python -P -m visionloom.runs.try_model``. A request on standard input is one JSON line
{"model": folder, "bytes": n} followed by the n bytes of a picture, or {"weights": model, "file":
path}; the answer on standard output is one JSON line. The picture is decoded in an isolated process
first; then it goes the way of Score Image Model, so the probabilities are the same to the bit. The
model used last stays loaded.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from visionloom.artifacts.types import ImageDirectory, TrainedModel
from visionloom.engine.step_process import is_out_of_memory
from visionloom.errors import InvalidDatasetError, MachineError, VisionloomError
from visionloom.images.directory import ImageRecord, Images
from visionloom.images.origin import PixelOrigin
from visionloom.images.worker import Finding, Worker
from visionloom.spec.context import Context
from visionloom.workspace import Workspace

if TYPE_CHECKING:
    from visionloom.inference.predictor import Predictor

_FILE = "picture"


@dataclass
class _Loaded:
    """The model used last, and the process that looks at pictures first."""

    path: str = ""
    predictor: Predictor | None = None
    intensity: str = ""
    worker: Worker | None = None

    def end(self) -> None:
        """End the process."""
        if self.worker is not None:
            self.worker.close()


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until the input ends."""
    workspace, loaded = Workspace(), _Loaded()
    while line := requests.readline():
        request = json.loads(line)
        data = requests.read(request["bytes"]) if "bytes" in request else b""
        try:
            if "weights" in request:
                workspace.add_weights(request["weights"], Path(request["file"]))
                answer: dict[str, Any] = {}
            else:
                answer = _try(workspace, loaded, str(request["model"]), data)
        except VisionloomError as error:
            answer = {
                "error": type(error).__name__,
                "message": error.message,
                "remedy": error.remedy,
            }
        except Exception as error:  # noqa: BLE001 - whoever asked tells of it
            if is_out_of_memory(error):
                answer = {
                    "error": MachineError.__name__,
                    "message": "The process that tries models ran out of memory.",
                    "remedy": "Close other programs, or try a smaller picture.",
                }
            else:
                answer = {"bug": traceback.format_exc()}
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()
    loaded.end()


def _try(workspace: Workspace, loaded: _Loaded, model: str, data: bytes) -> dict[str, Any]:
    started = time.perf_counter()
    if loaded.path != model or loaded.predictor is None:
        from visionloom.inference.predictor import load_predictor

        loaded.predictor = None
        loaded.predictor = load_predictor(TrainedModel(Path(model)))[0]
        loaded.path = model
    predictor = loaded.predictor
    finding = _examined(workspace, loaded, data, predictor.spec.intensity)
    with tempfile.TemporaryDirectory(prefix="visionloom-") as temporary:
        folder = Path(temporary)
        (folder / _FILE).write_bytes(data)
        context = Context({}, folder, workspace.settings)
        images = _one(finding, folder, predictor.spec.intensity)
        table = predictor.score(images, ImageDirectory(folder), context, threads=1)
    if table.skipped:
        raise InvalidDatasetError(table.skipped[0][1].replace(f"{_FILE}: ", ""))
    return {
        "probabilities": table.probabilities[0].tolist(),
        "classes": list(table.classes),
        "width": finding.width,
        "height": finding.height,
        "preprocessing": predictor.transformation.describe(),
        "seconds": time.perf_counter() - started,
    }


def _examined(workspace: Workspace, loaded: _Loaded, data: bytes, intensity: str) -> Finding:
    """What an isolated process finds in the picture.

    Raises:
        InvalidDatasetError: It is none, or larger than the limits.
    """
    limits = workspace.settings.limits
    if loaded.worker is None or loaded.intensity != intensity:
        loaded.end()
        loaded.worker, loaded.intensity = Worker(intensity, full=True, limits=limits), intensity
    finding = loaded.worker.examine(data)
    if finding.reason:
        raise InvalidDatasetError(
            f"The file is no picture that can be used: {finding.reason}.",
            "Give a photo as JPEG or PNG.",
        )
    if finding.width * finding.height > limits.serving_image_pixels:
        raise InvalidDatasetError(
            f"The picture has {finding.width} x {finding.height} pixels, more than "
            f"{limits.named('serving_image_pixels')}.",
            "Make it smaller.",
        )
    return finding


def _one(finding: Finding, folder: Path, intensity: str) -> Images:
    """A list of this picture alone."""
    record = ImageRecord(
        id=0,
        file=_FILE,
        label=None,
        group=None,
        width=finding.width,
        height=finding.height,
        bytes=finding.bytes,
        digest=finding.digest,
        pixel_digest=finding.pixel_digest,
        format=finding.format,
        frames=finding.frames,
        stored=_FILE,
    )
    return Images((record,), None, (), PixelOrigin("folder", str(folder)), intensity)


def main() -> None:
    """Serve on the standard streams; what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
