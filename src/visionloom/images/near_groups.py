"""Near duplicates as groups: what must not be on both sides of a split."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from visionloom.images.directory import ImageRecord
from visionloom.images.near_duplicates import near_pairs

_SHARE = 20
_ALWAYS_ALLOWED = 20
_NAMED = 3


@dataclass(frozen=True)
class NearGroups:
    """The near duplicates of a list.

    Attributes:
        records: The pictures of the list, ``near`` filled in.
        notes: What was found, in words.
        warnings: What looked alike but is not used, in words.
    """

    records: tuple[ImageRecord, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def largest_group(count: int) -> int:
    """Pictures a group may hold in a list of ``count``: a twentieth or 20, at most half.

    What looks alike in larger numbers is a kind of picture, e.g. the same frame around each, and
    kept together it would spoil the split.
    """
    return max(2, min(max(_ALWAYS_ALLOWED, count // _SHARE), count // 2))


def with_near_groups(records: Sequence[ImageRecord], sketches: Mapping[str, bytes]) -> NearGroups:
    """Find the near duplicates of a list.

    Neither the order of the list nor the names of its files have a part in which are found.

    Args:
        records: The pictures.
        sketches: ``pixel_digest`` -> see `visionloom.images.sketches.sketch`.
    """
    contents = sorted(sketches)
    pairs = near_pairs([sketches[content] for content in contents])
    members: dict[str, list[ImageRecord]] = defaultdict(list)
    for record in records:
        members[record.pixel_digest].append(record)
    near: dict[int, int] = {}
    groups: list[list[ImageRecord]] = []
    too_large: list[list[ImageRecord]] = []
    for found in connected(len(contents), pairs):
        group = sorted((r for i in found for r in members[contents[i]]), key=lambda r: r.id)
        if len(group) > largest_group(len(records)):
            too_large.append(group)
            continue
        groups.append(group)
        near |= {record.id: group[0].id for record in group}
    changed = tuple(replace(record, near=near.get(record.id)) for record in records)
    return NearGroups(
        changed, tuple(_notes(groups)), tuple(_refusal(group, len(records)) for group in too_large)
    )


def connected(count: int, pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The groups of two or more of ``range(count)`` that pairs connect, each sorted, in order."""
    parent = list(range(count))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for pair in pairs:
        low, high = sorted(map(root, pair))
        parent[high] = low
    groups: dict[int, list[int]] = defaultdict(list)
    for i in range(count):
        groups[root(i)].append(i)
    return [group for group in groups.values() if len(group) > 1]


def _notes(groups: Sequence[Sequence[ImageRecord]]) -> list[str]:
    if not groups:
        return []
    count = sum(len(group) for group in groups)
    ordered = sorted(groups, key=lambda group: (-len(group), group[0].id))
    notes = [
        f"{count} pictures are near duplicates, in {_groups(len(groups))}; a split keeps them "
        f"together. Largest: {_named(ordered[0])}."
    ]
    mixed = [group for group in ordered if len({record.label for record in group}) > 1]
    if mixed:
        notes.append(
            f"{_groups(len(mixed))} of near duplicates {'holds' if len(mixed) == 1 else 'hold'} "
            f"more than one class, e.g. {_with_labels(mixed[0])}: check the labels."
        )
    return notes


def _refusal(group: Sequence[ImageRecord], count: int) -> str:
    return (
        f"{len(group)} of {count} pictures look alike ({_named(group)}): more than near duplicates "
        f"would be (at most {largest_group(count)}), so they are not kept together. If they belong "
        "together, e.g. frames of one film, say so with --group-by."
    )


def _groups(count: int) -> str:
    return f"{count} group{'s' if count > 1 else ''}"


def _named(group: Sequence[ImageRecord]) -> str:
    more = ", ..." if len(group) > _NAMED else ""
    return ", ".join(record.file for record in group[:_NAMED]) + more


def _with_labels(group: Sequence[ImageRecord]) -> str:
    counts = Counter(record.label for record in group)
    firsts = {record.label: record.file for record in reversed(group)}
    return ", ".join(f"{firsts[label]} ({label})" for label in sorted(counts, key=str))
