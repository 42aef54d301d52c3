"""Runs tests with what they try to break through switched off: each must fail.

    python -m tests.faults.without_protection [ROW ...]

Prints row, test, result and seconds; ends with 1 when a test passes although nothing protects.
Processes that a test starts see the patch too: a ``sitecustomize`` on their path applies it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.faults.protections.hostile import PROTECTIONS, Protection

_VARIABLE = "VISIONLOOM_TESTS_WITHOUT"
_ROOT = Path(__file__).resolve().parents[2]
# the number is written down: some processes are given no variables of the user's
_SITE = """
import sys
if sys.orig_argv[1:3] != ["-m", "pytest"]:
    import pytest
    from tests.faults.protections.hostile import PROTECTIONS
    PROTECTIONS[{number}].patch(pytest.MonkeyPatch())
"""


def chosen() -> Protection:
    """The protection that is switched off."""
    return PROTECTIONS[int(os.environ[_VARIABLE])]


@pytest.fixture(autouse=True)
def unprotected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Part of the tests when this file is loaded as a plugin."""
    chosen().patch(monkeypatch)


def run(number: int, folder: Path) -> tuple[str, float]:
    """How a test ends without its protection, and seconds."""
    (folder / "sitecustomize.py").write_text(_SITE.format(number=number))
    path = os.pathsep.join([str(folder), str(_ROOT)])
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-n", "0", "-p", "tests.faults.without_protection",
         "-m", "slow or not slow", PROTECTIONS[number].test],
        cwd=_ROOT, env={**os.environ, _VARIABLE: str(number), "PYTHONPATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr[-200:]
    failed = re.search(r"(\d+) failed", last)
    if done.returncode == 1 and failed:
        return (
            f"fails, as it must ({re.sub(r' in .*', '', last.strip('= '))})",
            time.perf_counter() - begun,
        )
    return f"NOT GOOD: {last}", time.perf_counter() - begun


def main(rows: list[str]) -> int:
    """Run those of some rows, or all."""
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, protection in enumerate(PROTECTIONS):
            if rows and protection.row not in rows:
                continue
            result, seconds = run(number, folder)
            good &= result.startswith("fails")
            test = protection.test.rpartition("::")[2]
            print(f"{protection.row:4} {test:75} {result:45} {seconds:6.1f} s", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
