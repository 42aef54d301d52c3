"""Every file we write or ship for pipelines passes Azure's own client, offline."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.conftest import PORT, browser
from tests.server.test_drafts import CANONICAL, Editor, build_canonical
from visionloom.azure.export import export
from visionloom.cli.main import main
from visionloom.errors import OutputExistsError, UsageError
from visionloom.server.desk import open_desk
from visionloom.spec.component_file import write_component
from visionloom.spec.pipeline_file import read_pipeline
from visionloom.workspace import Workspace

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "pipelines").glob("*.yml"))


def client_says(*files: Path) -> list[dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.azure.client", *map(str, files)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def test_components_examples_and_exports_pass_the_client_without_a_network(tmp_path: Path) -> None:
    registry = Workspace().registry
    files = []
    for item in registry:
        path = tmp_path / f"{item.name}.yml"
        path.write_text(write_component(item, environment="azureml:visionloom:1"))
        files.append(path)
    for example in EXAMPLES:
        out = tmp_path / example.stem
        export(read_pipeline(example).pipeline, registry, out, compute="cpu-cluster")
        files += [out / "pipeline.yml", *(out / "components").iterdir()]
    answers = client_says(*files)
    assert len(answers) == len(files)
    failed = {str(a["path"]): a["errors"] for a in answers if not a["passed"]}
    assert not failed


def saved_by_the_designer() -> Path:
    """The file of the canonical pipeline, built by edits."""
    desk = open_desk(Workspace(), port=PORT)
    with browser(desk) as client:
        editor = Editor(client)
        build_canonical(editor)
        for _, name in CANONICAL:
            said = {"kind": "set_step", "step": name, "key": "comment", "value": "by hand: #1"}
            editor.edit(said)
        compute = {"kind": "set_setting", "key": "default_compute", "value": "azureml:cpu"}
        editor.edit(compute, {"kind": "set_head", "key": "display_name", "value": "Flowers"})
    desk.workspace.records.close()
    file = Path(editor.draft["file"])
    assert file.read_text() == editor.text
    (file.parent / "photos").mkdir()
    return file


def test_the_examples_themselves_and_what_the_designer_saves_pass_the_client(
    home: Path, tmp_path: Path
) -> None:
    """The examples but for the compute, which they leave open."""
    copies = []
    for example in EXAMPLES:
        text = example.read_text().replace(
            "\njobs:", "\nsettings:\n  default_compute: azureml:cpu\n\njobs:"
        )
        copies.append(tmp_path / example.name)
        copies[-1].write_text(text)
    assert len(copies) == 4
    saved = saved_by_the_designer()
    out = tmp_path / "exported"
    export(read_pipeline(saved).pipeline, Workspace().registry, out, compute="cpu-cluster")
    answers = client_says(*copies, saved, out / "pipeline.yml")
    assert len(answers) == 6
    assert {str(a["path"]): a["errors"] for a in answers if not a["passed"]} == {}


def test_a_fault_that_the_client_finds_is_found_by_this_test(tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text(
        EXAMPLES[0].read_text().replace("type: command", "type: nonsense", 1)
    )
    (answer,) = client_says(tmp_path / "bad.yml")
    assert not answer["passed"]


def test_a_pipeline_without_a_compute_or_with_a_local_file_is_refused(tmp_path: Path) -> None:
    registry = Workspace().registry
    pipeline = read_pipeline(EXAMPLES[-1]).pipeline
    with pytest.raises(UsageError, match="--compute"):
        export(pipeline, registry, tmp_path / "out")
    text = EXAMPLES[-1].read_text().replace("weights: ''", "weights: densenet121.safetensors")
    (tmp_path / "local.yml").write_text(text)
    with pytest.raises(UsageError, match=r"names the file densenet121\.safetensors"):
        export(
            read_pipeline(tmp_path / "local.yml").pipeline, registry, tmp_path / "out", compute="c"
        )
    export(pipeline, registry, tmp_path / "out", compute="c")
    with pytest.raises(OutputExistsError):
        export(pipeline, registry, tmp_path / "out", compute="c")


def test_the_command_exports_and_refuses_a_folder_that_is_no_export(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["azure", "export", str(EXAMPLES[0]), "--out", str(tmp_path / "out"), "--compute", "c"]
    with pytest.raises(SystemExit) as done:
        main(words)
    assert done.value.code == 0
    assert "az ml job create" in capsys.readouterr().out
    (tmp_path / "thesis").mkdir()
    words[4] = str(tmp_path / "thesis")
    with pytest.raises(SystemExit) as done:
        main([*words, "--overwrite"])
    assert done.value.code == 2
