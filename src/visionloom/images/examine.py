"""Every candidate examined in isolated processes: decoded in full, or its header read."""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from visionloom.errors import RunInterrupted
from visionloom.images.archives import read_member
from visionloom.images.batches import decode_threads
from visionloom.images.origin import PixelOrigin
from visionloom.images.sources import Candidate, Listing
from visionloom.images.worker import Finding, Worker
from visionloom.settings import Limits
from visionloom.spec.context import Context

_SAMPLE = 500


def examine_all(
    candidates: Sequence[Candidate],
    origin: PixelOrigin,
    intensity: str,
    full: bool,
    context: Context,
    *,
    sketched: bool = False,
) -> list[Finding]:
    """What an isolated process finds in each candidate, in order.

    Args:
        candidates: Which files.
        origin: Where they are.
        intensity: Rule for values of more than 8 bits.
        full: Whether pictures are decoded in full; else only headers are read.
        context: Progress, limits, whether to stop.
        sketched: Whether decoded pictures are sketched, to find near duplicates.

    Raises:
        RunInterrupted: Stopped.
    """
    limits = context.settings.limits
    count = min(decode_threads(), max(1, len(candidates) // 50 + 1))
    root = os.path.realpath(origin.path)
    workers: SimpleQueue[Worker] = SimpleQueue()
    everyone = [
        Worker(intensity, full=full, limits=limits, sketched=sketched) for _ in range(count)
    ]
    for worker in everyone:
        workers.put(worker)

    def examine(candidate: Candidate, data: bytes | Finding | None) -> Finding:
        if isinstance(data, Finding):
            return data
        worker = workers.get()
        try:
            if data is None:
                return worker.examine_file(root, candidate.stored)
            return worker.examine(data)
        finally:
            workers.put(worker)

    findings: list[Finding] = []
    try:
        with ThreadPoolExecutor(count) as pool:
            window: list[tuple[Candidate, bytes | Finding | None]] = []
            for item in _with_bytes(candidates, origin, limits):
                window.append(item)
                if len(window) == 64 or len(findings) + len(window) == len(candidates):
                    findings += pool.map(lambda pair: examine(*pair), window)
                    window = []
                    context.progress("reading pictures", len(findings), len(candidates))
                    if context.stop.is_set():
                        raise RunInterrupted("Stopped while reading pictures.")
    finally:
        for worker in everyone:
            worker.close()
    return findings


def _with_bytes(
    candidates: Sequence[Candidate], origin: PixelOrigin, limits: Limits
) -> Iterator[tuple[Candidate, bytes | Finding | None]]:
    """Each candidate with its bytes, or why there are none, from an archive; else with None."""
    if origin.kind == "zip":
        with zipfile.ZipFile(origin.path) as archive:
            for candidate in candidates:
                yield candidate, _read_member(archive, candidate.stored, limits)
    elif origin.kind == "tar":
        with tarfile.open(origin.path, "r:") as bundle:
            for candidate in candidates:
                entry = bundle.extractfile(candidate.stored)
                yield candidate, entry.read(limits.image_bytes + 1) if entry else b""
    else:
        for candidate in candidates:
            yield candidate, None


def _read_member(archive: zipfile.ZipFile, name: str, limits: Limits) -> bytes | Finding:
    try:
        return read_member(archive, name, limits.image_bytes + 1)
    except NotImplementedError:
        return Finding("it is packed in a way that is not read: pack the archive again")
    except Exception as error:  # noqa: BLE001 - every decompressor has errors of its own
        return Finding(f"its data in the archive is damaged ({error})")


def sampled_sides(listing: Listing, context: Context) -> list[int]:
    """Short sides in pixels of up to 500 pictures, evenly spread over the list.

    Only headers are read. Of a set that is divided, the training pictures count.
    """
    training = [c for c in listing.candidates if c.part in {"", "training"}]
    step = max(1, -(-len(training) // _SAMPLE))
    findings = examine_all(training[::step], listing.origin, "type", False, context)
    return [min(f.width, f.height) for f in findings if not f.reason]
