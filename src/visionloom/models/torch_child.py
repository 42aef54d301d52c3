"""The isolated process that reads a torch file: standard input in, safetensors out.

Run as ``python -P -m visionloom.models.torch_child LIMITS``; how it ends is in
`visionloom.models.torch_files`. Everything it needs is imported, and tried once, before it shuts
itself in.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import BinaryIO

import torch
from safetensors.torch import save

from visionloom.limits import Limits, limits_from_json
from visionloom.models.confinement import confine
from visionloom.models.torch_files import NO_MEMORY, NO_STATE_DICT, NOT_TENSORS


def read_tensors_of(stream: BinaryIO) -> object:
    """What a torch file holds, weights-only; whatever is raised is the end."""
    return torch.load(stream, map_location="cpu", weights_only=True)


def state_dict(value: object, most_bytes: int) -> dict[str, torch.Tensor] | None:
    """The tensors by name, each with memory of its own; None when it is no state dict."""
    if isinstance(value, dict) and isinstance(value.get("state_dict"), dict):
        value = value["state_dict"]
    if not isinstance(value, dict) or not all(_is_plain(t) for t in value.values()):
        return None
    # a tensor may claim a shape far larger than what is stored
    if sum(t.numel() * t.element_size() for t in value.values()) > most_bytes:
        raise MemoryError
    return {str(name): t.detach().contiguous().clone() for name, t in value.items()}


def _is_plain(value: object) -> bool:
    return type(value) in {torch.Tensor, torch.nn.Parameter} and value.layout == torch.strided  # type: ignore[attr-defined]


def _rehearse() -> None:
    for in_zip in (True, False):
        stream = io.BytesIO()
        torch.save({"a": torch.ones(2)}, stream, _use_new_zipfile_serialization=in_zip)
        stream.seek(0)
        save(state_dict(read_tensors_of(stream), 1000) or {})


def _limit_resources(limits: Limits, size: int) -> None:
    try:
        import resource
    except ImportError:
        return
    import psutil

    memory = psutil.Process().memory_info().vms + 2 * size + limits.import_memory_bytes
    seconds = int(limits.import_seconds) + 1
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, limits.model_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def main() -> int:
    """Read standard input, write standard output."""
    limits = limits_from_json(sys.argv[1])
    stream = os.fdopen(0, "rb")
    result = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    torch.set_num_threads(1)
    _rehearse()
    size = os.fstat(0).st_size
    _limit_resources(limits, size)
    confine()
    try:
        tensors = state_dict(read_tensors_of(stream), min(2 * size, limits.model_bytes))
        if tensors is None:
            return NO_STATE_DICT
        result.write(save(tensors))
        result.flush()
    except MemoryError:
        return NO_MEMORY
    except BaseException:  # noqa: BLE001 - a stranger's file may raise anything; nothing is told
        return NOT_TENSORS
    return 0


if __name__ == "__main__":
    _status = main()
    # not by way of whatever the file may have left to be done at the end
    os._exit(_status)
