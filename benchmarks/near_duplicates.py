"""How many near duplicates are found, how many are false, and how long the search takes.

    python benchmarks/near_duplicates.py [PHOTOS]

On the shared photo sets (VISIONLOOM_TEST_DATA, or ../shared/data). 60 variants of flowers are
planted: of those encoded again or resized 95 % are to be found, of those mirrored 90 %, and no more
than 1 % of the pictures may be in false groups. In sign_digits and blood_cells no group may be
larger than 3. 5,000 photos are to be converted in less than 60 s, decoding included.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageOps

from visionloom.images.convert import convert
from visionloom.images.directory import ImageRecord
from visionloom.spec.context import Context, silent

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
DATA = Path(os.environ.get("VISIONLOOM_TEST_DATA") or _SHARED)
Make = Callable[[Image.Image, Path], None]


def again(quality: int) -> Make:
    """Encoded again."""
    return lambda image, path: image.save(path, quality=quality)


def resized(factor: float) -> Make:
    """Resized, then encoded."""

    def make(image: Image.Image, path: Path) -> None:
        size = (round(image.width * factor), round(image.height * factor))
        image.resize(size, Image.Resampling.LANCZOS).save(path, quality=80)

    return make


def mirrored(image: Image.Image, path: Path) -> None:
    """Left and right exchanged."""
    ImageOps.mirror(image).save(path, quality=85)


VARIANTS: dict[str, tuple[Make, ...]] = {
    "encoded again": (again(75), again(50), again(30)),
    "resized": (resized(0.5), resized(0.7), resized(1.5)),
    "mirrored": (mirrored,),
}


def plant(flowers: Path, target: Path) -> dict[str, tuple[str, str]]:
    """Copy the flowers, 20 variants of each kind beside them: variant -> (kind, original)."""
    shutil.copytree(flowers, target)
    originals = sorted(p for p in target.rglob("*.jpg"))
    planted = {}
    chosen = random.Random(0).sample(originals, 60)
    for number, original in enumerate(chosen):
        kind = list(VARIANTS)[number // 20]
        makes = VARIANTS[kind]
        path = original.with_name(f"variant_{number:02d}.jpg")
        with Image.open(original) as image:
            makes[number % len(makes)](image.convert("RGB"), path)
        planted[path.relative_to(target).as_posix()] = (
            kind,
            original.relative_to(target).as_posix(),
        )
    return planted


def near_groups(folder: Path, scratch: Path) -> tuple[list[ImageRecord], list[list[ImageRecord]]]:
    """All pictures of a set, and its groups of near duplicates, over all its parts."""
    context = Context({}, scratch, listener=silent)
    converted = convert(folder, context, near_duplicates=True)
    records: list[ImageRecord] = []
    groups = []
    for part in converted.parts.values():
        found: dict[int, list[ImageRecord]] = defaultdict(list)
        records += part.records
        for record in part.records:
            if record.near is not None:
                found[record.near].append(record)
        groups += list(found.values())
    return records, groups


def measure_flowers(scratch: Path) -> bool:
    """Found and false, on flowers with planted variants."""
    planted = plant(DATA / "flowers17_5", scratch / "flowers")
    clean = {frozenset(r.file for r in g) for g in near_groups(DATA / "flowers17_5", scratch)[1]}
    records, groups = near_groups(scratch / "flowers", scratch)
    together: dict[str, set[str]] = {}
    for group in groups:
        together |= {record.file: {r.file for r in group} for record in group}
    good = True
    for kind, wanted in (("encoded again", 0.95), ("resized", 0.95), ("mirrored", 0.9)):
        of_kind = {v: o for v, (k, o) in planted.items() if k == kind}
        found = sum(original in together.get(v, ()) for v, original in of_kind.items())
        print(f"flowers17_5  {kind:14} {found} of {len(of_kind)} found")
        good &= found >= wanted * len(of_kind)
    # a picture is in a false group when it is with one that is neither its variant nor its copy
    false = 0
    for group in groups:
        origins = {planted.get(r.file, ("", r.file))[1] for r in group}
        twins = any(origins <= known for known in clean)
        false += 0 if len(origins) == 1 or twins else len(group)
    share = f"{false / len(records):.1%}"
    print(f"flowers17_5  {false} of {len(records)} pictures in false groups ({share})")
    print(f"flowers17_5  {len(clean)} groups in the set as it is:")
    for names in sorted(sorted(group) for group in clean):
        print(f"               {', '.join(names)}")
    return good and false <= 0.01 * len(records)


def measure_alike(name: str, scratch: Path) -> bool:
    """Groups in a set of pictures that look alike."""
    records, groups = near_groups(DATA / name, scratch)
    largest = max((len(group) for group in groups), default=0)
    inside = sum(map(len, groups))
    print(
        f"{name:12} {inside} of {len(records)} pictures in {len(groups)} groups, largest {largest}"
    )
    for group in groups:
        print(f"               {', '.join(record.file for record in group)}")
    return largest <= 3


def photos(count: int, target: Path) -> None:
    """Photos of 500 x 375 pixels, each another part of one of the large photos."""
    target.mkdir()
    draws = random.Random(0)
    sources = sorted((DATA / "large_photos").rglob("*.jpg"))
    for number in range(count):
        if number % (-(-count // len(sources))) == 0:
            with Image.open(sources[number * len(sources) // count]) as opened:
                source = opened.convert("RGB")
        width = draws.randint(550, min(1200, source.width))
        height = min(source.height, width * 3 // 4)
        left = draws.randint(0, source.width - width)
        top = draws.randint(0, source.height - height)
        part = source.crop((left, top, left + width, top + height))
        part.resize((500, 375)).save(target / f"{number:05d}.jpg", quality=85)


def measure_time(count: int, scratch: Path) -> bool:
    """Seconds of a conversion with and without the search."""
    photos(count, scratch / "photos")
    seconds = {}
    for search in (False, True):
        start = time.perf_counter()
        context = Context({}, scratch, listener=silent)
        convert(scratch / "photos", context, near_duplicates=search)
        seconds[search] = time.perf_counter() - start
    print(
        f"{count} photos of 500 x 375: conversion {seconds[True]:.1f} s with the search, "
        f"{seconds[False]:.1f} s without"
    )
    return seconds[True] < 60


def main(count: int) -> int:
    """Measure all; the status is 1 when a figure falls short."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        good = [
            measure_flowers(scratch),
            measure_alike("sign_digits", scratch),
            measure_alike("blood_cells", scratch),
            measure_time(count, scratch),
        ]
    print("all as wanted" if all(good) else "something falls short")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000))
