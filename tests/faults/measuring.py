"""What a process costs: its peak of memory and the time of one answer (Linux)."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

from visionloom.images.worker import Finding, Worker


@dataclass(frozen=True)
class Cost:
    """What one picture cost in the isolated process.

    Attributes:
        finding: Its answer.
        seconds, worked: Until the answer came; of the processor, whatever else is running.
        grown: Bytes beyond what it had.
    """

    finding: Finding
    seconds: float
    worked: float
    grown: int


def memory(pid: int, line: str) -> int:
    """``VmRSS`` (now) or ``VmHWM`` (peak) of a process, bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    match = re.search(rf"{line}:\s+(\d+) kB", status)
    return int(match[1]) * 1024 if match else 0


def busy(pid: int) -> float:
    """Seconds of the processor that a process has had."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def examine(worker: Worker, data: bytes) -> Cost:
    """Examine a picture and measure."""
    if worker.pid is None:
        worker.examine(b"GIF")  # starts it
    pid = worker.pid or 0
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # forget the peak
    before = memory(pid, "VmRSS")
    begun, worked = time.perf_counter(), busy(pid)
    finding = worker.examine(data)
    seconds = time.perf_counter() - begun
    # of a process that was lost nothing can be asked any more
    worked = busy(pid) - worked if worker.pid == pid else seconds
    grown = memory(pid, "VmHWM") - before if worker.pid == pid else 0
    return Cost(finding, seconds, worked, grown)
