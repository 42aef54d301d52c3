"""Limits: one table, each settable, each refusal naming the limit, its value and the setting."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from visionloom.errors import UsageError
from visionloom.limits import (
    GIB,
    PREFIX,
    Limits,
    ServerLimits,
    current_limits,
    limits_from_json,
    setting,
)
from visionloom.settings import load_settings

SOURCE = Path(__file__).parent.parent / "src" / "visionloom"
# kept apart: what is no limit of a stranger's file but a part of how a thing works
OWN = {"spec/names.py", "spec/yaml_nodes.py", "spec/yaml_reader.py", "engine/targets.py"}


def test_every_limit_can_be_set_and_travels_to_processes() -> None:
    for name, value in Limits().rows():
        other = value / 2 if isinstance(value, float) else value - 1
        limits = current_limits({setting(name): f"{other}"})
        assert dict(limits.rows()) == {**dict(Limits().rows()), name: other}, name
        assert limits_from_json(limits.to_json()) == limits
        tables: tuple[Limits | ServerLimits, ...] = (limits, limits.server)
        table = next(t for t in tables if name in {f.name for f in fields(t)})
        assert setting(name) in table.named(name)
        assert name in table.named(name)


def test_sizes_take_units() -> None:
    assert current_limits({f"{PREFIX}MODEL_BYTES": "3 GiB"}).model_bytes == 3 * GIB
    assert current_limits({f"{PREFIX}CLASSES": "1,000"}).classes == 1000
    assert load_settings({f"{PREFIX}CLASSES": "7", "VISIONLOOM_HOME": "/x"}).limits.classes == 7


@pytest.mark.parametrize("text", ["", "0", "-1", "many", "nan", "1 TB", "9" * 400])
def test_a_setting_that_is_no_number_is_one_error(text: str) -> None:
    with pytest.raises(UsageError, match="VISIONLOOM_LIMIT_IMAGE_PIXELS"):
        current_limits({f"{PREFIX}IMAGE_PIXELS": text})


def test_a_setting_that_names_no_limit_is_one_error() -> None:
    with pytest.raises(UsageError, match="names no limit"):
        current_limits({f"{PREFIX}IMAGE_PIXEL": "1"})


def test_what_the_opener_refuses_by_itself_cannot_be_set() -> None:
    with pytest.raises(UsageError, match="178956970"):
        current_limits({f"{PREFIX}IMAGE_PIXELS": "200000000"})


def test_each_limit_is_used_and_worded_in_one_way() -> None:
    texts = {p: p.read_text() for p in SOURCE.rglob("*.py") if p.name != "limits.py"}
    everything = "\n".join(texts.values())
    for name, _ in Limits().rows():
        assert re.search(rf"\b{name}\b", everything), f"{name} limits nothing"
    for path, text in texts.items():
        written = re.findall(r"the limit \w+ of", text)
        assert not written, f"{path}: {written} is worded by hand"
        if path.relative_to(SOURCE).as_posix() not in OWN:
            assert not re.findall(r"^_?MAXIMUM\w*(?:BYTES|ROWS)\b", text, re.MULTILINE), path
