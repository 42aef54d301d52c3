"""The isolated process that decodes every picture once, so that a stranger's file hurts nobody.

Run as ``python -m visionloom.images.worker``. A request on standard input is one JSON line
{"root": ..., "file": ...} or {"bytes": n} followed by n bytes; the answer on standard output is one
JSON line. It loads no tensor library, limits its own memory and can write no file.
"""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any

from visionloom.images.below import OutsideError, read_below
from visionloom.limits import limits_from_json
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
        sketch: See `visionloom.images.sketches.sketch`, in base 64; empty when not asked for.
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
    sketch: str = ""


class Worker:
    """One isolated process, restarted when a picture brings it down. A context manager.

    Args:
        intensity: Rule for values of more than 8 bits.
        full: Whether pictures are decoded in full; else only headers are read.
        limits: Time and memory one picture may take.
        sketched: Whether decoded pictures are sketched too.
    """

    def __init__(
        self, intensity: str, *, full: bool, limits: Limits, sketched: bool = False
    ) -> None:
        depth = ("sketched" if sketched else "full") if full else "headers"
        self._arguments = [intensity, depth, limits.to_json()]
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Number of the process, or None while there is none."""
        return None if self._process is None else self._process.pid

    def examine(self, data: bytes) -> Finding:
        """Examine one picture, given by its bytes."""
        return self._ask(json.dumps({"bytes": len(data)}).encode() + b"\n" + data)

    def examine_file(self, root: str, name: str) -> Finding:
        """Examine one picture below a folder; see `visionloom.images.below.read_below`."""
        return self._ask(json.dumps({"root": root, "file": name}).encode() + b"\n")

    def _ask(self, request: bytes) -> Finding:
        process = self._running()
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
            return Finding(f"decoding took longer than {self._limits.named('decode_seconds')}")
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


def serve(
    requests: IO[bytes], answers: IO[bytes], intensity: str, depth: str, limits: Limits
) -> None:
    """Answer requests until the input ends.

    Args:
        requests, answers: See the top of this file.
        intensity: Rule for values of more than 8 bits.
        depth: ``headers``, ``full`` or ``sketched``.
        limits: What a picture may be.
    """
    while line := requests.readline():
        header = json.loads(line)
        data = requests.read(header["bytes"]) if "bytes" in header else None
        if data is None:
            finding = _examine_file(header["root"], header["file"], intensity, depth, limits)
        else:
            finding = _examine(data, intensity, depth, limits)
        answers.write(json.dumps(finding).encode() + b"\n")
        answers.flush()


def _examine_file(
    root: str, name: str, intensity: str, depth: str, limits: Limits
) -> dict[str, Any]:
    try:
        data = read_below(root, name, limits.image_bytes + 1)
    except OutsideError as error:
        return {"reason": str(error)}
    except OSError as error:
        return {"reason": f"it cannot be read ({error.strerror or error})"}
    return _examine(data, intensity, depth, limits)


def _examine(data: bytes, intensity: str, depth: str, limits: Limits) -> dict[str, Any]:
    from visionloom.artifacts.digest import sha256_of_bytes
    from visionloom.images.decode import UnreadableImage, decode, inspect, peak
    from visionloom.images.sketches import sketch

    try:
        header = inspect(data, limits)
        finding: dict[str, Any] = {
            "width": header.width,
            "height": header.height,
            "frames": header.frames,
            "format": header.format,
            "bytes": len(data),
            "digest": sha256_of_bytes(data),
        }
        if header.sixteen_bit:
            finding["peak"] = peak(data, limits)
        if depth != "headers":
            pixels = decode(data, intensity=intensity, limits=limits)
            size = f"{pixels.shape[1]}x{pixels.shape[0]}:".encode()
            finding["pixel_digest"] = sha256_of_bytes(size + pixels.tobytes())
            if depth == "sketched":
                finding["sketch"] = base64.b64encode(sketch(pixels)).decode("ascii")
        return finding
    except UnreadableImage as error:
        return {"reason": str(error)}
    except MemoryError:
        return {"reason": f"it needs more memory than {limits.named('decode_memory_bytes')} allows"}
    except Exception as error:  # noqa: BLE001 - whatever a decoder raises, the picture is named
        return {"reason": f"decoding it failed ({type(error).__name__})"}


def _limit_resources(memory: int) -> None:
    try:
        import resource
    except ImportError:
        return
    import psutil

    allowed = psutil.Process().memory_info().vms + memory
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
    for what in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (0, 0))


if __name__ == "__main__":
    from visionloom.images import sketches as _warm  # noqa: F401 - loaded before memory is limited

    _limits = limits_from_json(sys.argv[3])
    _limit_resources(_limits.decode_memory_bytes)
    serve(sys.stdin.buffer, sys.stdout.buffer, sys.argv[1], sys.argv[2], _limits)
