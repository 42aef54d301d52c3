"""The one place that knows devices: which one, which precision, memory format and threads.

Everything here that changes bits is a function of the hardware or of an explicit parameter, never
of a measurement, so the same machine always gives the same result.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import psutil
import torch

from visionloom.errors import DeviceNotAvailableError, UsageError

PRECISIONS = ("auto", "fp32", "bf16", "fp16")
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4


@dataclass(frozen=True)
class Hardware:
    """What a model runs on.

    Attributes:
        device: ``cpu``, ``cuda:0``, ``mps`` ...
        precision: ``fp32``, ``bf16`` (autocast) or ``fp16`` (autocast with a gradient scaler).
        channels_last: Whether tensors are laid out channels last.
        threads: Torch's threads inside one operation.
        name: What the device is called.
    """

    device: str
    precision: str
    channels_last: bool
    threads: int
    name: str

    @property
    def kind(self) -> str:
        """``cpu``, ``cuda`` or ``mps``."""
        return self.device.partition(":")[0]

    @property
    def memory_format(self) -> torch.memory_format:
        """Torch's name of the layout."""
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def autocast(self) -> torch.autocast:
        """The context a forward pass runs in."""
        enabled = self.precision != "fp32"
        number = torch.float16 if self.precision == "fp16" else torch.bfloat16
        return torch.autocast(self.kind, dtype=number, enabled=enabled)

    def use(self) -> None:
        """Set the process-wide switches: threads, heap, exact kernels."""
        torch.set_num_threads(self.threads)
        keep_heap()
        if self.kind == "cuda":
            torch.backends.cudnn.benchmark = False
            torch.backends.cudnn.deterministic = True

    def describe(self) -> str:
        """One line for the log."""
        layout = "channels last" if self.channels_last else "channels first"
        count = f"{self.threads} thread{'' if self.threads == 1 else 's'}"
        threads = f", {count}" if self.kind == "cpu" else ""
        return f"device {self.device} ({self.name}), precision {self.precision}, {layout}{threads}"

    def to_json(self) -> dict[str, str | bool | int]:
        """As a JSON value; `hardware_from_json` reads it."""
        return asdict(self)


def hardware_from_json(value: Mapping[str, object]) -> Hardware:
    """Read what `Hardware.to_json` wrote."""
    return Hardware(
        device=str(value["device"]),
        precision=str(value["precision"]),
        channels_last=bool(value["channels_last"]),
        threads=int(str(value["threads"])),
        name=str(value["name"]),
    )


def choose_hardware(device: str = "auto", precision: str = "auto") -> tuple[Hardware, list[str]]:
    """Choose what to run on; returns it and the warnings the user should see.

    Args:
        device: ``auto`` (CUDA, else MPS, else CPU), ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.

    Raises:
        DeviceNotAvailableError: The device asked for is not on this machine.
        UsageError: Another word, or a precision the device has not.
    """
    chosen = _device(device)
    kind = chosen.type
    warnings: list[str] = []
    if precision not in PRECISIONS:
        raise UsageError(
            f"Precision is {precision!r}, which is not known.", f"Choose {', '.join(PRECISIONS)}."
        )
    if precision == "auto":
        precision = _fast_precision(kind)
    elif precision == "bf16" and kind == "cpu" and not native_bf16_on_cpu():
        warnings.append(
            "This CPU has no native bf16: it will be many times slower than fp32, which is exact."
        )
    elif precision == "fp16" and kind != "cuda":
        raise UsageError(f"Precision fp16 needs a CUDA device; this is {kind}.", "Use fp32.")
    name = torch.cuda.get_device_name(chosen) if kind == "cuda" else _processor()
    return Hardware(str(chosen), precision, True, torch_threads(), name), warnings


def torch_threads() -> int:
    """Threads for one operation: ``OMP_NUM_THREADS`` if set, else the physical cores we may use."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    physical = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if sys.platform == "linux" else physical
    return max(1, min(physical, allowed))


def native_bf16_on_cpu() -> bool:
    """Whether this CPU computes bf16 in hardware (AVX-512 BF16, AMX or the Arm equivalents)."""
    probe = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    try:
        return bool(probe()) if probe is not None else False
    except (RuntimeError, AttributeError):
        return False


def keep_heap() -> None:
    """Ask glibc to keep freed memory: large tensors then reuse pages (7 to 9 % measured)."""
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_M_MMAP_MAX, 0)
    libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def _device(asked: str) -> torch.device:
    if asked == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda:0")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(asked)
    except RuntimeError:
        raise UsageError(
            f"Device {asked!r} is not known.", "Choose auto, cpu, cuda, cuda:N or mps."
        ) from None
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        index = device.index or 0
        if index >= count:
            raise DeviceNotAvailableError(
                f"Device {asked} was asked for; this machine has {count} CUDA devices.",
                "Use --device cpu, or --device auto to take what is there.",
            )
        return torch.device("cuda", index)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceNotAvailableError(
            "Device mps was asked for; this machine has none.", "Use --device auto."
        )
    if device.type not in {"cpu", "mps"}:
        raise UsageError(f"Device {asked!r} is not supported.", "Choose auto, cpu, cuda or mps.")
    return device


def _fast_precision(kind: str) -> str:
    if kind == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    return "bf16" if kind == "cpu" and native_bf16_on_cpu() else "fp32"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as stream:
            for line in stream:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
