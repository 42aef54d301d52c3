"""Split a list in two: stratified, by group, duplicates kept together, sizes exact.

What must not be separated is one unit: the pictures of a group, pictures with the same pixels, and
near duplicates.
Each class gives its share of units, drawn by the seed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from visionloom.errors import InvalidDatasetError, NotInRangeValueError
from visionloom.images.directory import ImageRecord, Images, class_counts, with_records
from visionloom.images.randomness import generator


@dataclass(frozen=True)
class SplitResult:
    """Both parts, each in the order of the whole, and what the user should be told."""

    first: Images
    second: Images
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Unit:
    """Pictures that stay together; ``label`` is their most frequent one."""

    records: tuple[ImageRecord, ...]
    label: str


def split(images: Images, *, fraction: float, seed: int) -> SplitResult:
    """Split a list.

    Args:
        images: Labelled or not; ids and class list are kept.
        fraction: Share of the first part, above 0 and below 1; 0.29 of 100 is 29.
        seed: Any integer.

    Raises:
        NotInRangeValueError: The fraction is not between 0 and 1.
        InvalidDatasetError: Fewer than two pictures, or all of them belong together.
    """
    if not 0 < fraction < 1:
        raise NotInRangeValueError(
            f"Fraction of images in the first output is {fraction}; it must be above 0 and below 1."
        )
    if len(images.records) < 2:
        raise InvalidDatasetError(
            f"{len(images.records)} images cannot be split in two.", "Leave the split out."
        )
    units = _units(images.records)
    if len(units) < 2:
        raise InvalidDatasetError(
            "All images belong to one group (or are copies of one picture): they cannot be split.",
            "Choose another --group-by, or leave near duplicates apart with --no-near-duplicates.",
        )
    by_class: dict[str, list[_Unit]] = defaultdict(list)
    for unit in units:
        by_class[unit.label].append(unit)
    wanted = _first_size(len(images.records), fraction)
    targets = _targets({k: _count(v) for k, v in by_class.items()}, wanted)
    chosen: set[int] = set()
    for label in sorted(by_class):
        chosen |= _choose(by_class[label], targets[label], seed, label)
    chosen = _not_all_on_one_side(units, chosen, len(images.records))
    first = with_records(images, [r for r in images.records if r.id in chosen])
    second = with_records(images, [r for r in images.records if r.id not in chosen])
    return SplitResult(first, second, tuple(_notes(images, first, second)))


def _first_size(count: int, fraction: float) -> int:
    """Decimal-safe size of the first part, at least 1 and at most ``count`` - 1."""
    exact = Decimal(count) * Decimal(str(fraction))
    return min(max(1, int(exact.to_integral_value(ROUND_HALF_UP))), count - 1)


def _units(records: Sequence[ImageRecord]) -> list[_Unit]:
    """Connected pictures: same group, same pixels (or bytes), near duplicates.

    Near duplicates that would tie different groups to a unit of more than half of all pictures are
    left apart: such a split would be worth less than one with a few copies on both sides.
    """
    plain = _joined(records, frozenset())
    half = len(records) // 2
    if max(map(len, plain)) > half:
        half = len(records)  # a group is as large as that anyway
    joined = _joined(records, frozenset(r.near for r in records if r.near is not None))
    apart = {r.near for found in joined if len(found) > half for r in found}
    if apart:
        joined = _joined(records, frozenset(r.near for r in records if r.near not in apart))
    return [_Unit(tuple(found), _main_label(found)) for found in joined]


def _joined(records: Sequence[ImageRecord], near: frozenset[int | None]) -> list[list[ImageRecord]]:
    """Connected pictures, of near duplicates those of ``near``; in order of their first one."""
    parent = {record.id: record.id for record in records}

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    seen: dict[tuple[str, str | int], int] = {}
    for record in records:
        keys: list[tuple[str, str | int]] = [("pixels", _content(record))]
        if record.group is not None:
            keys.append(("group", record.group))
        if record.near is not None and record.near in near:
            keys.append(("near", record.near))
        for key in keys:
            other = seen.setdefault(key, record.id)
            a, b = sorted((root(other), root(record.id)))
            parent[b] = a
    members: dict[int, list[ImageRecord]] = defaultdict(list)
    for record in records:
        members[root(record.id)].append(record)
    return list(members.values())


def _content(record: ImageRecord) -> str:
    """The same for pictures with the same pixels, or bytes when only headers were read."""
    return record.pixel_digest or record.digest


def _main_label(records: Sequence[ImageRecord]) -> str:
    counts: dict[str, int] = defaultdict(int)
    for record in records:
        counts[record.label or ""] += 1
    return max(sorted(counts), key=lambda label: counts[label])


def _count(units: Sequence[_Unit]) -> int:
    return sum(len(unit.records) for unit in units)


def _targets(counts: dict[str, int], wanted: int) -> dict[str, int]:
    """How many pictures of each class go first: largest remainders, both sides if possible.

    A class with one picture goes to the first part.
    """
    total = sum(counts.values())
    exact = {label: Decimal(counts[label]) * wanted / total for label in counts}
    targets = {label: int(exact[label]) for label in counts}
    order = sorted(counts, key=lambda label: (targets[label] - exact[label], label))
    for label in order[: wanted - sum(targets.values())]:
        targets[label] += 1
    for label, count in counts.items():
        targets[label] = min(max(targets[label], 1), max(1, count - 1))
    return targets


def _choose(units: list[_Unit], target: int, seed: int, label: str) -> set[int]:
    """Ids of the pictures of one class that go first: units in drawn order while they fit.

    A class in one unit, e.g. one group, goes first whole: to where it can be learnt.
    """
    if len(units) == 1:
        return {record.id for record in units[0].records}
    order = generator(seed, 0, 0, f"split/{label}").permutation(len(units))
    chosen: set[int] = set()
    left = target
    for position in order:
        unit = units[int(position)]
        if len(unit.records) <= left:
            chosen.update(record.id for record in unit.records)
            left -= len(unit.records)
    if chosen:
        return chosen
    smallest = min(units, key=lambda u: (len(u.records), u.records[0].id))
    return {record.id for record in smallest.records}


def _not_all_on_one_side(units: Sequence[_Unit], chosen: set[int], total: int) -> set[int]:
    if 0 < len(chosen) < total:
        return chosen
    smallest = min(units, key=lambda u: (len(u.records), u.records[0].id))
    moved = {record.id for record in smallest.records}
    return chosen | moved if not chosen else chosen - moved


def _notes(images: Images, first: Images, second: Images) -> list[str]:
    notes = []
    for name, part in (("first", first), ("second", second)):
        whole, here = class_counts(images), class_counts(part)
        absent = [label for label, n in here.items() if n == 0 and whole[label] > 0]
        if absent:
            notes.append(
                f"The {name} part has no image of {', '.join(absent)}: too few images, or one "
                "group holds them all."
            )
    grouped = any(record.group is not None for record in images.records)
    copies = len(images.records) - len({_content(record) for record in images.records})
    if copies and not grouped:
        notes.append(f"{copies} exact copies of other pictures are kept on the same side.")
    notes += _near_notes(images, first)
    return notes


def _near_notes(images: Images, first: Images) -> list[str]:
    """How many near duplicates were kept together, and how many could not be."""
    sizes = Counter(record.near for record in images.records if record.near is not None)
    here = Counter(record.near for record in first.records if record.near is not None)
    separated = {near for near, count in here.items() if count < sizes[near]}
    kept = {near: size for near, size in sizes.items() if near not in separated and size > 1}
    notes = []
    if kept:
        notes.append(
            f"{sum(kept.values())} near duplicates in {len(kept)} groups are kept on the same side."
        )
    if separated:
        notes.append(
            f"{sum(sizes[near] for near in separated)} near duplicates in {len(separated)} groups "
            "are not kept together: that would tie more than half of the pictures to one side."
        )
    return notes
