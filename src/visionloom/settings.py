"""Home folder and limits: one typed object, read from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from visionloom.limits import GIB, KIB, MIB, Limits, current_limits

__all__ = ["GIB", "KIB", "MIB", "Limits", "Settings", "load_settings"]


@dataclass(frozen=True)
class Settings:
    """What holds for the whole process.

    Attributes:
        home: Folder for caches and weights (``VISIONLOOM_HOME``); made when first written to.
        offline: True when nothing may be fetched from another host (``VISIONLOOM_OFFLINE``).
        limits: The table of limits (``VISIONLOOM_LIMIT_...``).
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

    Raises:
        UsageError: A variable for a limit that is none, or is no number.
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
    return Settings(home=home, offline=offline, limits=current_limits(variables))
