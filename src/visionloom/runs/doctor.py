"""What this machine is and what Visionloom would choose on it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sqlite3
import zlib
from pathlib import Path

import psutil

from visionloom._version import __version__
from visionloom.images.batches import cache_budget, decode_threads
from visionloom.limits import setting
from visionloom.records.filesystem import is_network_file_system
from visionloom.settings import Settings
from visionloom.workspace import Workspace

_PACKAGES = (
    "torch", "numpy", "pillow", "simplejpeg", "safetensors", "duckdb", "scikit-learn", "scipy",
    "sqlalchemy", "ruamel.yaml", "timm", "torchvision",
)  # fmt: skip


def examine() -> dict[str, dict[str, str]]:
    """Headings -> names -> values, ready to print."""
    workspace = Workspace()
    chosen, warnings = workspace.hardware()
    return {
        "Versions": _versions(),
        "Machine": {
            "system": platform.platform(),
            "cores": f"{psutil.cpu_count(logical=False)} physical, {psutil.cpu_count()} logical",
            "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB, "
            f"{psutil.virtual_memory().available / 2**30:.1f} GiB free",
        },
        "Chosen": {
            "for training and scoring": chosen,
            "why": "the first of CUDA, MPS, CPU that is here; bf16 where the hardware has it "
            "natively; torch threads = physical cores, or OMP_NUM_THREADS",
            "decode threads": str(decode_threads()),
            "cache": f"up to {cache_budget() / 2**30:.1f} GiB, a quarter of the free memory",
            **({"note": " ".join(warnings)} if warnings else {}),
        },
        "Folders": _folders(workspace.settings),
        "Limits": {
            name: f"{value:,} ({setting(name)})" for name, value in workspace.settings.limits.rows()
        },
    }


def _versions() -> dict[str, str]:
    versions = {"visionloom": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return {**versions, **_linked()}


def _linked() -> dict[str, str]:
    """Libraries inside the packages that read what strangers wrote."""
    from PIL import features

    names = {
        "libjpeg-turbo": "libjpeg_turbo", "zlib": "zlib", "zlib-ng": "zlib_ng",
        "libtiff": "libtiff", "libwebp": "webp",
    }  # fmt: skip
    in_pillow = {name: features.version(key) for name, key in names.items()}
    return {
        **{f"{name} (in pillow)": str(v) for name, v in in_pillow.items() if v is not None},
        "zlib (in python)": zlib.ZLIB_RUNTIME_VERSION,
        "SQLite": sqlite3.sqlite_version + _about_sqlite(sqlite3.sqlite_version_info),
    }


def _about_sqlite(version: tuple[int, int, int]) -> str:
    """Versions that may lose a commit when two connections write and tidy up at once."""
    mended = version >= (3, 51, 3) or any(
        version[:2] == branch and version >= (*branch, patch)
        for branch, patch in (((3, 44), 6), ((3, 50), 7))
    )
    if version < (3, 7, 0) or mended:
        return ""
    return " (can lose a commit while its log is reset; the records guard themselves against it)"


def _folders(settings: Settings) -> dict[str, str]:
    home = settings.home
    existing = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(existing).free / 1e9
    writable = "writable" if os.access(existing, os.W_OK) else "NOT writable"
    return {
        "home": f"{home} (VISIONLOOM_HOME), {writable}, {free:.1f} GB free",
        "home is on": _disk(home),
        "weights": str(settings.weights),
        "runs and results": f"{settings.runs}, {settings.store}",
        "working folder": str(Path.cwd()),
        "fetching": "switched off (VISIONLOOM_OFFLINE)" if settings.offline else "allowed",
    }


def _disk(home: Path) -> str:
    if is_network_file_system(home):
        return "a network file system: the records keep a plain journal there, which is slower"
    return "a disk of this machine"
