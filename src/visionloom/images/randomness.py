"""Stateless randomness: every random number is a function of (seed, epoch, slot, purpose).

Counter-based (Philox 4x64, Salmon et al. 2011), so no order of threads, workers, ranks or restarts
can change a result, and there is no generator state to save.
"""

from __future__ import annotations

import hashlib

import numpy as np

_WORD = 2**64


def generator(seed: int, epoch: int, slot: int, purpose: str) -> np.random.Generator:
    """Random numbers for one use.

    Args:
        seed: Any integer.
        epoch: From 1; 0 where there is no epoch.
        slot: Position within the epoch.
        purpose: What the numbers are for; different purposes are independent.
    """
    low, high = _key(seed, purpose)
    bits = np.random.Philox(key=[low, high], counter=[0, 0, slot % _WORD, epoch % _WORD])
    return np.random.Generator(bits)


def permutation(seed: int, epoch: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The order in which epoch ``epoch`` visits ``count`` items, int64."""
    order = generator(seed, epoch, 0, "order").permutation(count)
    return np.asarray(order, dtype=np.int64)


def seed_for(seed: int, purpose: str, *numbers: int) -> int:
    """A seed in [0, 2^63) for a library that draws for itself, e.g. ``torch.manual_seed``."""
    text = "/".join([str(seed), purpose, *map(str, numbers)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def _key(seed: int, purpose: str) -> tuple[int, int]:
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:16], "big")
