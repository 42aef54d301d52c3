"""How fast a data set is digested, the first and the second time, against ``sha256sum``.

    python benchmarks/digest.py [FILES]

Whole processes over the same small files, the best of three each. The first time is to take no more
than twice as long as ``sha256sum``, the second less than 0.3 s.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_DIGEST = """
import sys
from pathlib import Path
from visionloom.artifacts.memo import DigestMemo
DigestMemo(Path(sys.argv[2])).digest(Path(sys.argv[1]))
"""


def fill(folder: Path, count: int) -> int:
    """Files of 2 to 20 kB in ten folders; returns their size."""
    draws = random.Random(0)
    total = 0
    for number in range(count):
        place = folder / f"class {number % 10}"
        place.mkdir(parents=True, exist_ok=True)
        data = draws.randbytes(draws.randint(2_000, 20_000))
        (place / f"{number}.jpg").write_bytes(data)
        total += len(data)
    return total


def best(command: list[str], before: Path | None = None) -> float:
    """Seconds of the fastest of three runs; ``before`` is removed before each."""
    times = []
    for _ in range(3):
        if before is not None:
            shutil.rmtree(before, ignore_errors=True)
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return min(times)


def main(count: int) -> None:
    """Fill, wait until the files are old enough to be remembered, and digest."""
    with tempfile.TemporaryDirectory() as folder:
        source, memo = Path(folder) / "photos", Path(folder) / "memo"
        size = fill(source, count)
        time.sleep(2.5)
        print(f"{count} files, {size / 1e6:.0f} MB")
        listed = f"find '{source}' -type f -print0 | xargs -0 sha256sum"
        theirs = best(["sh", "-c", listed])
        ours = [sys.executable, "-c", _DIGEST, str(source), str(memo)]
        first = best(ours, before=memo)
        again = best(ours)
        print(f"sha256sum    {theirs:.2f} s")
        print(f"first time   {first:.2f} s ({theirs / first:.0%} of its speed)")
        print(f"second time  {again:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
