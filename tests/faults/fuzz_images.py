"""Mutated pictures through the isolated process: what they cost, and that none gets away.

    python -m tests.faults.fuzz_images --files 2000 --seed 1

Prints how many were used and how many named, how often the process had to be started again, and
peak memory and time of the worst mutated file, and of each hostile file that is made by hand.
Ends with 1 when a file cost more than the limits allow, or the answer names no reason.
"""

from __future__ import annotations

import argparse
import collections
import re
import sys
import time

from tests.faults.hostile_images import (
    MIB,
    apng_of_frames,
    gif_header,
    gif_of_frames,
    mutated,
    of_other_formats,
    png_header,
    tiff_header,
    tiff_of_pages,
    tiff_of_shared_bytes,
    webp_header,
    with_much_metadata,
)
from tests.faults.measuring import Cost, examine
from visionloom.images.worker import Worker
from visionloom.limits import Limits


def by_hand() -> dict[str, bytes]:
    """The hostile files of the tests."""
    return {
        "PNG header 60,000 x 60,000": png_header(60_000, 60_000),
        "WebP header 16,383 x 16,383": webp_header(16_383, 16_383),
        "TIFF header 60,000 x 60,000": tiff_header(60_000, 60_000),
        "GIF header 60,000 x 60,000": gif_header(60_000, 60_000),
        "GIF of 10,000 frames": gif_of_frames(10_000),
        "APNG of 10,000 frames": apng_of_frames(10_000),
        "TIFF of 10,000 pages": tiff_of_pages(10_000),
        "TIFF whose tags share 16 MiB": tiff_of_shared_bytes(),
        "PNG header 9,999 x 9,999, 1 kB of pixels": png_header(9_999, 9_999),
        **{f"50 MB in {name}": data for name, data in with_much_metadata().items()},
        **{f"{kind} named .jpg": data for kind, data in of_other_formats().items()},
    }


def line(name: str, cost: Cost) -> str:
    """One row of the table."""
    said = cost.finding.reason or f"used, {cost.finding.width} x {cost.finding.height}"
    return f"{cost.seconds * 1000:9.1f} ms {cost.grown / MIB:8.1f} MiB  {name}: {said}"


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    limits = Limits()
    reasons: collections.Counter[str] = collections.Counter()
    costs: list[tuple[str, Cost]] = []
    started, pid = 0, None
    begun = time.perf_counter()
    with Worker("type", full=True, limits=limits) as worker:
        for name, data in mutated(options.files, options.seed):
            cost = examine(worker, data)
            costs.append((name, cost))
            reasons[re.sub(r"\d+|\(.*\)", "", cost.finding.reason)[:60] or "used"] += 1
            started += worker.pid != pid
            pid = worker.pid
        seconds = time.perf_counter() - begun
        hand = [(name, examine(worker, data)) for name, data in by_hand().items()]
    print(f"{options.files} mutated files, seed {options.seed}, {seconds:.1f} s")
    print(
        f"used {reasons.pop('used', 0)}, named {sum(reasons.values())}, process started {started}"
    )
    for reason, count in reasons.most_common(12):
        print(f"  {count:5d}  {reason}")
    print("slowest:\n" + line(*max(costs, key=lambda c: c[1].seconds)))
    print("largest:\n" + line(*max(costs, key=lambda c: c[1].grown)))
    print("made by hand:")
    for row in hand:
        print(line(*row))
    every = [cost for _, cost in (*costs, *hand)]
    beyond = [c for c in every if c.seconds > limits.decode_seconds + 1]
    beyond += [c for c in every if c.grown > limits.decode_memory_bytes]
    nameless = [c for c in every if not c.finding.reason and not c.finding.pixel_digest]
    return 1 if beyond or nameless else 0


if __name__ == "__main__":
    sys.exit(main())
