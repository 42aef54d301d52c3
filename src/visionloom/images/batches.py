"""Preprocessed pictures in batches: decoded by threads, delivered in order.

Threads, prefetching and the cache change how fast a batch comes, never what is in it: each picture
depends on its record, the transformation and a generator keyed by its slot alone.
"""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import psutil

from visionloom.images.apply import apply
from visionloom.images.directory import ImageRecord, PixelSource
from visionloom.images.transforms import Transformation

Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]
_PREFETCHED_BATCHES = 3
_SHARE_OF_FREE_MEMORY = 0.25


@dataclass(frozen=True)
class Batch:
    """Some pictures of one size.

    Attributes:
        pixels: uint8 (B, H, W, 3), RGB.
        indices: Positions in the list of records, int64 (B,).
        waited: Seconds the caller waited for it.
    """

    pixels: np.ndarray[tuple[int, int, int, int], np.dtype[np.uint8]]
    indices: np.ndarray[tuple[int], np.dtype[np.int64]]
    waited: float


class DecodedCache:
    """Decoded pictures before any random transformation, up to a number of bytes.

    Safe to share between threads. What does not fit is decoded again each time.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._held = 0
        self._pictures: dict[object, Pixels] = {}
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        """Bytes of the pictures it holds."""
        return self._held

    def get(self, key: object) -> Pixels | None:
        """The picture kept under ``key``, or None; read-only."""
        return self._pictures.get(key)

    def put(self, key: object, pixels: Pixels) -> None:
        """Keep a picture if the budget allows."""
        with self._lock:
            if key in self._pictures or self._held + pixels.nbytes > self._budget:
                return
            pixels.flags.writeable = False
            self._pictures[key] = pixels
            self._held += pixels.nbytes


def cache_budget() -> int:
    """Bytes a cache may take: a quarter of the memory that is free now."""
    return int(psutil.virtual_memory().available * _SHARE_OF_FREE_MEMORY)


def decode_threads(requested: int | None = None) -> int:
    """Threads that decode: as asked, else the cores this process may use, at most 8."""
    if requested is not None:
        return requested
    process = psutil.Process()
    affinity = getattr(process, "cpu_affinity", None)
    cores = len(affinity()) if affinity is not None else (psutil.cpu_count() or 1)
    return max(1, min(8, cores))


def picture(
    source: PixelSource,
    record: ImageRecord,
    transformation: Transformation,
    generator: np.random.Generator | None,
    cache: DecodedCache | None = None,
) -> Pixels:
    """One preprocessed picture, uint8 (H, W, 3): the one path of training, scoring and serving.

    Args:
        source: Where the bytes are.
        record: Which picture.
        transformation: What is done to it.
        generator: Random numbers of a random transformation; None for a deterministic one.
        cache: Keeps what is the same each time: the decoded picture before a random
            transformation, the finished one otherwise.

    Raises:
        InvalidDatasetError: The picture vanished or changed after conversion.
    """
    scale = transformation.decode_scale(record.width, record.height)
    finished = generator is None
    key = (record.digest, record.file, transformation.digest() if finished else scale)
    kept = cache.get(key) if cache is not None else None
    if kept is not None and finished:
        return kept
    decoded = kept if kept is not None else source.decode(record, scale)
    if cache is not None and kept is None and not finished:
        cache.put(key, decoded)
    pixels = apply(decoded, transformation, generator, full_size=(record.width, record.height))
    if cache is not None and finished:
        cache.put(key, pixels)
    return pixels


class BatchReader:
    """Delivers batches of one list of pictures, epoch after epoch.

    Args:
        source: Where the bytes are; used from several threads.
        records: The pictures.
        transformation: Applied to each; every result must have the same size.
        threads: Decode threads, at least 1.
        cache: Shared between epochs; None decodes every time.
    """

    def __init__(
        self,
        source: PixelSource,
        records: Sequence[ImageRecord],
        transformation: Transformation,
        *,
        threads: int,
        cache: DecodedCache | None = None,
    ) -> None:
        self._source = source
        self._records = records
        self._transformation = transformation
        self._threads = threads
        self._cache = cache

    def read(
        self,
        order: Sequence[int],
        slices: Sequence[tuple[int, int]],
        generator_of: Callable[[int], np.random.Generator] | None = None,
    ) -> Iterator[Batch]:
        """Yield one batch per slice of ``order``.

        Args:
            order: Positions in the list of records.
            slices: (start, stop) in ``order``, one per batch.
            generator_of: Slot in ``order`` -> random numbers; None for inference.
        """
        with ThreadPoolExecutor(self._threads, "decode") as pool:
            pending: collections.deque[tuple[tuple[int, int], list[Future[Pixels]]]]
            pending = collections.deque()
            coming = iter(slices)

            def submit() -> None:
                span = next(coming, None)
                if span is None:
                    return
                tasks = [pool.submit(self._one, order[s], s, generator_of) for s in range(*span)]
                pending.append((span, tasks))

            try:
                for _ in range(_PREFETCHED_BATCHES):
                    submit()
                while pending:
                    (start, stop), tasks = pending.popleft()
                    begun = time.perf_counter()
                    pictures = [task.result() for task in tasks]
                    pixels = np.stack(pictures)
                    waited = time.perf_counter() - begun
                    submit()
                    yield Batch(pixels, np.asarray(order[start:stop], dtype=np.int64), waited)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _one(
        self, index: int, slot: int, generator_of: Callable[[int], np.random.Generator] | None
    ) -> Pixels:
        generator = generator_of(slot) if generator_of is not None else None
        return picture(
            self._source, self._records[index], self._transformation, generator, self._cache
        )


def equal_slices(count: int, size: int) -> list[tuple[int, int]]:
    """Consecutive (start, stop) of at most ``size`` covering ``range(count)``."""
    return [(start, min(start + size, count)) for start in range(0, count, size)]
