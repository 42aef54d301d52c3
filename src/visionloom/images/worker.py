"""The isolated process that decodes every picture once, so that a stranger's file hurts nobody.

Run as ``python -m visionloom.images.worker``. A request on standard input is one JSON line
{"path": ...} or {"bytes": n} followed by n bytes; the answer on standard output is one JSON line.
It loads no tensor library and limits its own memory.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from visionloom.settings import Limits


@dataclass(frozen=True)
class Finding:
    """What a full decode (or a look at the header) found.

    Attributes:
        reason: Why the picture is not usable; empty when it is.
        width, height, frames, format: See `visionloom.images.decode.Header`.
        bytes, digest, pixel_digest: See `visionloom.images.directory.ImageRecord`.
        peak: Largest value of a picture with more than 8 bits as a share of its type's range;
            None for others.
    """

    reason: str = ""
    width: int = 0
    height: int = 0
    frames: int = 1
    format: str = ""
    bytes: int = 0
    digest: str = ""
    pixel_digest: str = ""
    peak: float | None = None


class Worker:
    """One isolated process, restarted when a picture brings it down. A context manager.

    Args:
        intensity: Rule for values of more than 8 bits.
        full: Whether pictures are decoded in full; else only headers are read.
        limits: Time and memory one picture may take.
    """

    def __init__(self, intensity: str, *, full: bool, limits: Limits) -> None:
        depth = "full" if full else "headers"
        self._arguments = [intensity, depth, str(limits.decode_memory_bytes)]
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def examine(self, path: Path | None, data: bytes | None = None) -> Finding:
        """Examine one picture, given by its path or by its bytes."""
        process = self._running()
        if data is None:
            request = json.dumps({"path": str(path)}).encode() + b"\n"
        else:
            request = json.dumps({"bytes": len(data)}).encode() + b"\n" + data
        timed_out = threading.Event()

        def give_up() -> None:
            timed_out.set()
            process.kill()

        timer = threading.Timer(self._limits.decode_seconds, give_up)
        timer.start()
        answer = b""
        try:
            with contextlib.suppress(BrokenPipeError, OSError):
                _pipe(process.stdin).write(request)
                _pipe(process.stdin).flush()
                answer = _pipe(process.stdout).readline()
        finally:
            timer.cancel()
        if answer.endswith(b"\n"):
            return Finding(**json.loads(answer))
        self.close()
        if timed_out.is_set():
            seconds = self._limits.decode_seconds
            return Finding(f"decoding took longer than the limit decode_seconds of {seconds:g}")
        return Finding("decoding it brought the decoder down")

    def kill(self) -> None:
        """End what is under way; from any thread, `close` must follow."""
        process = self._process
        if process is not None:
            with contextlib.suppress(OSError):
                process.kill()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._process = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                # -P: what lies in the working folder is not imported
                [sys.executable, "-P", "-m", "visionloom.images.worker", *self._arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self._process


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("the worker has no pipe")
    return stream


def serve(requests: IO[bytes], answers: IO[bytes], intensity: str, *, full: bool) -> None:
    """Answer requests until the input ends."""
    while line := requests.readline():
        header = json.loads(line)
        data = requests.read(header["bytes"]) if "bytes" in header else None
        finding = _examine(header.get("path"), data, intensity, full=full)
        answers.write(json.dumps(finding).encode() + b"\n")
        answers.flush()


def _examine(path: str | None, data: bytes | None, intensity: str, *, full: bool) -> dict[str, Any]:
    from visionloom.artifacts.digest import sha256_of_bytes
    from visionloom.images.decode import UnreadableImage, decode, inspect, peak

    limits = Limits()
    try:
        if data is None:
            if Path(str(path)).stat().st_size > limits.image_bytes:
                return {"reason": f"larger than the limit image_bytes of {limits.image_bytes}"}
            data = Path(str(path)).read_bytes()
        header = inspect(data)
        finding: dict[str, Any] = {
            "width": header.width,
            "height": header.height,
            "frames": header.frames,
            "format": header.format,
            "bytes": len(data),
            "digest": sha256_of_bytes(data),
        }
        if header.sixteen_bit:
            finding["peak"] = peak(data)
        if full:
            pixels = decode(data, intensity=intensity)
            size = f"{pixels.shape[1]}x{pixels.shape[0]}:".encode()
            finding["pixel_digest"] = sha256_of_bytes(size + pixels.tobytes())
        return finding
    except UnreadableImage as error:
        return {"reason": str(error)}
    except OSError as error:
        return {"reason": f"it cannot be read ({error.strerror or error})"}
    except MemoryError:
        return {"reason": "it needs more memory than decode_memory_bytes allows"}


def _limit_memory(extra: int) -> None:
    try:
        import resource
    except ImportError:
        return
    import psutil

    allowed = psutil.Process().memory_info().vms + extra
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    from visionloom.images import decode as _warm  # noqa: F401 - loaded before memory is limited

    _limit_memory(int(sys.argv[3]))
    serve(sys.stdin.buffer, sys.stdout.buffer, sys.argv[1], full=sys.argv[2] == "full")
