"""Pictures that nobody should decode, made byte by byte."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.conftest import picture

MIB = 1024 * 1024


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def encoded(kind: str = "PNG", size: tuple[int, int] = (40, 32), **options: object) -> bytes:
    """A small honest picture."""
    stream = io.BytesIO()
    picture(size, seed=1).save(stream, kind, **options)
    return stream.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG of a size, with next to no pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def webp_header(width: int, height: int) -> bytes:
    """A lossless WebP of a size, with next to no pixels."""
    bits = (width - 1) | ((height - 1) << 14)
    data = b"\x2f" + struct.pack("<I", bits) + bytes(20)
    body = b"WEBPVP8L" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff(entries: list[tuple[int, int, int, int]], following: int = 0) -> bytes:
    """A TIFF of one page: tag, type, count, value."""
    table = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    page = struct.pack("<H", len(entries)) + table + struct.pack("<I", following)
    return b"II*\0" + struct.pack("<I", 8) + page


def tiff_header(width: int, height: int) -> bytes:
    """A TIFF of a size, with next to no pixels."""
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1),
            (262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, height),
            (279, 4, 1, 100)]  # fmt: skip
    return tiff(tags) + bytes(100)


def tiff_of_shared_bytes() -> bytes:
    """A TIFF whose 60,000 tags all claim the same 16 MiB."""
    tags = [(1000 + n, 7, 16 * MIB, 8) for n in range(60_000)]
    size = [(256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
            (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, 8), (279, 4, 1, 64)]  # fmt: skip
    return tiff(size + tags) + bytes(16 * MIB)


def gif_header(width: int, height: int) -> bytes:
    """A GIF of a size, with next to no pixels."""
    frame = struct.pack("<BHHHHB", 0x2C, 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\x00"
    start = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    return start + frame + b";"


def gif_of_frames(count: int) -> bytes:
    """An animation of many tiny frames."""
    whole = encoded("GIF", (8, 8))
    frame = whole[whole.index(b"\x2c\0\0\0\0\x08\0\x08\0") : -1]
    return whole[:-1] + frame * (count - 1) + b";"


def tiff_of_pages(count: int) -> bytes:
    """A TIFF of many tiny pages."""
    body = bytearray(b"II*\0\x08\0\0\0")
    for number in range(count):
        tags = [(256, 4, 1, 1), (257, 4, 1, 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
                (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, 1), (279, 4, 1, 1)]  # fmt: skip
        page = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *t) for t in tags)
        following = len(body) + len(page) + 4 if number + 1 < count else 0
        body += page + struct.pack("<I", following)
    return bytes(body)


def apng_of_frames(count: int) -> bytes:
    """A PNG that says it has many frames."""
    whole = encoded()
    place = whole.index(b"IHDR") + 4 + 13 + 4
    return whole[:place] + chunk(b"acTL", struct.pack(">II", count, 0)) + whole[place:]


def with_much_metadata() -> dict[str, bytes]:
    """Good pictures with 50 MB of what nobody asked for."""
    png = encoded()
    place = png.index(b"IHDR") + 4 + 13 + 4
    html = b"<script>alert(1)</script>"
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 1, html.decode()
    exif.get_ifd(0x8825)[1] = "N"
    zeros = zlib.compress(bytes(50 * MIB), 9)

    def png_with(*chunks: bytes) -> bytes:
        return png[:place] + b"".join(chunks) + png[place:]

    jpeg = encoded("JPEG", exif=exif)
    segment = b"\xff\xe2\xff\xffICC_PROFILE\0\1\1" + bytes(65535 - 16)
    return {
        "text.png": png_with(chunk(b"tEXt", b"Comment\0" + html * (50 * MIB // len(html)))),
        "packed_text.png": png_with(*[chunk(b"zTXt", b"Comment\0\0" + zeros)] * 20),
        "packed_international.png": png_with(chunk(b"iTXt", b"Comment\0\1\0\0\0" + zeros)),
        "profile.png": png_with(chunk(b"iCCP", b"sRGB\0\0" + zeros)),
        "exif.png": png_with(chunk(b"eXIf", b"II*\0\x08\0\0\0" + bytes(50 * MIB))),
        "profile.jpg": jpeg[:2] + segment * 700 + jpeg[2:],
        "place.jpg": jpeg,
    }


def of_other_formats() -> dict[str, bytes]:
    """Files of formats that are not read, whatever their names say."""
    eps = io.BytesIO()
    picture((40, 32), seed=1).save(eps, "EPS")
    card = b"".join(
        text.ljust(80)
        for text in (b"SIMPLE  =                    T", b"BITPIX  =                    8",
                     b"NAXIS   =                    2", b"NAXIS1  =                    8",
                     b"NAXIS2  =                    8", b"END")
    )  # fmt: skip
    psd = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 8, 8, 8, 3) + bytes(12) + bytes(2 + 192)
    return {
        "eps": eps.getvalue(),
        "psd": psd,
        "fits": card.ljust(2880) + bytes(2880),
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>',
        "pdf": b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF",
        "ico": encoded("ICO", (16, 16)),
        "icns": b"icns" + struct.pack(">I", 16) + b"ic07" + struct.pack(">I", 8),
        "sgi": encoded("SGI"),
        "tga": encoded("TGA"),
        "html": b"<!doctype html><script>alert(1)</script>",
    }


def seeds() -> dict[str, bytes]:
    """Honest pictures of every format that is read, to be mutated."""
    grey = np.arange(32 * 40, dtype=np.uint16).reshape(32, 40) * 40
    sixteen = io.BytesIO()
    Image.fromarray(grey).save(sixteen, "PNG")
    cmyk = io.BytesIO()
    picture((40, 32), 1).convert("CMYK").save(cmyk, "JPEG")
    frames = io.BytesIO()
    first, *more = (picture((40, 32), n).quantize(16) for n in range(4))
    first.save(frames, "GIF", save_all=True, append_images=more)
    palette = io.BytesIO()
    first.save(palette, "PNG")
    webp = io.BytesIO()
    rgb, *others = (picture((40, 32), n) for n in range(3))
    rgb.save(webp, "WEBP", save_all=True, append_images=others)
    return {
        "jpg": encoded("JPEG"), "progressive.jpg": encoded("JPEG", progressive=True),
        "cmyk.jpg": cmyk.getvalue(), "png": encoded("PNG"), "sixteen.png": sixteen.getvalue(),
        "palette.png": palette.getvalue(), "bmp": encoded("BMP"), "gif": frames.getvalue(),
        "tif": encoded("TIFF"), "lzw.tif": encoded("TIFF", compression="tiff_lzw"),
        "deflate.tif": encoded("TIFF", compression="tiff_adobe_deflate"),
        "jpeg.tif": encoded("TIFF", compression="jpeg"), "lossy.webp": encoded("WEBP"),
        "lossless.webp": encoded("WEBP", lossless=True), "webp": webp.getvalue(),
        "ppm": encoded("PPM"),
    }  # fmt: skip


def mutated(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Pictures with bits turned, bytes replaced, doubled or left out, or cut off.

    A fifth of the changes are in the first 64 bytes, where sizes and counts are.
    """
    draws = np.random.default_rng(seed)
    kinds = list(seeds().items())
    for number in range(count):
        name, whole = kinds[number % len(kinds)]
        data = bytearray(whole)
        for _ in range(int(draws.integers(1, 4))):
            reach = min(64, len(data)) if draws.random() < 0.2 else len(data)
            at = int(draws.integers(0, max(1, reach)))
            match int(draws.integers(0, 6)):
                case 0:
                    data[at : at + 1] = bytes([data[at] ^ (1 << int(draws.integers(0, 8)))])
                case 1:
                    data[at : at + 1] = bytes([int(draws.choice([0, 1, 0x7F, 0x80, 0xFF]))])
                case 2:
                    data[at : at + 4] = b"\xff\xff\xff\xff" if draws.random() < 0.5 else b"\0" * 4
                case 3:
                    del data[at : at + int(draws.integers(1, 16))]
                case 4:
                    data[at:at] = data[at : at + int(draws.integers(1, 64))]
                case _ if draws.random() < 0.3:
                    del data[max(4, at) :]
                case _:
                    data[at : at + 2] = data[at : at + 2][::-1]
            if not data:
                data = bytearray(whole[:4])
        yield f"{number:05d}.{name}", bytes(data)
