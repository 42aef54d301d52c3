"""What a picture says about itself: left out before a decoder sees it, or counted up to a limit.

Only the orientation is used. Text and colour profiles may be large when they are unpacked, and an
index of pages long when it is followed; neither is read further than it is needed.
"""

from __future__ import annotations

import struct

_PNG = b"\x89PNG\r\n\x1a\n"
# compressed text and profiles; plain text may hold the orientation (XMP)
_PNG_PACKED = frozenset({b"zTXt", b"iCCP"})
_PNG_PLAIN = frozenset({b"tEXt", b"iTXt", b"eXIf"})
_APP2, _SCAN = 0xE2, 0xDA
_XMP = b"XML:com.adobe.xmp\0\0"
_TIFF_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
               16: 8, 17: 8, 18: 8}  # fmt: skip


def without_metadata(data: bytes, most: int) -> bytes:
    """The file without what a decoder would unpack and nobody looks at; the same bytes mostly.

    Args:
        data: A file of any kind.
        most: Longest text or EXIF that stays, bytes.

    Raises:
        ValueError: The tags of a TIFF claim more bytes than the file has.
    """
    if data.startswith(_PNG):
        return _png_without(data, most)
    if data.startswith(b"\xff\xd8"):
        return _jpeg_without(data)
    if data[:4] in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}:
        _check_tiff(data)
    return data


def _png_without(data: bytes, most: int) -> bytes:
    kept: list[bytes] = []
    start = place = len(_PNG)
    kept.append(data[:start])
    while place + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        end = place + 12 + length
        if end > len(data):
            break
        if _is_left_out(kind, data[place + 8 : place + 8 + 64], length, most):
            kept.append(data[start:place])
            start = end
        place = end
    return data if len(kept) == 1 else b"".join([*kept, data[start:]])


def _jpeg_without(data: bytes) -> bytes:
    """Without colour profiles: a damaged one keeps a strict decoder from the pixels."""
    kept: list[bytes] = []
    start = place = 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != _SCAN:
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        if data[place + 1] == _APP2 and data[place + 4 : place + 16] == b"ICC_PROFILE\0":
            kept.append(data[start:place])
            start = end
        place = end
    return b"".join([data[:2], *kept, data[start:]]) if kept else data


def _is_left_out(kind: bytes, begins: bytes, length: int, most: int) -> bool:
    if kind in _PNG_PACKED:
        return True
    if kind == b"iTXt" and not begins.startswith(_XMP):
        return True
    return kind in _PNG_PLAIN and length > most


def count_gif_frames(data: bytes, most: int) -> int:
    """Frames of a GIF, no more than ``most`` + 1 of them counted; no pixel is unpacked."""
    place = 13 + _gif_colours(data[10])
    frames = 0
    while place < len(data) and frames <= most:
        mark = data[place]
        if mark == 0x21:
            place = _behind_blocks(data, place + 2)
        elif mark == 0x2C:
            frames += 1
            place = _behind_blocks(data, place + 11 + _gif_colours(data[place + 9]))
        else:
            break
    return frames


def _gif_colours(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _behind_blocks(data: bytes, place: int) -> int:
    while place < len(data) and data[place]:
        place += data[place] + 1
    return place + 1


def count_tiff_pages(data: bytes, most: int) -> int:
    """Pages of a TIFF, no more than ``most`` + 1 of them counted."""
    pages, seen = 0, set[int]()
    order, large, place = _tiff_start(data)
    while place and place not in seen and pages <= most:
        seen.add(place)
        entries = _number(data, place, order + ("Q" if large else "H"))
        pages += 1
        head, each = (8, 20) if large else (2, 12)
        place = _number(data, place + head + each * entries, order + ("Q" if large else "I"))
    return pages


def _check_tiff(data: bytes) -> None:
    """Tags of the first page that share bytes would be read once for each of them."""
    try:
        order, large, place = _tiff_start(data)
        entries = _number(data, place, order + ("Q" if large else "H"))
    except struct.error:
        return
    head, each, form = (8, 20, "HHQ") if large else (2, 12, "HHI")
    claimed = 0
    for number in range(min(entries, 65_536)):
        entry = data[place + head + each * number :][: struct.calcsize(order + form)]
        if len(entry) < struct.calcsize(order + form):
            return
        _, kind, count = struct.unpack(order + form, entry)
        claimed += _TIFF_SIZES.get(kind, 1) * count
        if claimed > max(len(data), 65_536):
            raise ValueError("its tags claim more bytes than the file has")


def _tiff_start(data: bytes) -> tuple[str, bool, int]:
    """Byte order, whether it is a BigTIFF, and where the first page is described."""
    order = "<" if data[:2] == b"II" else ">"
    large = 0x2B in data[2:4]
    return order, large, _number(data, 8 if large else 4, order + ("Q" if large else "I"))


def _number(data: bytes, place: int, form: str) -> int:
    value: int = struct.unpack_from(form, data, place)[0]
    return value
