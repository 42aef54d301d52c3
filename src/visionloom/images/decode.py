"""Encoded bytes -> upright RGB pixels: the one decoder, and the one place for broken files.

What comes out depends on the bytes, the intensity rule and the scale alone. JPEGs in grey, YCbCr
or RGB go through libjpeg-turbo (simplejpeg), everything else through Pillow with an explicit list
of formats. EXIF orientation is applied, alpha is laid over white, 16-bit values are scaled.
"""

from __future__ import annotations

import io
import math
import re
import struct
import warnings
import zlib
from dataclasses import dataclass

import numpy as np
import PIL
import simplejpeg
from PIL import Image, ImageFile

from visionloom.errors import ParameterRangeError
from visionloom.images.formats import READ_FORMATS
from visionloom.images.metadata import count_gif_frames, count_tiff_pages, without_metadata
from visionloom.limits import Limits, current_limits

Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]

SCALES = (1, 2, 4, 8)
_ORIENTATION = 0x0112
_SIXTEEN_BIT_MODES = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I", "F"})
_FLIPS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UnreadableImage(Exception):  # noqa: N818 - a fact about a file, handled where it is listed
    """A file that is no picture we read; the message is the reason, without the file's name."""


@dataclass(frozen=True)
class Header:
    """What a file says about itself before its pixels are decoded.

    Attributes:
        format: ``JPEG``, ``PNG`` ...
        width, height: Upright, pixels.
        frames: Frames or pages; 1 for a still picture.
        sixteen_bit: Whether values have more than 8 bits.
    """

    format: str
    width: int
    height: int
    frames: int
    sixteen_bit: bool


@dataclass(frozen=True)
class Intensity:
    """How values of more than 8 bits become 8-bit: by the type's range, each image's, or given.

    Attributes:
        rule: ``type``, ``image`` or ``range``.
        low, high: The range for ``range``: ``low`` becomes 0, ``high`` becomes 255.
    """

    rule: str
    low: float = 0.0
    high: float = 0.0


def parse_intensity(text: str) -> Intensity:
    """Read ``type``, ``image`` or ``MIN,MAX``.

    Raises:
        ParameterRangeError: Another text, or MIN not below MAX.
    """
    if text in {"type", "image"}:
        return Intensity(text)
    match = re.fullmatch(r"\s*([-+0-9.eE]+)\s*,\s*([-+0-9.eE]+)\s*", text)
    try:
        low, high = (float(part) for part in match.groups()) if match else (math.nan, math.nan)
    except ValueError:
        low, high = math.nan, math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ParameterRangeError(
            f"Intensity is {text!r}.",
            "Allowed: type (the range of the number type), image (each picture's own range), or "
            "MIN,MAX with MIN below MAX, e.g. 0,4095 for 12-bit data.",
        )
    return Intensity("range", low, high)


def decoder_versions() -> dict[str, str]:
    """Versions of the decoders, which decide bits."""
    from importlib.metadata import version

    return {"pillow": PIL.__version__, "simplejpeg": version("simplejpeg")}


def inspect(data: bytes, limits: Limits | None = None) -> Header:
    """Read a file's header.

    Raises:
        UnreadableImage: Not a picture we read, or beyond the limits.
    """
    limits = limits or current_limits()
    with _opened(data, limits) as image:
        width, height = image.size
        frames = _frames(image, data, limits)
        if _orientation(image, limits) >= 5:
            width, height = height, width
        sixteen_bit = _is_sixteen_bit(image, data)
        return Header(_format(image), width, height, frames, sixteen_bit)


def decode(
    data: bytes, *, intensity: str = "type", scale: int = 1, limits: Limits | None = None
) -> Pixels:
    """Decode a picture in full.

    Args:
        data: The file's bytes.
        intensity: ``type``, ``image`` or ``MIN,MAX`` for values of more than 8 bits.
        scale: 1, 2, 4 or 8: both sides are divided by it, rounded up.
        limits: What a file may cost.

    Returns:
        uint8 (H, W, 3), upright RGB, contiguous.

    Raises:
        UnreadableImage: Why it is not usable.
    """
    limits = limits or current_limits()
    opened = _opened(data, limits)
    data = opened.data
    with opened as image:
        orientation = _orientation(image, limits)
        if image.format == "JPEG" and image.mode in {"L", "RGB"}:
            pixels = _decode_jpeg(data, image, scale)
            return _upright_array(pixels, orientation)
        if image.format == "PNG":
            _check_png(data)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                image.load()
        except (
            OSError,
            ValueError,
            SyntaxError,
            EOFError,
            struct.error,
            MemoryError,
            Image.DecompressionBombError,
        ) as error:
            raise UnreadableImage(_reason(error)) from error
        if _is_sixteen_bit(image, data):
            rgb = _scaled_to_eight_bits(image, parse_intensity(intensity))
        else:
            rgb = _to_rgb(image)
        if orientation in _FLIPS:
            rgb = rgb.transpose(_FLIPS[orientation])
        if scale > 1:
            rgb = rgb.reduce(scale)
        return np.array(rgb)


def peak(data: bytes, limits: Limits | None = None) -> float | None:
    """Largest value of a one-channel 16-bit picture as a share of 65535; None for others."""
    with _opened(data, limits or current_limits()) as image:
        if image.mode not in _SIXTEEN_BIT_MODES or image.mode == "F":
            return None
        try:
            return float(np.asarray(image).max()) / 65535.0
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            raise UnreadableImage(_reason(error)) from error


class _opened:  # noqa: N801 - used as a context manager function
    """Open with Pillow, formats listed, size checked before any pixel is decoded."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        if not data:
            raise UnreadableImage("the file is empty")
        if len(data) > limits.image_bytes:
            raise UnreadableImage(f"{len(data)} bytes or more, above {limits.named('image_bytes')}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.data = without_metadata(data, limits.metadata_bytes)
                self._image = Image.open(io.BytesIO(self.data), formats=READ_FORMATS)
        except Image.DecompressionBombError as error:
            raise UnreadableImage(f"more pixels than {limits.named('image_pixels')}") from error
        except (OSError, ValueError, SyntaxError, struct.error) as error:
            raise UnreadableImage(_not_a_picture(data)) from error
        width, height = self._image.size
        if width * height > limits.image_pixels:
            raise UnreadableImage(
                f"{width} x {height} pixels, more than {limits.named('image_pixels')}"
            )
        if max(width, height) > limits.image_side:
            raise UnreadableImage(
                f"{width} x {height} pixels, a side longer than {limits.named('image_side')}"
            )

    def __enter__(self) -> ImageFile.ImageFile:
        return self._image

    def __exit__(self, *_: object) -> None:
        self._image.close()


def _decode_jpeg(data: bytes, image: ImageFile.ImageFile, scale: int) -> Pixels:
    width, height = image.size
    try:
        pixels = simplejpeg.decode_jpeg(
            data,
            colorspace="RGB",
            min_height=-(-height // scale),
            min_width=-(-width // scale),
            min_factor=float(scale),
            strict=True,
        )
    except ValueError as error:
        raise UnreadableImage(_jpeg_reason(error)) from error
    return np.asarray(pixels)


def _check_png(data: bytes) -> None:
    """Compare the checksum of every chunk that pixels depend on; Pillow trusts those of IDAT."""
    place = 8
    while place + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        end = place + 12 + length
        if end > len(data):
            raise UnreadableImage("the file is cut off")
        if kind[:1].isupper():
            stored = struct.unpack(">I", data[end - 4 : end])[0]
            if zlib.crc32(data[place + 4 : end - 4]) != stored:
                raise UnreadableImage("its data is damaged (wrong checksum)")
        if kind == b"IEND":
            return
        place = end


def _upright_array(pixels: Pixels, orientation: int) -> Pixels:
    match orientation:
        case 2:
            pixels = pixels[:, ::-1]
        case 3:
            pixels = pixels[::-1, ::-1]
        case 4:
            pixels = pixels[::-1]
        case 5:
            pixels = pixels.transpose(1, 0, 2)
        case 6:
            pixels = np.rot90(pixels, -1)
        case 7:
            pixels = pixels[::-1, ::-1].transpose(1, 0, 2)
        case 8:
            pixels = np.rot90(pixels, 1)
    return np.ascontiguousarray(pixels)


def _orientation(image: ImageFile.ImageFile, limits: Limits) -> int:
    # Pillow would read all of it for the one number that is wanted
    if len(image.info.get("exif") or b"") > limits.metadata_bytes:
        return 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - broken EXIF raises anything; the picture is as stored
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _frames(image: ImageFile.ImageFile, data: bytes, limits: Limits) -> int:
    """Frames or pages; 1 where the further ones are broken.

    Raises:
        UnreadableImage: More than the limit.
    """
    most = limits.image_frames
    try:
        if image.format == "TIFF":
            frames = count_tiff_pages(data, most)
        elif image.format == "GIF":
            frames = count_gif_frames(data, most)
        else:
            frames = int(getattr(image, "n_frames", 1))
    except Exception:  # noqa: BLE001 - a broken further page raises anything; the first is used
        return 1
    if frames > most:
        raise UnreadableImage(f"more frames or pages than {limits.named('image_frames')}")
    return max(1, frames)


def _format(image: ImageFile.ImageFile) -> str:
    return "JPEG" if image.format == "MPO" else str(image.format)


def _is_sixteen_bit(image: ImageFile.ImageFile, data: bytes) -> bool:
    return image.mode in _SIXTEEN_BIT_MODES or (
        image.format == "PNG" and len(data) > 24 and data[24] == 16
    )


def _scaled_to_eight_bits(image: ImageFile.ImageFile, intensity: Intensity) -> Image.Image:
    """Scale one-channel pictures by the rule; Pillow has reduced 16-bit colour PNG by itself."""
    if image.mode not in _SIXTEEN_BIT_MODES:
        return _to_rgb(image)
    values = np.asarray(image).astype(np.float64)
    low, high = intensity.low, intensity.high
    if intensity.rule == "image":
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    elif intensity.rule == "type":
        low, high = _type_range(image, values)
    span = high - low
    scaled = (values - low) / span * 255.0 if span > 0 else np.zeros_like(values)
    eight = np.clip(np.nan_to_num(scaled), 0, 255).round().astype(np.uint8)
    return Image.fromarray(eight, mode="L").convert("RGB")


def _type_range(
    image: ImageFile.ImageFile, values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> tuple[float, float]:
    if image.mode == "F":
        bounded = bool(values.min() >= 0.0 and values.max() <= 1.0)
        if not bounded:
            raise UnreadableImage(
                "floating-point values outside 0 to 1: say their range with --intensity MIN,MAX"
            )
        return 0.0, 1.0
    if image.mode == "I" and image.format == "TIFF":
        bits = image.tag_v2.get(258, (32,)) if hasattr(image, "tag_v2") else (32,)
        if bits[0] > 16:
            raise UnreadableImage("32-bit values: say their range with --intensity MIN,MAX")
    return 0.0, 65535.0


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if "A" in image.getbands() or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _not_a_picture(data: bytes) -> str:
    start = data[:512].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page, not a picture"
    if start.startswith((b"<svg", b"<?xml")):
        return "a drawing (SVG or XML), not a picture of pixels"
    if data[4:12] in {b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypheim"}:
        return "a HEIC photo: convert it to JPEG"
    if start.startswith(b"%pdf"):
        return "a PDF, not a picture"
    known = (b"\xff\xd8", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
    if data.startswith(known):
        return "its header is damaged or cut off"
    return "not a picture in a format that is read"


def _jpeg_reason(error: Exception) -> str:
    text = str(error).lower()
    if "premature" in text or "end of" in text:
        return "the file is cut off"
    return f"its JPEG data is damaged ({str(error).strip().rstrip('.')})"


def _reason(error: Exception) -> str:
    text = str(error).lower()
    if isinstance(error, MemoryError):
        return "it needs more memory than it may use"
    if "truncated" in text or isinstance(error, EOFError):
        return "the file is cut off"
    return f"its data is damaged ({str(error).strip().rstrip('.') or type(error).__name__})"
