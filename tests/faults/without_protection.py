"""A test fails when the protection it is about is switched off: shown on a copy of the tree.

    python -m tests.faults.without_protection            # lists the protections
    python -m tests.faults.without_protection NAME ...   # or: all

Source and tests are copied to a temporary folder, the one line is changed there, and the test is
run. Exits with 1 when a test passes without its protection.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.faults.protections import Protection, find_all

ROOT = Path(__file__).resolve().parents[2]
_FAILED = 1
"""Exit status of pytest when tests ran and failed; others mean that none ran."""


def switch_off(protection: Protection, tree: Path) -> None:
    """Change the one line in a tree.

    Raises:
        ValueError: It is not there exactly once: the table is out of date.
    """
    file = tree / protection.file
    text = file.read_text(encoding="utf-8")
    if text.count(protection.line) != 1:
        raise ValueError(
            f"{protection.name}: {protection.file} holds {protection.line.strip()!r} "
            f"{text.count(protection.line)} times, not once"
        )
    file.write_text(text.replace(protection.line, protection.without), encoding="utf-8")


def run_without(protection: Protection, *, show: bool = False) -> int:
    """Run the test of a protection with it switched off; returns pytest's exit status."""
    with tempfile.TemporaryDirectory(prefix="visionloom-without-") as temporary:
        tree = Path(temporary) / "tree"
        leave_out = shutil.ignore_patterns("__pycache__", "static")
        for folder in ("src", "tests"):
            shutil.copytree(ROOT / folder, tree / folder, ignore=leave_out)
        shutil.copy(ROOT / "pyproject.toml", tree)
        switch_off(protection, tree)
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": f"{tree / 'src'}{os.pathsep}{tree}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        environment.setdefault("VISIONLOOM_TEST_DATA", str(ROOT.parent / "shared" / "data"))
        command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider"]
        # the marker of slow tests is no reason to leave out the one that is named
        done = subprocess.run(
            [*command, "-x", protection.test],
            cwd=tree,
            env=environment,
            capture_output=not show,
            check=False,
        )
        return done.returncode


def main(arguments: list[str]) -> int:
    """Do it; returns 1 when a test passed, or did not run."""
    known = find_all()
    parser = argparse.ArgumentParser(prog="python -m tests.faults.without_protection")
    parser.add_argument("names", nargs="*", metavar="NAME", help="protections, or all")
    parser.add_argument("--show", action="store_true", help="show what pytest prints")
    said = parser.parse_args(arguments)
    if not said.names:
        for one in known.values():
            print(f"{one.name:28} {one.row:8} {one.test}")
        return 0
    names = list(known) if said.names == ["all"] else said.names
    unknown = [name for name in names if name not in known]
    if unknown:
        parser.error(f"there is no protection {unknown[0]}; known are {', '.join(known)}")
    bad = 0
    for name in names:
        status = run_without(known[name], show=said.show)
        word = {0: "PASSES", _FAILED: "fails, as it should"}.get(status, f"DID NOT RUN ({status})")
        bad += status != _FAILED
        print(f"{name:28} {known[name].row:8} without it the test {word}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
