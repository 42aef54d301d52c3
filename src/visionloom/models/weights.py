"""Pretrained weights: which exist, where they are on this machine, how they are fetched."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from visionloom.artifacts.atomic import new_folder
from visionloom.artifacts.digest import sha256_of_file
from visionloom.errors import FailedToDownloadFilesError, OutputExistsError, UsageError
from visionloom.settings import MIB, Limits, Settings
from visionloom.spec.ports import nearest

DEFAULT_HOST = "https://download.pytorch.org/models/"
_ATTEMPTS = 3
_SECONDS_BETWEEN = 3.0
_TIMEOUT = 30.0


@dataclass(frozen=True)
class Weights:
    """Weights trained on ImageNet-1k, as published with torchvision.

    Attributes:
        model: Architecture.
        file: Name of the published file; its last eight digits begin the file's SHA-256.
        megabytes: Size of the file.
        top1: Published top-1 accuracy on ImageNet, per cent.
    """

    model: str
    file: str
    megabytes: float
    top1: float

    @property
    def digest_start(self) -> str:
        """The first eight hexadecimal digits of the file's SHA-256."""
        return self.file.rpartition("-")[2].partition(".")[0]


_PUBLISHED = (
    Weights("resnet18", "resnet18-f37072fd.pth", 44.7, 69.758),
    Weights("resnet34", "resnet34-b627a593.pth", 83.3, 73.314),
    Weights("resnet50", "resnet50-0676ba61.pth", 97.8, 76.130),
    Weights("resnet101", "resnet101-63fe2227.pth", 170.5, 77.374),
    Weights("resnet152", "resnet152-394f9c45.pth", 230.4, 78.312),
    Weights("resnext50_32x4d", "resnext50_32x4d-7cdf4587.pth", 95.8, 77.618),
    Weights("resnext101_32x8d", "resnext101_32x8d-8ba56ff5.pth", 339.6, 79.312),
    Weights("wide_resnet50_2", "wide_resnet50_2-95faca4d.pth", 131.8, 78.468),
    Weights("wide_resnet101_2", "wide_resnet101_2-32ee1156.pth", 242.9, 78.848),
    Weights("densenet121", "densenet121-a639ec97.pth", 30.8, 74.434),
    Weights("densenet161", "densenet161-8d451a50.pth", 110.4, 77.138),
    Weights("densenet169", "densenet169-b2777c0a.pth", 54.7, 75.600),
    Weights("densenet201", "densenet201-c1103571.pth", 77.4, 76.896),
)
CATALOG: Mapping[str, Weights] = {weights.model: weights for weights in _PUBLISHED}
"""Model name -> its weights."""

LICENCE = "BSD-3-Clause (torchvision); trained on ImageNet-1k"


def find(model: str, settings: Settings) -> Path | None:
    """Where the weights of a model are on this machine: the home folder, or torch's own cache."""
    weights = _entry(model)
    torch_home = os.environ.get("TORCH_HOME")
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    hub = Path(torch_home) if torch_home else Path(cache) / "torch"
    places = [
        settings.weights / model / weights.file,
        settings.weights / model / f"{model}.safetensors",
        settings.weights / model / f"{model}.pth",
        hub / "hub" / "checkpoints" / weights.file,
    ]
    return next((place for place in places if place.is_file()), None)


def obtain(model: str, settings: Settings, say: Callable[[str], None]) -> Path:
    """The file with a model's weights; downloads it when it is not here and that is allowed.

    Raises:
        FailedToDownloadFilesError: Not here, and offline or not to be had; three ways on.
    """
    found = find(model, settings)
    if found is not None:
        say(f"Pretrained weights of {model}: {found}")
        return found
    if settings.offline:
        raise _not_to_be_had(model, settings, "fetching is switched off (--offline)")
    return fetch(model, settings, say)


def fetch(
    model: str,
    settings: Settings,
    say: Callable[[str], None],
    tell: Callable[[int], None] | None = None,
) -> Path:
    """Download a model's weights into the home folder, checking their SHA-256.

    A file that is given while they come is taken in their place.

    Args:
        model: Which.
        settings: The home folder.
        say: Told what is done.
        tell: Told how many bytes have come.

    Raises:
        FailedToDownloadFilesError: After three attempts, or with the wrong checksum.
    """
    weights = _entry(model)
    host = os.environ.get("VISIONLOOM_WEIGHTS_URL", DEFAULT_HOST)
    address = host.rstrip("/") + "/" + weights.file
    say(f"Downloading the pretrained weights of {model}: {weights.megabytes} MB from {address}")
    failure = ""
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_SECONDS_BETWEEN * attempt)
        try:
            return _download(address, weights, settings, tell)
        except _GivenMeanwhileError as given:
            return given.path
        except urllib.error.HTTPError as error:
            failure = f"{address} answered {error.code} {error.reason}"
            if error.code in {401, 403, 404, 410}:
                break
        except (OSError, ValueError, http.client.HTTPException) as error:
            failure = f"{address} could not be read ({error})"
    raise _not_to_be_had(model, settings, failure)


def add(path: Path, model: str, settings: Settings) -> Path:
    """Copy a weights file into the home folder, so that ``model`` finds it.

    Raises:
        UsageError: Unknown model, or no such file.
        InvalidModelDirectoryError: The file's tensors do not fit the model, or are not finite.
    """
    from visionloom.models.build import Architecture, build_empty
    from visionloom.models.tensors import check_finite, check_fit, read_tensors

    _entry(model)
    if not path.is_file():
        raise UsageError(f"{path} is no file.")
    empty, what = build_empty(Architecture(model), 1000), f"The weights in {path}"
    tensors = read_tensors(
        path, settings.limits, fits=lambda shapes: check_fit(shapes, empty, what)
    )
    check_finite(tensors, what)
    suffix = ".pth" if path.suffix.lower() in {".pth", ".pt", ".bin"} else ".safetensors"
    target = settings.weights / model
    with new_folder(target, replace=True) as scratch:
        shutil.copyfile(path, scratch / f"{model}{suffix}")
    return target / f"{model}{suffix}"


def _download(
    address: str, weights: Weights, settings: Settings, tell: Callable[[int], None] | None
) -> Path:
    place, before = settings.weights / weights.model, find(weights.model, settings)
    try:
        with new_folder(place, replace=place.exists()) as scratch:
            _receive(address, weights, settings.limits, scratch / weights.file, tell)
            _refuse_given(weights.model, settings, before)
    except OutputExistsError:
        _refuse_given(weights.model, settings, before)
        raise
    return place / weights.file


class _GivenMeanwhileError(Exception):
    """There is a file now that was not there before."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


def _refuse_given(model: str, settings: Settings, before: Path | None) -> None:
    now = find(model, settings)
    if now is not None and now != before:
        raise _GivenMeanwhileError(now)


def _receive(
    address: str,
    weights: Weights,
    limits: Limits,
    target: Path,
    tell: Callable[[int], None] | None,
) -> None:
    digest = hashlib.sha256()
    with (
        urllib.request.urlopen(address, timeout=_TIMEOUT) as answer,  # noqa: S310 - our host
        open(target, "wb") as stream,
    ):
        limit = limits.model_bytes
        while chunk := answer.read(MIB):
            digest.update(chunk)
            stream.write(chunk)
            limit -= len(chunk)
            if limit < 0:
                raise ValueError(f"more bytes than {limits.named('model_bytes')}")
            if tell is not None:
                tell(limits.model_bytes - limit)
    if not digest.hexdigest().startswith(weights.digest_start):
        raise ValueError(
            f"its SHA-256 is {digest.hexdigest()[:8]}... instead of {weights.digest_start}..."
        )


def verify(path: Path, weights: Weights) -> bool:
    """Whether a file is the published one."""
    return sha256_of_file(path).startswith(weights.digest_start)


def _entry(model: str) -> Weights:
    if model not in CATALOG:
        near = nearest(model, CATALOG)
        hint = f"Did you mean {near}?" if near else f"Known: {', '.join(CATALOG)}."
        raise UsageError(f"No pretrained weights are known for {model!r}.", hint)
    return CATALOG[model]


def _not_to_be_had(model: str, settings: Settings, reason: str) -> FailedToDownloadFilesError:
    weights = _entry(model)
    return FailedToDownloadFilesError(
        f"The pretrained weights of {model} are not on this machine: {reason}.",
        f"Three ways on: (1) with a network, run `visionloom weights fetch {model}`; (2) copy "
        f"{weights.file} ({weights.megabytes} MB) to {settings.weights / model}, or name a file "
        "with --weights FILE; (3) start from nothing with --no-pretrained, which needs far more "
        "pictures and epochs for the same accuracy.",
    )
