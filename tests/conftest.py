"""What all tests share: real photos, small folders of pictures, a quiet home, one torch thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

os.environ.setdefault("OMP_NUM_THREADS", "1")

_ROOT = Path(__file__).resolve().parent.parent
# what all tests of a file look at takes long to make: one process runs them
_TOGETHER = {
    "tests/designer/test_look.py": "look",
    "tests/server/test_runs.py": "runs",
    "tests/server/test_looking.py": "looking",
    "tests/inference/test_scores.py": "trained",
    "tests/inference/test_report.py": "trained",
    "tests/inference/test_browse.py": "trained",
    "tests/runs/test_try_model.py": "trained",
}


class _Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Each test on its own, but those that share what is expensive."""

    def _split_scope(self, nodeid: str) -> str:
        return _TOGETHER.get(nodeid.partition("::")[0], nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _Scheduling:
    """Asked by pytest-xdist, whose marks for groups pytest 9.2 does not understand."""
    return _Scheduling(config, log)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own, so that nothing of the user's is read or written."""
    folder = tmp_path / "home"
    monkeypatch.setenv("VISIONLOOM_HOME", str(folder))
    monkeypatch.setenv("VISIONLOOM_OFFLINE", "1")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch-home"))
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real photo sets; the test is skipped where it is absent."""
    named = os.environ.get("VISIONLOOM_TEST_DATA")
    folder = Path(named) if named else _ROOT.parent / "shared" / "data"
    if not (folder / "README.md").is_file():
        pytest.skip("the real photo sets are not here; VISIONLOOM_TEST_DATA names their folder")
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of class folders with small coloured pictures."""

    def make(name: str = "photos", size: tuple[int, int] = (40, 32), **counts: int) -> Path:
        folder = tmp_path / name
        for index, (label, count) in enumerate((counts or {"cat": 6, "dog": 6}).items()):
            (folder / label).mkdir(parents=True)
            for number in range(count):
                picture(size, seed=100 * index + number, tint=index).save(
                    folder / label / f"{label}_{number:02d}.png"
                )
        return folder

    return make


def picture(size: tuple[int, int], seed: int, tint: int = 0) -> Image.Image:
    """A noisy picture whose channel ``tint`` is brighter."""
    draws = np.random.default_rng(seed)
    pixels = draws.integers(0, 120, (size[1], size[0], 3), dtype=np.uint8)
    pixels[:, :, tint % 3] += np.uint8(110)
    return Image.fromarray(pixels)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """In continuous integration a skip is a failure, unless it is about a GPU."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.skipped and os.environ.get("CI") == "true":
        reason = str(report.longrepr)
        if "GPU" not in reason and "CUDA" not in reason and not hasattr(report, "wasxfail"):
            report.outcome = "failed"
            report.longrepr = f"skipped in continuous integration: {reason}"
