"""Which pictures are near duplicates: a hash proposes pairs, their pixels decide.

Near duplicates are one photo encoded, resized, brightened or mirrored again, and shots of a burst.
Pictures that merely look alike (the same kind of cell, the same hand) must not count, so what is
compared is fine detail, which only copies share: it has to agree in strength (`_DETAIL`) and
nearly everywhere (`_AGREEING`), after the two are laid over each other. Pictures too plain to show
detail are never near duplicates. How the numbers were chosen is in docs/decisions/0012.

All sums are over whole numbers that a double holds exactly, so neither the number of threads nor
the order of the pictures changes what is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from visionloom.images.sketches import COLOURS, GREY_BYTES, SIDE, SKETCH_BYTES

Bytes = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
Array = np.ndarray[tuple[int, ...], np.dtype[Any]]
Words = np.ndarray[tuple[int, int], np.dtype[np.uint64]]
Numbers = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Flags = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
Positions = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

_HASH_DISTANCE = 24
"""Bits of 112 in which the hashes of a pair may differ."""
_BRIGHTNESS = 40
"""Levels of 255 by which the mean brightness may differ."""
_CHROMA = 12
"""Levels by which colour without brightness may differ, on average over 8 x 8 fields."""
_LOOK = 0.6
"""Correlation of 16 x 16 grey from which a pair is worth laying over each other."""
_ROUGH_DETAIL = 0.35
"""Correlation of fine detail from which whole pixels of 64 x 64 are tried."""
_ALIKE = 0.8
"""Correlation of grey where they overlap."""
_DETAIL = 0.72
"""Correlation of fine detail where they overlap."""
_AGREEING = 0.75
"""Share of the tiles with detail in which the detail of both agrees."""
_TILE_AGREES = 0.5
_TILES = 0.25
"""Share of the tiles that must show detail for a picture to be compared at all."""
_SMOOTH = 0.7
"""Correlation of detail with the detail beside it above which a picture is not compared."""
_STRONG = 8
"""Levels at which detail is cut off, so that hard edges, e.g. of a frame, do not outweigh it."""
_VISIBLE = 2
"""Levels of detail, root mean square, from which a tile counts."""

_HALF = SIDE // 2
_TILE = 4
_SHIFTS = 2
_SCALE = 4 * 9  # detail is nine times the sum of four pixels, less the sum of nine such sums
_BLOCK = 1024
_AT_ONCE = 512


def near_pairs(sketches: Sequence[bytes], sides: Sequence[bool] | None = None) -> list[Pair]:
    """The pairs of near duplicates.

    Args:
        sketches: Of each picture, see `visionloom.images.sketches.sketch`; an empty one has none.
            For the same pairs whatever the order of a list, give them in an order of content.
        sides: Of each picture, on which side it is: only pairs across are looked for. None: all.

    Returns:
        Pairs of positions, the smaller first, sorted.
    """
    known = [i for i, s in enumerate(sketches) if len(s) == SKETCH_BYTES]
    if len(known) < 2:
        return []
    grey, colour = _parts([sketches[i] for i in known])
    detailed = np.concatenate(
        [_shows_detail(grey[i : i + _AT_ONCE]) for i in range(0, len(grey), _AT_ONCE)]
    )
    positions = np.array(known, dtype=np.int64)[detailed]
    if len(positions) < 2:
        return []
    across = None if sides is None else np.array([sides[i] for i in positions], dtype=np.bool_)
    looks = _Looks.of(grey[detailed], colour[detailed])
    found: set[Pair] = set()
    for candidates in _candidates(looks, across):
        for start in range(0, len(candidates.first), _AT_ONCE):
            pairs = candidates.part(start, start + _AT_ONCE)
            pairs, shifts = _laid_over(looks, _worth_a_look(looks, pairs))
            near = _are_near(looks.grey[pairs.first], pairs.second_of(looks.grey), shifts)
            one, other = positions[pairs.first[near]], positions[pairs.second[near]]
            found.update(zip(one.tolist(), other.tolist(), strict=True))
    return sorted(found)


Pair = tuple[int, int]


@dataclass(frozen=True)
class _Looks:
    """What pairs are judged by.

    Attributes:
        grey: (n, 64, 64).
        brightness: Mean grey, float64 (n,).
        hashes, mirrored: uint64 (n, 2), of the picture and of its mirror image.
        tint: Colour without brightness, three times as large, int16 (n, 8, 8, 3).
        coarse: 16 x 16 grey less its mean, whole numbers, float64 (n, 16, 16).
        detail: Fine detail, whole numbers from -32 to 32, float32 (n, 32, 32).
        energy: Sum of squares of ``detail`` in the window of each shift, float64 (n, 5, 5).
    """

    grey: Bytes
    brightness: Numbers
    hashes: Words
    mirrored: Words
    tint: np.ndarray[tuple[int, ...], np.dtype[np.int16]]
    coarse: Numbers
    detail: Array
    energy: Numbers

    @staticmethod
    def of(grey: Bytes, colour: Bytes) -> _Looks:
        parts = [grey[i : i + _AT_ONCE] for i in range(0, len(grey), _AT_ONCE)]
        wide = colour.astype(np.int16)
        detail = np.concatenate([_whole_detail(part) for part in parts])
        sums = np.concatenate([_sums(part, 4) for part in parts])
        return _Looks(
            grey=grey,
            brightness=grey.reshape(len(grey), -1).sum(axis=1, dtype=np.int64) / GREY_BYTES,
            hashes=_hashes(grey),
            mirrored=_hashes(grey[:, :, ::-1]),
            tint=3 * wide - wide.sum(axis=3, keepdims=True, dtype=np.int16),
            coarse=256 * sums - sums.sum(axis=(1, 2), keepdims=True),
            detail=detail,
            energy=_energies(detail),
        )


@dataclass(frozen=True)
class _Pairs:
    """Pairs of positions; with ``mirrored`` the second picture is seen in a mirror."""

    first: Positions
    second: Positions
    mirrored: bool

    def part(self, start: int, stop: int) -> _Pairs:
        return _Pairs(self.first[start:stop], self.second[start:stop], self.mirrored)

    def where(self, chosen: Flags) -> _Pairs:
        return _Pairs(self.first[chosen], self.second[chosen], self.mirrored)

    def second_of(self, pictures: Array) -> Array:
        """Of stacked pictures (n, h, w, ...) the second of each pair."""
        taken = pictures[self.second]
        return taken[:, :, ::-1] if self.mirrored else taken


def _parts(sketches: Sequence[bytes]) -> tuple[Bytes, Bytes]:
    """Grey (n, 64, 64) and colour (n, 8, 8, 3)."""
    rows = np.frombuffer(b"".join(sketches), dtype=np.uint8).reshape(len(sketches), -1)
    grey, colour = rows[:, :GREY_BYTES], rows[:, GREY_BYTES:]
    return grey.reshape(-1, SIDE, SIDE), colour.reshape(-1, COLOURS, COLOURS, 3)


def _hashes(grey: Bytes) -> Words:
    """112 bits: whether each of 8 x 8 fields is brighter than the one before and above it."""
    fields = grey.reshape(-1, 8, SIDE // 8, 8, SIDE // 8).sum(axis=(2, 4), dtype=np.int32)
    across = (fields[:, :, 1:] > fields[:, :, :-1]).reshape(len(grey), -1)
    down = (fields[:, 1:] > fields[:, :-1]).reshape(len(grey), -1)
    packed = np.zeros((len(grey), 16), dtype=np.uint8)
    packed[:, :7], packed[:, 8:15] = np.packbits(across, axis=1), np.packbits(down, axis=1)
    return packed.view(np.uint64)


def _whole_detail(grey: Bytes) -> Array:
    """Fine detail, cut off and in whole numbers so small that sums of products are exact."""
    cut = np.clip(_detail(_sums(grey, 2)), -_STRONG * _SCALE, _STRONG * _SCALE)
    return np.rint(cut / (_STRONG * _SCALE / 32)).astype(np.float32)


def _windows(pictures: Array) -> Iterator[tuple[int, int, Array]]:
    """Every shift (down, right) with the window that lies under the first picture's middle."""
    size = _HALF - 2 * _SHIFTS
    for down, right in product(range(-_SHIFTS, _SHIFTS + 1), repeat=2):
        top, left = _SHIFTS - down, _SHIFTS - right
        yield down, right, pictures[:, top : top + size, left : left + size]


def _energies(detail: Array) -> Numbers:
    energy = np.zeros((len(detail), 2 * _SHIFTS + 1, 2 * _SHIFTS + 1))
    for down, right, window in _windows(detail):
        energy[:, down + _SHIFTS, right + _SHIFTS] = _dots(window, window)
    return energy


def _dots(one: Array, other: Array) -> Numbers:
    found: Numbers = np.einsum("nij,nij->n", one, other).astype(np.float64)
    return found


def _candidates(looks: _Looks, across: Flags | None) -> Iterator[_Pairs]:
    """Pairs, smaller position first, whose hashes and brightness are close.

    Sorted by brightness, a picture is compared only with those of about its brightness.
    """
    order = np.argsort(looks.brightness, kind="stable")
    levels, words = looks.brightness[order], looks.hashes[order]
    for start in range(0, len(order), _BLOCK):
        stop = min(start + _BLOCK, len(order))
        last = int(np.searchsorted(levels, levels[stop - 1] + _BRIGHTNESS, side="right"))
        for column in range(start, last, 4 * _BLOCK):
            there = slice(column, min(column + 4 * _BLOCK, last))
            for mirrored, others in ((False, looks.hashes), (True, looks.mirrored)):
                close = _distances(words[start:stop], others[order[there]]) <= _HASH_DISTANCE
                rows, columns = np.nonzero(close)
                rows, columns = rows + start, columns + column
                chosen = (rows < columns) & (levels[columns] - levels[rows] <= _BRIGHTNESS)
                one, other = order[rows[chosen]], order[columns[chosen]]
                if across is not None:
                    chosen = across[one] != across[other]
                    one, other = one[chosen], other[chosen]
                yield _Pairs(np.minimum(one, other), np.maximum(one, other), mirrored)


def _distances(one: Words, other: Words) -> Bytes:
    """Hamming distances, uint8 (rows, columns)."""
    total: Bytes = np.bitwise_count(one[:, None, 0] ^ other[None, :, 0])
    total += np.bitwise_count(one[:, None, 1] ^ other[None, :, 1])
    return total


def _worth_a_look(looks: _Looks, pairs: _Pairs) -> _Pairs:
    """The pairs whose colours and coarse grey are close."""
    tint = np.abs(looks.tint[pairs.first] - pairs.second_of(looks.tint))
    pairs = pairs.where(tint.mean(axis=(1, 2, 3)) <= 3 * _CHROMA)
    one, other = looks.coarse[pairs.first], pairs.second_of(looks.coarse)
    return pairs.where(_cosine(one, other) >= _LOOK)


def _laid_over(looks: _Looks, pairs: _Pairs) -> tuple[_Pairs, Positions]:
    """The pairs whose detail is close when the second is moved, and by how much.

    Returns:
        The pairs, and int64 (n, 2): rows and columns of 32 x 32.
    """
    middle = looks.detail[pairs.first][:, _SHIFTS:-_SHIFTS, _SHIFTS:-_SHIFTS]
    size = looks.energy[pairs.first, _SHIFTS, _SHIFTS]
    energy = looks.energy[pairs.second]
    best = np.zeros(len(size))
    shifts = np.zeros((len(size), 2), dtype=np.int64)
    for down, right, window in _windows(pairs.second_of(looks.detail)):
        under = energy[:, down + _SHIFTS, (-right if pairs.mirrored else right) + _SHIFTS]
        whole = np.sqrt(size * under)
        found = np.divide(_dots(middle, window), whole, out=np.zeros_like(best), where=whole > 0)
        better = found > best
        best[better], shifts[better] = found[better], (down, right)
    chosen = best >= _ROUGH_DETAIL
    return pairs.where(chosen), shifts[chosen]


def _are_near(one: Bytes, other: Bytes, coarse: Positions) -> Flags:
    """Whether pairs of grey pictures (n, 64, 64) agree where they overlap, laid on best.

    Args:
        one, other: The pairs.
        coarse: Roughly by how much the second is to be moved, see `_laid_over`.
    """
    near = np.zeros(len(one), dtype=np.bool_)
    score = np.full(len(one), -1.0)
    for fine in product((0, -1, 1), repeat=2):
        shifts = 2 * coarse + np.array(fine)
        for shift in np.unique(shifts, axis=0):
            here = np.flatnonzero((shifts == shift).all(axis=1))
            strength, agrees = _compared(one[here], other[here], int(shift[0]), int(shift[1]))
            better = strength > score[here]
            score[here[better]], near[here[better]] = strength[better], agrees[better]
    return near


def _overlap(one: Array, other: Array, down: int, right: int) -> tuple[Array, Array]:
    """The parts of two stacks of pictures that lie on each other when the second is moved."""
    rows, columns = one.shape[1] - abs(down), one.shape[2] - abs(right)
    top, left = max(0, down), max(0, right)
    above, before = max(0, -down), max(0, -right)
    return (
        one[:, top : top + rows, left : left + columns],
        other[:, above : above + rows, before : before + columns],
    )


def _compared(one: Bytes, other: Bytes, down: int, right: int) -> tuple[Numbers, Flags]:
    """Correlation of detail (n,), and whether the pair is near, moved by pixels of 64 x 64."""
    a, b = _overlap(one, other, down, right)
    # whole tiles, the middle of what overlaps
    edge = 2 * _TILE
    rows, columns = a.shape[1] // edge * edge, a.shape[2] // edge * edge
    top, left = (a.shape[1] - rows) // 2, (a.shape[2] - columns) // 2
    window = (slice(None), slice(top, top + rows), slice(left, left + columns))
    grey = _sums(a[window], 2), _sums(b[window], 2)
    details = _detail(grey[0]), _detail(grey[1])
    cut = [np.clip(d, -_STRONG * _SCALE, _STRONG * _SCALE) for d in details]
    strength = _cosine(*cut)
    tiles = [_tiles(d) for d in details]
    shown = _visible(tiles[0]) | _visible(tiles[1])
    agreeing = (_cosine(*tiles) >= _TILE_AGREES) & shown
    count = shown.sum(axis=1)
    agrees = (strength >= _DETAIL) & (_correlation(*grey) >= _ALIKE)
    agrees &= (count >= _TILES * shown.shape[1]) & (agreeing.sum(axis=1) >= _AGREEING * count)
    return strength, agrees


def _shows_detail(grey: Bytes) -> Flags:
    """Whether pictures can be told from others: detail in enough places, and not blown up.

    In a picture enlarged from a few pixels, or far out of focus, neighbouring detail is the same.
    """
    detail = _detail(_sums(grey, 2))
    shown = _visible(_tiles(detail))
    beside = (detail[:, :, 1:] * detail[:, :, :-1]).sum(axis=(1, 2))
    below = (detail[:, 1:] * detail[:, :-1]).sum(axis=(1, 2))
    smooth = (beside + below) / 2 > _SMOOTH * (detail * detail).sum(axis=(1, 2))
    enough: Flags = (shown.sum(axis=1) >= _TILES * shown.shape[1]) & ~smooth
    return enough


def _sums(grey: Bytes, step: int) -> Numbers:
    """Sums over squares of ``step`` pixels a side, float64 (n, h / step, w / step)."""
    rows, columns = grey.shape[1] // step, grey.shape[2] // step
    cut = grey[:, : rows * step, : columns * step]
    squares = cut.reshape(len(grey), rows, step, columns, step)
    sums: Numbers = squares.sum(axis=(2, 4), dtype=np.int32).astype(np.float64)
    return sums


def _detail(grey: Numbers) -> Numbers:
    """Nine times each value less the sum of the 3 x 3 around it, edges repeated."""
    wide = np.pad(grey, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:]
    detail: Numbers = 9 * grey - rows[:, :, :-2] - rows[:, :, 1:-1] - rows[:, :, 2:]
    return detail


def _tiles(detail: Numbers) -> Numbers:
    """(n, h, w) -> (n, tiles, 4, 4)."""
    count, rows, columns = detail.shape
    cut = detail.reshape(count, rows // _TILE, _TILE, columns // _TILE, _TILE)
    return cut.transpose(0, 1, 3, 2, 4).reshape(count, -1, _TILE, _TILE)


def _visible(tiles: Numbers) -> Flags:
    shown: Flags = (tiles * tiles).sum(axis=(2, 3)) >= (_VISIBLE * _SCALE) ** 2 * _TILE * _TILE
    return shown


def _cosine(one: Numbers, other: Numbers) -> Numbers:
    """Cosines of pairs of pictures (n, h, w) -> (n,), or of tiles (n, tiles, h, w)."""
    dot = (one * other).sum(axis=(-2, -1))
    size = np.sqrt((one * one).sum(axis=(-2, -1)) * (other * other).sum(axis=(-2, -1)))
    cosines: Numbers = np.divide(dot, size, out=np.zeros_like(dot), where=size > 0)
    return cosines


def _correlation(one: Numbers, other: Numbers) -> Numbers:
    """Pearson's correlation of pairs of pictures (n, h, w); 0 where one is uniform."""
    count = one.shape[1] * one.shape[2]  # times the count, so that all stays whole
    centred = [count * grey - grey.sum(axis=(1, 2), keepdims=True) for grey in (one, other)]
    return _cosine(*centred)
