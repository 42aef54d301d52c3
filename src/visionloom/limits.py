"""What a stranger may cost: the one table of limits, each with a setting of its own.

A limit is set by the environment variable ``VISIONLOOM_LIMIT_`` and its name in capitals. Every
refusal is worded by `Limits.named`, so that it tells the limit, its value and the setting.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from visionloom.errors import UsageError

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
PREFIX = "VISIONLOOM_LIMIT_"

_UNITS = {"": 1, "kib": KIB, "mib": MIB, "gib": GIB}
# Pillow refuses more by itself, whatever is set here
_MOST = {"image_pixels": 178_956_970, "serving_image_pixels": 178_956_970}


class _Table:
    """What all tables of limits can do."""

    def named(self, name: str) -> str:
        """``the limit image_pixels of 100000000 (setting VISIONLOOM_LIMIT_IMAGE_PIXELS)``."""
        return f"the limit {name} of {getattr(self, name):.17g} (setting {setting(name)})"


@dataclass(frozen=True)
class ServerLimits(_Table):
    """What the server lets itself be asked for.

    A session may ask far more often than a person clicks: a grid of pictures that is scrolled
    fast wants some hundred thumbnails a second, and a browser with its six connections gets no
    more than about a thousand. What the limit stops is a loop that never waits.

    Attributes:
        json_bytes: Body of a request, uploads aside.
        header_bytes: Line and headers of a request.
        requests_per_second, burst: Of one session; the second at once, the first in the long run.
        streams_per_session, streams: Event streams.
        stream_seconds: After which a stream ends and the browser goes on with a new one, so that
            its cookie is renewed.
        connections: At the same time.
        header_seconds: Until the headers of a request are complete.
        body_bytes_per_second, body_window_seconds: Pace of a body, judged over a window.
        idle_seconds: Until a connection without a request is closed.
        unread_seconds: Until an answer of which nothing is read is given up.
        code_seconds: For which a one-time link holds.
        wrong_codes_per_minute: Wrong one-time codes that get a friendly answer.
        idle_session_seconds, session_seconds: Until a cookie ends, unused and at all.
    """

    json_bytes: int = 2 * MIB
    header_bytes: int = 64 * KIB
    requests_per_second: float = 1_000.0
    burst: float = 3_000.0
    streams_per_session: int = 8
    streams: int = 64
    stream_seconds: float = 3_600.0
    connections: int = 1_000
    header_seconds: float = 10.0
    body_bytes_per_second: float = 10 * KIB
    body_window_seconds: float = 10.0
    idle_seconds: float = 15.0
    unread_seconds: float = 60.0
    code_seconds: float = 60.0
    wrong_codes_per_minute: int = 5
    idle_session_seconds: float = 12 * 3_600.0
    session_seconds: float = 7 * 86_400.0


@dataclass(frozen=True)
class Limits(_Table):
    """What a stranger's file may cost.

    Attributes:
        image_pixels: Pixels of one picture (width x height).
        image_side: Longest side of one picture, pixels.
        image_bytes: Size of one picture file, bytes.
        image_frames: Frames or pages of one picture; the first is used.
        metadata_bytes: Size of what a picture says about itself that is looked at (EXIF), bytes.
        decode_seconds: Time one picture may take to decode in the isolated worker.
        decode_memory_bytes: Address space the isolated worker may use beyond its start-up.
        serving_image_bytes: Size of a picture that a model is tried on, bytes.
        serving_image_pixels: Pixels of one.
        reserve_bytes: Size of the file in the home folder that is given up when the disk is full,
            so that this can be recorded, bytes.
        archive_entries: Members of one archive.
        archive_bytes: Unpacked size of one archive, bytes.
        archive_ratio: Unpacked over packed size of a whole archive.
        archive_entry_ratio: Unpacked over packed size of one member.
        ratio_judged_above: Unpacked size above which the two ratios are judged, bytes.
        tar_header_bytes: Size of a header that extends another in a tar, bytes.
        unpack_free_bytes, unpack_free_share: Room that unpacking leaves on the disk: bytes, and a
            share of the whole; the larger counts.
        path_bytes: Length of a member's name, bytes of UTF-8.
        path_part_bytes: Length of one part of it, bytes of UTF-8.
        path_depth: Folders above a member.
        upload_bytes: Size of all files of one upload, and of one archive in it, bytes.
        upload_files: Files of one upload.
        uploads_open: Uploads that are not finished, at the same time.
        upload_free_bytes: Room that an upload leaves on the disk, bytes.
        classes: Number of classes.
        class_name_characters: Length of a class name, characters.
        manifest_bytes: Size of a list of images (CSV, JSON Lines, Parquet unpacked), bytes.
        manifest_rows: Rows of a list of images.
        manifest_line_bytes: Length of one line of a list of images, bytes.
        manifest_field_bytes: Length of one cell of a list of images, bytes.
        model_bytes: Size of a weights file, bytes.
        model_tensors: Tensors of a weights file.
        safetensors_header_bytes: Size of the header of a safetensors file, bytes.
        import_seconds: Time the isolated process may take to read a torch file.
        import_memory_bytes: Address space it may use beyond its start-up and twice the file, bytes.
        artifact_manifest_bytes: Size of the manifest of an artifact, bytes.
        artifact_json_bytes: Size of another JSON file of an artifact, bytes.
        yaml_bytes: Size of a pipeline or component file, bytes.
        yaml_depth: Nesting of one.
        yaml_nodes: Keys and values of one.
        yaml_scalar_bytes: Length of one value of one, bytes.
        layout_bytes: Size of the layout beside a pipeline file, bytes.
        targets_bytes: Size of the file of targets, bytes.
        server: What the server lets itself be asked for.
    """

    image_pixels: int = 100_000_000
    image_side: int = 32_768
    image_bytes: int = 64 * MIB
    image_frames: int = 1_000
    metadata_bytes: int = MIB
    decode_seconds: float = 60.0
    decode_memory_bytes: int = 2 * GIB
    serving_image_bytes: int = 20 * MIB
    serving_image_pixels: int = 25_000_000
    reserve_bytes: int = 4 * MIB
    archive_entries: int = 2_000_000
    archive_bytes: int = 100 * GIB
    archive_ratio: float = 20.0
    archive_entry_ratio: float = 200.0
    ratio_judged_above: int = 16 * MIB
    tar_header_bytes: int = 32 * KIB
    unpack_free_bytes: int = 5 * GIB
    unpack_free_share: float = 0.05
    path_bytes: int = 1_024
    path_part_bytes: int = 255
    path_depth: int = 16
    upload_bytes: int = 100 * GIB
    upload_files: int = 2_000_000
    uploads_open: int = 32
    upload_free_bytes: int = 256 * MIB
    classes: int = 25_000
    class_name_characters: int = 200
    manifest_bytes: int = 512 * MIB
    manifest_rows: int = 10_000_000
    manifest_line_bytes: int = MIB
    manifest_field_bytes: int = 64 * KIB
    model_bytes: int = 8 * GIB
    model_tensors: int = 50_000
    safetensors_header_bytes: int = 16 * MIB
    import_seconds: float = 300.0
    import_memory_bytes: int = 2 * GIB
    artifact_manifest_bytes: int = 256 * MIB
    artifact_json_bytes: int = 32 * MIB
    yaml_bytes: int = MIB
    yaml_depth: int = 32
    yaml_nodes: int = 50_000
    yaml_scalar_bytes: int = 64 * KIB
    layout_bytes: int = 4 * MIB
    targets_bytes: int = 1_000_000
    server: ServerLimits = field(default_factory=ServerLimits)

    def to_json(self) -> str:
        """For a process of ours; `limits_from_json` reads it."""
        return json.dumps(dataclasses.asdict(self))

    def rows(self) -> Iterator[tuple[str, int | float]]:
        """Every limit with its value, those of the server last."""
        for part in (self, self.server):
            for entry in dataclasses.fields(part):
                if entry.name != "server":
                    yield entry.name, getattr(part, entry.name)


def setting(name: str) -> str:
    """The environment variable that sets a limit."""
    return PREFIX + name.upper()


def limits_from_json(text: str) -> Limits:
    """Read what `Limits.to_json` wrote."""
    values = json.loads(text)
    return Limits(**{**values, "server": ServerLimits(**values["server"])})


def current_limits(environment: Mapping[str, str] | None = None) -> Limits:
    """The limits that the environment variables set (default: the process's own).

    Raises:
        UsageError: A variable that names no limit, or holds no number above 0 that it may have.
    """
    variables = os.environ if environment is None else environment
    given = {name: text for name, text in variables.items() if name.startswith(PREFIX)}
    if not given:
        return _DEFAULT
    limits, server = dataclasses.fields(Limits), dataclasses.fields(ServerLimits)
    kinds = {setting(f.name): f for f in (*limits, *server) if f.name != "server"}
    unknown = next((name for name in given if name not in kinds), None)
    if unknown is not None:
        raise UsageError(
            f"The environment variable {unknown} names no limit.",
            "`visionloom doctor` shows all limits with their settings.",
        )
    values = {kinds[v].name: _number(v, text, kinds[v].type) for v, text in given.items()}
    own = {f.name: values[f.name] for f in limits if f.name in values}
    of_server = {f.name: values[f.name] for f in server if f.name in values}
    return Limits(**own, server=ServerLimits(**of_server))  # type: ignore[arg-type]


def _number(variable: str, text: str, kind: object) -> int | float:
    match = re.fullmatch(r"\s*([0-9][0-9_.,]*)\s*([KMG]iB)?\s*", text, re.IGNORECASE)
    try:
        number = float(re.sub("[_,]", "", match[1])) if match else math.nan
    except ValueError:
        number = math.nan
    if match is not None:
        number *= _UNITS[(match[2] or "").lower()]
    most = _MOST.get(variable.removeprefix(PREFIX).lower(), math.inf)
    if not 0 < number <= most:
        allowed = f"a number above 0 and up to {most:.17g}" if most < math.inf else "one above 0"
        raise UsageError(
            f"The environment variable {variable} is {text!r}.",
            f"Write {allowed}, for bytes also with a unit: 64 MiB.",
        )
    return number if kind == "float" else int(number)


_DEFAULT = Limits()
