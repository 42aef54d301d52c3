"""The wheel holds the designer's pages, also when it is built where there is no Node."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.designer.tools import ROOT

PAGES = "visionloom/server/static/index.html"
PARTS = ("src", "frontend", "docs", "examples", "hatch_build.py", "pyproject.toml")
TEXTS = ("README.md", "CHANGELOG.md", "LICENSE")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The project's sources, without anything that was built."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    built = shutil.ignore_patterns("node_modules", "static", "__pycache__", "*.egg-info")
    for name in (*PARTS, *TEXTS):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=built)
        else:
            shutil.copy(source, folder / name)
    return folder


def build(checkout: Path, kind: str, out: Path, *, without_node: bool = False) -> Path:
    path = os.environ["PATH"]
    if without_node:
        bare = out / "bin"
        bare.mkdir(parents=True)
        for tool in ("sh", "env", "git", "uname"):
            (bare / tool).symlink_to(str(shutil.which(tool)))
        path = str(bare)
    uv = Path(sys.executable).with_name("uv")
    words = [str(uv), "build", f"--{kind}", "-q", "--python", sys.executable]
    subprocess.run(
        [*words, "--out-dir", str(out)], cwd=checkout, env={**os.environ, "PATH": path}, check=True
    )
    return next(file for file in out.iterdir() if file.suffix in {".whl", ".gz"})


@pytest.mark.slow
def test_a_wheel_built_without_node_holds_the_pages(checkout: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(build(checkout, "wheel", tmp_path / "out", without_node=True)) as wheel:
        names = wheel.namelist()
    assert PAGES in names
    assert len(names) == len(set(names))
    assert any(name.endswith(".js") and "/static/assets/" in name for name in names)


@pytest.mark.slow
def test_the_sources_to_build_from_are_in_the_source_archive(
    checkout: Path, tmp_path: Path
) -> None:
    with tarfile.open(build(checkout, "sdist", tmp_path / "out")) as archive:
        names = {name.split("/", 1)[-1] for name in archive.getnames()}
    assert {"frontend/package-lock.json", "frontend/src/main.tsx", "hatch_build.py"} <= names
    assert not any("node_modules" in name for name in names)


def test_the_lock_file_names_no_registry() -> None:
    text = (ROOT / "frontend/package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text
