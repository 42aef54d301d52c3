"""What docs/pipelines.md says of pipeline files holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.engine.pipelines import check, photos_at
from visionloom.engine.targets import load_targets
from visionloom.settings import Settings
from visionloom.spec.pipeline_file import pipeline_from_text, read_pipeline, write_pipeline
from visionloom.spec.problems import RULES

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "pipelines.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_has_nine_steps_and_no_problem(tmp_path: Path) -> None:
    photos_at(tmp_path / "photos")
    text = block("yaml").replace("densenet121", "densenet121\n      pretrained: false")
    assert check(text, tmp_path) == []
    pipeline = pipeline_from_text(block("yaml"), tmp_path).pipeline
    assert len(pipeline.steps) == 9
    # the order of the document is the one in which files are written
    assert write_pipeline(pipeline) == block("yaml")


def test_the_document_explains_every_code_and_no_other() -> None:
    explained = re.findall(r"^\| ([A-Z]\d) \|", TEXT, re.MULTILINE)
    assert explained == list(RULES)


def test_every_code_is_given_out_somewhere_and_every_one_given_out_is_known() -> None:
    source = "".join(
        path.read_text(encoding="utf-8")
        for room in ("spec", "engine")
        for path in (ROOT / "src" / "visionloom" / room).rglob("*.py")
        if path.name != "problems.py"
    )
    given = set(re.findall(r'"([YKNBPTOCDSE]\d)"', source))
    assert given == set(RULES)


def test_the_example_of_targets_is_understood(tmp_path: Path) -> None:
    (tmp_path / "targets.toml").write_text(block("toml"))
    assert load_targets(Settings(tmp_path)).default.name == "gpu-cluster"


def test_the_example_of_an_edit_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cats.yml").write_text(block("yaml"))
    exec(compile(block("python"), "pipelines.md", "exec"), {})
    steps = read_pipeline(Path("cats.yml")).pipeline.steps
    assert steps["train"].inputs["batch_size"] == 32
    assert "divide" in steps
