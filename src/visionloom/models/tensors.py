"""Weight files: opened without running anything, checked before memory is taken."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import nn

from visionloom.errors import InvalidModelDirectoryError
from visionloom.limits import Limits, current_limits
from visionloom.models.safetensors_header import header_shapes
from visionloom.models.torch_files import as_safetensors, is_torch_file

__all__ = [
    "Tensors", "check_finite", "check_fit", "header_shapes", "read_tensors", "weights_digest",
]  # fmt: skip

Tensors = dict[str, torch.Tensor]

_OLD_DENSENET_KEY = re.compile(
    r"^(.*denselayer\d+\.(?:norm|relu|conv))\.((?:[12])\.(?:weight|bias|running_mean|running_var|"
    r"num_batches_tracked))$"
)
_COUNTER = "num_batches_tracked"


def read_tensors(
    path: Path,
    limits: Limits | None = None,
    *,
    fits: Callable[[Mapping[str, tuple[int, ...]]], None] | None = None,
) -> Tensors:
    """Read a ``.safetensors`` file, or one that torch wrote; the content decides which.

    Half precision becomes float32.

    Args:
        path: The file.
        limits: What it may cost.
        fits: Told the shapes by name before memory is taken for them; raises to refuse.

    Raises:
        InvalidModelDirectoryError: Missing, too large, damaged, or holding anything but tensors.
    """
    limits = limits or current_limits()
    if not path.is_file():
        raise InvalidModelDirectoryError(f"The weights file {path} does not exist.")
    size = path.stat().st_size
    if size > limits.model_bytes:
        raise InvalidModelDirectoryError(
            f"{path} has {size} bytes, more than {limits.named('model_bytes')}."
        )
    if not is_torch_file(path):
        return _read_safetensors(path, path, limits, fits)
    with as_safetensors(path, limits) as converted:
        return _read_safetensors(converted, path, limits, fits)


def _read_safetensors(
    file: Path,
    path: Path,
    limits: Limits,
    fits: Callable[[Mapping[str, tuple[int, ...]]], None] | None,
) -> Tensors:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    shapes = header_shapes(file, limits)
    if fits is not None:
        fits({_renamed(name): shape for name, shape in shapes.items()})
    try:
        tensors = load_file(file)
    except (SafetensorError, ValueError, OSError) as error:
        raise InvalidModelDirectoryError(f"{path} is damaged: {error}.") from error
    return {_renamed(name): _full_precision(tensor) for name, tensor in tensors.items()}


def weights_digest(tensors: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 over the tensors sorted by name: name, dtype, shape, bytes."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        head = json.dumps([name, str(tensor.dtype), list(tensor.shape)])
        digest.update(head.encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def check_fit(
    shapes: Mapping[str, tuple[int, ...]], network: nn.Module, what: str, *, ignore: str = ""
) -> None:
    """Compare names and shapes with a network (which may be on the meta device).

    Args:
        shapes: Of the weights.
        network: What they are for.
        what: The weights, as named to the user.
        ignore: Prefix of names that may differ: the classifier.

    Raises:
        InvalidModelDirectoryError: Which are missing, unknown, or of another shape.
    """
    wanted = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}

    def counts(name: str) -> bool:
        return not name.endswith(_COUNTER) and not (ignore and name.startswith(ignore + "."))

    missing = [n for n in wanted if counts(n) and n not in shapes]
    unknown = [n for n in shapes if counts(n) and n not in wanted]
    other = [n for n in wanted if counts(n) and n in shapes and shapes[n] != wanted[n]]
    if not (missing or unknown or other):
        return
    parts = []
    if missing:
        parts.append(f"{len(missing)} are missing (first {', '.join(missing[:3])})")
    if unknown:
        parts.append(f"{len(unknown)} are not known (first {', '.join(unknown[:3])})")
    if other:
        name = other[0]
        parts.append(
            f"{len(other)} have another shape (first {name}: {list(shapes[name])} instead of "
            f"{list(wanted[name])})"
        )
    raise InvalidModelDirectoryError(
        f"{what} do not fit the architecture: of {len(wanted)} tensors {'; '.join(parts)}.",
        "Choose the model these weights were made for.",
    )


def check_finite(tensors: Mapping[str, torch.Tensor], what: str) -> None:
    """Raise InvalidModelDirectoryError when a value is NaN or infinite; where."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise InvalidModelDirectoryError(f"{what} hold values that are not finite, in {name}.")


def _renamed(name: str) -> str:
    """Keys of torchvision's first DenseNet files: ``norm.1.weight`` is ``norm1.weight``."""
    match = _OLD_DENSENET_KEY.match(name)
    return match.group(1) + match.group(2) if match else name


def _full_precision(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.float() if tensor.dtype in {torch.float16, torch.bfloat16} else tensor
