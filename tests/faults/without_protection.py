"""A test fails when the protection it is about is switched off.

    python -m tests.faults.without_protection             # lists the protections
    python -m tests.faults.without_protection A5 R7 ...   # rows or names of them, or: all

A protection that is a line is changed in a copy of the tree; one that is patched is patched in the
test's process and, by a ``sitecustomize`` on their path, in those that it starts. Prints row,
protection, result and seconds; ends with 1 when a test passes without its protection.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.protections import Line, Protection, find_all

ROOT = Path(__file__).resolve().parents[2]
_VARIABLE = "VISIONLOOM_TESTS_WITHOUT"
_FAILED = 1
"""Exit status of pytest when tests ran and failed; others mean that none ran."""
# the number is written down: some processes are given no variables of the user's
_SITE = """
import sys
if sys.orig_argv[1:3] != ["-m", "pytest"]:
    import pytest
    from tests.faults.protections import find_all
    find_all()[{number}].off(pytest.MonkeyPatch())
"""


def switch_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patch what the environment names."""
    off = find_all()[int(os.environ[_VARIABLE])].off
    assert not isinstance(off, Line)
    off(monkeypatch)


@pytest.fixture(autouse=True)
def unprotected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Part of the tests when this file is loaded as a plugin."""
    if _VARIABLE in os.environ:
        switch_off(monkeypatch)


def changed(line: Line, tree: Path) -> None:
    """Change the one line in a tree.

    Raises:
        ValueError: It is not there exactly once: the table is out of date.
    """
    file = tree / line.file
    text = file.read_text(encoding="utf-8")
    if text.count(line.line) != 1:
        raise ValueError(
            f"{line.file} holds {line.line.strip()!r} {text.count(line.line)} times, not once"
        )
    file.write_text(text.replace(line.line, line.without), encoding="utf-8")


@contextmanager
def _tree(number: int, protection: Protection) -> Iterator[tuple[Path, dict[str, str], list[str]]]:
    """Where the test is run: a folder, what its environment has more, and options of pytest."""
    with tempfile.TemporaryDirectory(prefix="visionloom-without-") as temporary:
        if not isinstance(protection.off, Line):
            site = _SITE.format(number=number)
            (Path(temporary) / "sitecustomize.py").write_text(site, encoding="utf-8")
            path = os.pathsep.join([temporary, str(ROOT)])
            plugin = ["-p", "tests.faults.without_protection"]
            yield ROOT, {_VARIABLE: str(number), "PYTHONPATH": path}, plugin
            return
        tree = Path(temporary) / "tree"
        leave_out = shutil.ignore_patterns("__pycache__", "static")
        for folder in ("src", "tests"):
            shutil.copytree(ROOT / folder, tree / folder, ignore=leave_out)
        shutil.copy(ROOT / "pyproject.toml", tree)
        changed(protection.off, tree)
        yield tree, {"PYTHONPATH": f"{tree / 'src'}{os.pathsep}{tree}"}, []


def run_without(number: int, protection: Protection, *, show: bool = False) -> int:
    """Run the test of a protection with it switched off; returns pytest's exit status.

    Args:
        number: Its place in `find_all`.
        protection: It.
        show: Whether to show what pytest prints.
    """
    data = str(ROOT.parent / "shared" / "data")
    with _tree(number, protection) as (folder, more, options):
        environment = {
            **os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", **more,
        }  # fmt: skip
        environment.setdefault("VISIONLOOM_TEST_DATA", data)
        command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", *options]
        # the marker of slow tests is no reason to leave out the one that is named
        done = subprocess.run(
            [*command, "-m", "slow or not slow", "-x", protection.test],
            cwd=folder, env=environment, capture_output=not show, check=False,
        )  # fmt: skip
        return done.returncode


def main(arguments: list[str]) -> int:
    """Do it; returns 1 when a test passed, or did not run."""
    known = find_all()
    parser = argparse.ArgumentParser(prog="python -m tests.faults.without_protection")
    parser.add_argument("names", nargs="*", metavar="NAME", help="rows or protections, or all")
    parser.add_argument("--show", action="store_true", help="show what pytest prints")
    said = parser.parse_args(arguments)
    if not said.names:
        for one in known:
            print(f"{one.row:4} {one.title:76} {one.test}")
        return 0
    names = {name for one in known for name in (one.row, one.title)} | {"all"}
    unknown = [name for name in said.names if name not in names]
    if unknown:
        parser.error(f"there is no protection {unknown[0]}; without a name they are listed")
    bad = 0
    for number, one in enumerate(known):
        if not {"all", one.row, one.title}.intersection(said.names):
            continue
        begun = time.perf_counter()
        status = run_without(number, one, show=said.show)
        word = {0: "PASSES", _FAILED: "fails, as it should"}.get(status, f"DID NOT RUN ({status})")
        bad += status != _FAILED
        seconds = time.perf_counter() - begun
        print(f"{one.row:4} {one.title:76} {word:22} {seconds:6.1f} s", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
