"""Targets: what every machine has, what the user named, and the file that keeps it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from visionloom.engine import devices
from visionloom.engine.targets import (
    Target,
    Targets,
    load_targets,
    make_target,
    memory_text,
    save_targets,
)
from visionloom.errors import FailedToWriteOutputsError, UsageError
from visionloom.settings import GIB, Settings


def test_every_machine_has_itself_its_processor_and_its_gpus(tmp_path: Path) -> None:
    targets = load_targets(Settings(tmp_path))
    assert targets.default.name == "local"
    assert targets.get("cpu").device == "cpu"
    assert targets.get("cuda:1") == Target("cuda:1", device="cuda:1")
    assert [target.name for target in targets.all(2)] == ["local", "cpu", "cuda:0", "cuda:1"]
    with pytest.raises(UsageError, match="no target 'cup'") as caught:
        targets.get("cup")
    assert "Did you mean cpu?" in caught.value.remedy


def test_targets_are_kept_in_a_small_file(tmp_path: Path) -> None:
    home = Settings(tmp_path / "home")
    made = make_target("work.station-1", device="cuda:0", slots=2, memory="12 GiB")
    targets = Targets().added(made).added(make_target("small", memory="800 MiB"))
    targets = targets.with_default("small")
    save_targets(targets, home)
    assert load_targets(home) == targets
    assert load_targets(home).get("work.station-1").memory_bytes == 12 * GIB
    again = targets.added(make_target("small", slots=3)).with_default("local").removed("small")
    save_targets(again, home)
    assert list(load_targets(home).named) == ["work.station-1"]


def test_the_default_and_unknown_ones_are_not_removed() -> None:
    targets = Targets().added(make_target("mine")).with_default("mine")
    with pytest.raises(UsageError, match="the default"):
        targets.removed("mine")
    with pytest.raises(UsageError, match="no target that was added"):
        targets.removed("cpu")


@pytest.mark.parametrize(
    "said",
    [
        {"name": "a b"}, {"name": ""}, {"name": "1a"}, {"kind": "ray"}, {"device": "gpu"},
        {"device": 5}, {"slots": 0}, {"slots": True}, {"slots": 1.5}, {"memory": "12"},
        {"memory": "0 GiB"}, {"memory": 5}, {"memory": f"{'9' * 400} GiB"}, {"kind": ["local"]},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(said: dict[str, object]) -> None:
    name = str(said.pop("name", "mine"))
    with pytest.raises(UsageError):
        make_target(name, **said)


@pytest.mark.parametrize(
    "text",
    [
        "[", "other = 1", "targets = 5", "[targets]\na = 1", 'default = "nothing"', "default = 5",
        "[targets.a]\nslot = 1", '[targets.a]\nmemory = "1 PB"', "\xff", '[targets."a b"]\n',
    ],
)  # fmt: skip
def test_a_file_that_is_not_understood_is_named(text: str, tmp_path: Path) -> None:
    home = Settings(tmp_path)
    home.targets.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError) as caught:
        load_targets(home)
    assert str(home.targets) in caught.value.message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_file_is_read_or_refused(tmp_path: Path, data: bytes) -> None:
    home = Settings(tmp_path)
    home.targets.write_bytes(data)
    with contextlib.suppress(UsageError):
        load_targets(home)


def test_memory_is_written_as_it_was_said() -> None:
    assert memory_text(None) == ""
    assert memory_text(12 * 10**9) == "12 GB"
    assert memory_text(12 * GIB) == "12 GiB"
    assert memory_text(make_target("a", memory="1.5 GiB").memory_bytes) == "1536 MiB"


def test_gpus_are_counted_without_torch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"0000:0{number}:00.0").mkdir()
    monkeypatch.setattr(devices, "_DRIVER", tmp_path)
    for visible, count in ((None, 3), ("0", 1), ("0,1,2,3", 3), ("", 0), ("-1", 0)):
        devices.count_gpus.cache_clear()
        if visible is None:
            monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        else:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert devices.count_gpus() == count
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setattr(devices, "_DRIVER", tmp_path / "nothing")
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: NVIDIA H100 (UUID: GPU-1)'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    devices.count_gpus.cache_clear()
    assert devices.count_gpus() == 1
    devices.count_gpus.cache_clear()


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/proc/nothing/home")
    with pytest.raises(FailedToWriteOutputsError, match="could not be written"):
        save_targets(Targets(), Settings(tmp_path / "link"))
