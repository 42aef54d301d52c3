"""Records of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.artifacts.conftest import memory_folder
from tests.records.work import url
from visionloom.records.recorder import Recorder, open_records


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    """Records in a file."""
    with open_records(url(tmp_path / "records.sqlite")) as opened:
        yield opened


__all__ = ["memory_folder", "recorder"]
