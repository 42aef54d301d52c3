"""What this machine is and what Visionloom would choose on it."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import platform
import shutil
import sqlite3
from pathlib import Path

import psutil

from visionloom._version import __version__
from visionloom.images.batches import cache_budget, decode_threads
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
            field.name: f"{getattr(workspace.settings.limits, field.name):,}"
            for field in dataclasses.fields(workspace.settings.limits)
        },
    }


def _versions() -> dict[str, str]:
    versions = {"visionloom": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    versions["SQLite"] = sqlite3.sqlite_version
    return versions


def _folders(settings: Settings) -> dict[str, str]:
    home = settings.home
    existing = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(existing).free / 1e9
    writable = "writable" if os.access(existing, os.W_OK) else "NOT writable"
    return {
        "home": f"{home} (VISIONLOOM_HOME), {writable}, {free:.1f} GB free",
        "weights": str(settings.weights),
        "runs and results": f"{settings.runs}, {settings.store}",
        "working folder": str(Path.cwd()),
        "fetching": "switched off (VISIONLOOM_OFFLINE)" if settings.offline else "allowed",
    }
