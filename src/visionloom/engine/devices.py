"""Which devices this machine has, known without loading torch."""

from __future__ import annotations

import functools
import importlib.util
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

_DRIVER = Path("/proc/driver/nvidia/gpus")
_SECONDS = 10


@functools.lru_cache(maxsize=1)
def count_gpus() -> int:
    """NVIDIA GPUs that processes of this machine may use; asked once per process."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in {"", "-1", "NoDevFiles"}:
        return 0
    found = _installed()
    if visible is None:
        return found
    return min(found, len([word for word in visible.split(",") if word.strip()]))


def fault_of_device(device: str, gpus: int) -> tuple[str, str]:
    """Why a device cannot be used here, and what to do; two empty texts when it can.

    Args:
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``; another word is no device.
        gpus: Number of GPUs of this machine.
    """
    kind, _, number = device.partition(":")
    if kind == "mps" and not (platform.system() == "Darwin" and platform.machine() == "arm64"):
        return "this machine has no Apple GPU", "Choose cpu, or auto."
    if kind != "cuda":
        return "", ""
    if gpus == 0:
        return "this machine has no NVIDIA GPU that can be used", "Choose cpu, or auto."
    if number and int(number) >= gpus:
        last = f"cuda:0 to cuda:{gpus - 1}" if gpus > 1 else "cuda:0"
        return f"this machine has {gpus} NVIDIA GPU{'s' * (gpus > 1)}", f"Choose {last}."
    if not torch_has_cuda():
        return (
            "the PyTorch that is installed was built without CUDA",
            "Install a build with CUDA (pytorch.org says how), or choose cpu.",
        )
    return "", ""


@functools.lru_cache(maxsize=1)
def torch_has_cuda() -> bool:
    """Whether the installed torch was built with CUDA; True when that cannot be told."""
    spec = importlib.util.find_spec("torch")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        try:
            text = (Path(folder) / "version.py").read_text(encoding="utf-8")
        except OSError:
            continue
        return re.search(r"^cuda[^=\n]*=\s*None\s*$", text, re.MULTILINE) is None
    return True


def _installed() -> int:
    try:
        return len(list(_DRIVER.iterdir()))
    except OSError:
        pass
    tool = shutil.which("nvidia-smi") or shutil.which("nvidia-smi", path="/usr/lib/wsl/lib")
    if tool is None:
        return 0
    try:
        done = subprocess.run(
            [tool, "-L"], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    return sum(line.startswith("GPU ") for line in done.stdout.splitlines())
