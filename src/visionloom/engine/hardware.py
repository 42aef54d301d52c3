"""What this machine would compute on, known without loading torch: asked once, then remembered.

Asking loads torch in a process of its own (two seconds); the answer holds while everything it
depends on is as it was: torch, Python, processor, driver, and the variables that choose devices and
threads.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visionloom import errors
from visionloom.artifacts.atomic import write_file
from visionloom.artifacts.digest import sha256_of_json
from visionloom.errors import MachineError, VisionloomError

_VARIABLES = ("OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES")
_DECODERS = ("pillow", "simplejpeg")
_SECONDS = 300


@dataclass(frozen=True)
class HardwareAnswer:
    """What was chosen.

    Attributes:
        hardware: `visionloom.models.device.Hardware.to_json`.
        line: The choice in one line.
        warnings: What the user should see.
    """

    hardware: Mapping[str, Any]
    line: str
    warnings: tuple[str, ...]

    def bits(self) -> dict[str, str | int | bool]:
        """What of it changes bits: part of a step's key where the component computes."""
        versions = {f"{name} version": _version(name) for name in _DECODERS}
        return {
            "device": str(self.hardware["device"]).partition(":")[0],
            "precision": str(self.hardware["precision"]),
            "channels_last": bool(self.hardware["channels_last"]),
            "threads": int(self.hardware["threads"]),
            "torch version": _minor(_version("torch")),
            **versions,
        }


def ask_hardware(cache: Path, device: str = "auto", precision: str = "auto") -> HardwareAnswer:
    """What would be computed on; from memory when nothing it depends on changed.

    Args:
        cache: Folder to remember the answer in.
        device, precision: See `visionloom.models.device.choose_hardware`.

    Raises:
        DeviceNotAvailableError, UsageError: see `choose_hardware`.
        MachineError: Torch cannot be loaded.
    """
    path = cache / "hardware" / f"{_question(device, precision)[:24]}.json"
    try:
        return _answer(json.loads(path.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        answer = _ask(device, precision)
        # where it cannot be remembered it is asked again
        with contextlib.suppress(VisionloomError):
            write_file(path, json.dumps(answer, indent=1).encode())
        return _answer(answer)


def _answer(value: Mapping[str, Any]) -> HardwareAnswer:
    return HardwareAnswer(dict(value["hardware"]), str(value["line"]), tuple(value["warnings"]))


def _question(device: str, precision: str) -> str:
    affinity = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
    return sha256_of_json(
        {
            "device": device,
            "precision": precision,
            "torch": _version("torch"),
            "python": platform.python_version(),
            "machine": [platform.node(), platform.machine(), platform.release()],
            "processor": _start_of("/proc/cpuinfo"),
            "driver": _start_of("/proc/driver/nvidia/version"),
            "processors": affinity or os.cpu_count(),
            "variables": {name: os.environ.get(name) for name in _VARIABLES},
        }
    )


def _ask(device: str, precision: str) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "visionloom.models.probe", device, precision],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise MachineError(
            f"PyTorch did not load within {_SECONDS} seconds.", "Try again."
        ) from None
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise MachineError(f"PyTorch could not be loaded: {last[0]}") from None
    if "error" in answer:
        kind: type[VisionloomError] = getattr(errors, answer["error"], MachineError)
        raise kind(answer["message"], answer["remedy"])
    return answer


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _start_of(path: str) -> str:
    """The part of a system file that names the hardware, without clock speeds that vary."""
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")[:20_000]
    except OSError:
        return ""
    kept = ("model name", "flags", "Features", "NVRM", "vendor_id", "CPU part")
    return "\n".join(dict.fromkeys(line for line in text.splitlines() if line.startswith(kept)))
