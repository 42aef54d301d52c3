"""Weight files: opened without running anything, checked before memory is taken."""

from __future__ import annotations

import hashlib
import json
import re
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from visionloom.errors import InvalidModelDirectoryError
from visionloom.settings import Limits

Tensors = dict[str, torch.Tensor]

_OLD_DENSENET_KEY = re.compile(
    r"^(.*denselayer\d+\.(?:norm|relu|conv))\.((?:[12])\.(?:weight|bias|running_mean|running_var|"
    r"num_batches_tracked))$"
)
_COUNTER = "num_batches_tracked"
_OLD_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How files begin that torch wrote before 1.6, the published DenseNets among them."""


def read_tensors(path: Path, limits: Limits | None = None) -> Tensors:
    """Read a ``.safetensors`` file, or a ``.pth`` file weights-only; the content decides which.

    Half precision becomes float32.

    Raises:
        InvalidModelDirectoryError: Missing, too large, damaged, or holding anything but tensors.
    """
    limits = limits or Limits()
    if not path.is_file():
        raise InvalidModelDirectoryError(f"The weights file {path} does not exist.")
    size = path.stat().st_size
    if size > limits.model_bytes:
        raise InvalidModelDirectoryError(
            f"{path} has {size} bytes, more than the limit model_bytes of {limits.model_bytes}."
        )
    if zipfile.is_zipfile(path) or _is_old_torch(path):
        tensors = _read_torch(path)
    else:
        header_shapes(path, limits)
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            tensors = load_file(path)
        except (SafetensorError, ValueError, OSError) as error:
            raise InvalidModelDirectoryError(f"{path} is damaged: {error}.") from error
    return {_renamed(name): _full_precision(tensor) for name, tensor in tensors.items()}


def header_shapes(path: Path, limits: Limits | None = None) -> dict[str, tuple[int, ...]]:
    """Names and shapes in a safetensors file, from its header alone.

    Raises:
        InvalidModelDirectoryError: Not a safetensors file, or its header is damaged or too long.
    """
    limits = limits or Limits()
    size = path.stat().st_size
    with open(path, "rb") as stream:
        start = stream.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(limits.safetensors_header_bytes, max(0, size - 8)):
            # only now: the length of a safetensors header may begin with the byte of a pickle
            if start[:1] == b"\x80":
                raise InvalidModelDirectoryError(
                    f"{path} is a Python pickle, which can run code: it is not opened.",
                    "Save the weights as safetensors, or with torch.save of a state dict.",
                )
            raise InvalidModelDirectoryError(
                f"{path} is no safetensors file and no torch weights file."
            )
        text = stream.read(length)
    try:
        header = json.loads(text)
        shapes: dict[str, tuple[int, ...]] = {}
        end = 0
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            shapes[name] = tuple(int(side) for side in entry["shape"])
            end = max(end, int(entry["data_offsets"][1]))
    except (
        ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, IndexError,
    ) as error:  # fmt: skip
        raise InvalidModelDirectoryError(f"{path} has a damaged header: {error}.") from error
    if end != size - 8 - length:
        raise InvalidModelDirectoryError(
            f"{path} is cut off or has bytes left over: its header describes {end} bytes, "
            f"{size - 8 - length} follow."
        )
    return shapes


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


def _is_old_torch(path: Path) -> bool:
    with open(path, "rb") as stream:
        return stream.read(len(_OLD_TORCH)) == _OLD_TORCH


def _read_torch(path: Path) -> Tensors:
    import pickle

    try:
        with open(path, "rb") as stream:  # by content: torch goes by the name of a path
            value = torch.load(stream, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError, KeyError) as error:
        raise InvalidModelDirectoryError(
            f"{path} holds something else than tensors, or is damaged: it is not opened.",
            "Save the weights as safetensors, or with torch.save of a state dict.",
        ) from error
    if isinstance(value, dict) and isinstance(value.get("state_dict"), dict):
        value = value["state_dict"]
    if not isinstance(value, dict) or not all(isinstance(t, torch.Tensor) for t in value.values()):
        raise InvalidModelDirectoryError(f"{path} is no state dict: a name for each tensor.")
    return {str(name): tensor for name, tensor in value.items()}


def _renamed(name: str) -> str:
    """Keys of torchvision's first DenseNet files: ``norm.1.weight`` is ``norm1.weight``."""
    match = _OLD_DENSENET_KEY.match(name)
    return match.group(1) + match.group(2) if match else name


def _full_precision(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.float() if tensor.dtype in {torch.float16, torch.bfloat16} else tensor
