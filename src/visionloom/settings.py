"""Home folder and limits: one typed object, read once from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclass(frozen=True)
class Limits:
    """What a stranger's file may cost. Every refusal names the limit, the value and this setting.

    Attributes:
        image_pixels: Pixels of one picture (width x height).
        image_side: Longest side of one picture, pixels.
        image_bytes: Size of one picture file, bytes.
        archive_entries: Members of one archive.
        archive_bytes: Unpacked size of one archive, bytes.
        archive_entry_ratio: Unpacked over packed size of one member, judged above 16 MiB.
        path_bytes: Length of a member's name, bytes of UTF-8.
        path_depth: Folders above a member.
        classes: Number of classes.
        class_name_characters: Length of a class name, characters.
        manifest_bytes: Size of a list of images (CSV or JSON Lines), bytes.
        manifest_rows: Rows of a list of images.
        model_bytes: Size of a weights file, bytes.
        safetensors_header_bytes: Size of the header of a safetensors file, bytes.
        decode_seconds: Time one picture may take to decode in the isolated worker.
        decode_memory_bytes: Address space the isolated worker may use beyond its start-up.
        upload_bytes: Size of all files of one upload, and of one archive in it, bytes.
        upload_files: Files of one upload.
        serving_image_bytes: Size of a picture that a model is tried on, bytes.
        serving_image_pixels: Pixels of one.
        reserve_bytes: Size of the file in the home folder that is given up when the disk is full,
            so that this can be recorded, bytes.
        yaml_bytes: Size of a pipeline or component file, bytes.
        yaml_depth: Nesting of one.
        yaml_nodes: Keys and values of one.
        yaml_scalar_bytes: Length of one value of one, bytes.
    """

    image_pixels: int = 100_000_000
    image_side: int = 32_768
    image_bytes: int = 64 * MIB
    archive_entries: int = 2_000_000
    archive_bytes: int = 100 * GIB
    archive_entry_ratio: float = 200.0
    path_bytes: int = 1_024
    path_depth: int = 16
    classes: int = 25_000
    class_name_characters: int = 200
    manifest_bytes: int = 512 * MIB
    manifest_rows: int = 10_000_000
    model_bytes: int = 8 * GIB
    safetensors_header_bytes: int = 16 * MIB
    decode_seconds: float = 60.0
    decode_memory_bytes: int = 2 * GIB
    upload_bytes: int = 100 * GIB
    upload_files: int = 2_000_000
    serving_image_bytes: int = 20 * MIB
    serving_image_pixels: int = 25_000_000
    reserve_bytes: int = 4 * MIB
    yaml_bytes: int = MIB
    yaml_depth: int = 32
    yaml_nodes: int = 50_000
    yaml_scalar_bytes: int = 64 * 1024


@dataclass(frozen=True)
class Settings:
    """What holds for the whole process.

    Attributes:
        home: Folder for caches and weights (``VISIONLOOM_HOME``); made when first written to.
        offline: True when nothing may be fetched from another host (``VISIONLOOM_OFFLINE``).
        limits: The table of limits.
    """

    home: Path
    offline: bool = False
    limits: Limits = field(default_factory=Limits)

    @property
    def cache(self) -> Path:
        """Folder for what can be made again: unpacked archives, digests, what hardware is here."""
        return self.home / "cache"

    @property
    def weights(self) -> Path:
        """Folder for pretrained weights."""
        return self.home / "weights"

    @property
    def artifacts(self) -> Path:
        """Folder for artifacts made without an explicit place."""
        return self.home / "artifacts"

    @property
    def store(self) -> Path:
        """Folder of the content-addressed store."""
        return self.home / "store"

    @property
    def runs(self) -> Path:
        """Folder with a folder for each run: pipeline, journal, logs."""
        return self.home / "runs"

    @property
    def scratch(self) -> Path:
        """Folder with a folder for each step's key: what its attempts leave to go on from."""
        return self.home / "scratch"

    @property
    def datasets(self) -> Path:
        """Folder with a folder for each data set: photos that were brought here."""
        return self.home / "datasets"

    @property
    def targets(self) -> Path:
        """The file that names where steps run."""
        return self.home / "targets.toml"

    @property
    def records(self) -> str:
        """URL of the records' database."""
        return f"sqlite:///{self.home / 'records.sqlite'}"


def load_settings(
    environment: Mapping[str, str] | None = None, *, offline: bool | None = None
) -> Settings:
    """Read the settings from the environment variables (default: the process's own).

    ``offline`` wins over ``VISIONLOOM_OFFLINE`` when it is given.
    """
    variables = os.environ if environment is None else environment
    named = variables.get("VISIONLOOM_HOME")
    if named:
        home = Path(named).expanduser().absolute()
    else:
        import platformdirs

        home = Path(platformdirs.user_data_dir("visionloom", appauthor=False))
    if offline is None:
        offline = variables.get("VISIONLOOM_OFFLINE", "").lower() in {"1", "true", "yes", "on"}
    return Settings(home=home, offline=offline)
