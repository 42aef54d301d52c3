"""A key holds what decides the result, and nothing else."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from visionloom.engine.fingerprint import (
    Fingerprint,
    differences,
    drawn_parameters,
    fingerprint,
    source_digest,
)
from visionloom.spec.component import Component
from visionloom.spec.ports import Value
from visionloom.workspace import Workspace

TRAINER = Workspace().registry.find("Train PyTorch Model")
SPLIT = Workspace().registry.find("Split Image Directory")


def print_of(
    item: Component, inputs: Mapping[str, str] | None = None, /, **said: Value
) -> Fingerprint:
    given = {**{p.name: p.default for p in item.parameters if not p.required}, **said}
    return fingerprint(item, item.resolve(given), inputs or {"a": "1" * 64}, {}, {})


def test_a_result_s_key_follows_its_parameters_and_inputs() -> None:
    plain = print_of(SPLIT)
    assert plain.key == print_of(SPLIT).key
    assert plain.key != print_of(SPLIT, fraction=0.5).key
    assert plain.key != print_of(SPLIT, {"a": "2" * 64}).key
    assert plain.key == print_of(SPLIT, fraction=0.9).key, "the default, said"


def test_what_changes_no_bit_changes_no_key() -> None:
    plain = print_of(TRAINER)
    same: list[dict[str, Value]] = [
        {"print_frequency": 3}, {"decode_threads": 2}, {"cache": False},
    ]  # fmt: skip
    for said in same:
        assert print_of(TRAINER, **said).key == plain.key


def test_a_value_equal_to_the_preset_s_gives_the_preset_s_key() -> None:
    assert print_of(TRAINER, epochs=5).key == print_of(TRAINER).key
    assert print_of(TRAINER, epochs=6).key != print_of(TRAINER).key
    assert print_of(TRAINER, preset="standard").key != print_of(TRAINER).key


def test_hidden_parameters_do_not_count() -> None:
    item = Workspace().registry.find("Init Image Transformation")
    assert print_of(item, padding=7).key == print_of(item).key, "pad is off"
    assert print_of(item, pad=True, padding=7).key != print_of(item, pad=True).key


def test_a_seed_to_be_drawn_is_named() -> None:
    values = TRAINER.resolve({"random_seed": None})
    assert drawn_parameters(TRAINER, values) == ["random_seed"]
    assert drawn_parameters(TRAINER, TRAINER.resolve({})) == []


def test_differences_name_parameter_old_and_new_value() -> None:
    old, new = print_of(TRAINER), print_of(TRAINER, learning_rate=0.01)
    (reason,) = differences(TRAINER, old.to_json(), new)
    assert str(reason) == "parameter learning_rate 0.001 -> 0.01"
    (reason,) = differences(SPLIT, print_of(SPLIT).to_json(), print_of(SPLIT, {"a": "2" * 64}))
    assert str(reason) == f"input a {'1' * 12} -> {'2' * 12}"
    assert differences(SPLIT, print_of(SPLIT).to_json(), print_of(SPLIT)) == ()


STRANGER = """
from typing import Annotated
from visionloom.artifacts.types import ImageDirectory
from visionloom.spec.component import component
from visionloom.spec.context import Context
from visionloom.spec.ports import Input, Output, Setting

{line}

@component(title="Crop", category="Mine"{more})
def crop(
    images: Annotated[ImageDirectory, Input("Images")],
    *,
    side: Annotated[int, Setting("Side", "Pixels.")] = 3,
    context: Context,
) -> Annotated[ImageDirectory, Output("Images")]:
    '''Crop.'''
    return images
"""


def test_the_code_of_a_stranger_s_component_counts_but_not_its_comments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))

    def stranger(name: str, line: str, more: str = "") -> Component:
        (tmp_path / f"{name}.py").write_text(STRANGER.format(line=line, more=more))
        return cast("Component", importlib.import_module(name).crop)

    plain = source_digest(stranger("stranger_one", "FACTOR = 1"))
    assert plain
    assert source_digest(stranger("stranger_two", "# a comment\nFACTOR  =  1")) == plain
    other = stranger("stranger_three", "FACTOR = 2")
    assert source_digest(other) != plain
    (reason,) = differences(
        other, print_of(stranger("stranger_four", "FACTOR = 1")).to_json(), print_of(other)
    )
    assert str(reason) == "source stranger_three.py"
    assert source_digest(stranger("stranger_five", "FACTOR = 3", ", version_only=True")) == ""
    assert source_digest(TRAINER) == "", "ours are known by their version"
