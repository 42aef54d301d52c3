"""`validate`, `diff` and `targets` as a user types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.engine.pipelines import CANONICAL, broken, photos_at

VISIONLOOM = str(Path(sys.executable).parent / "visionloom")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    photos_at(tmp_path / "photos")
    (tmp_path / "cats.yml").write_text(CANONICAL)
    return tmp_path


def run(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [VISIONLOOM, *map(str, words)], capture_output=True, text=True, cwd=folder, timeout=60,
        check=False,
    )  # fmt: skip


def test_a_file_without_a_problem_says_so(folder: Path) -> None:
    done = run(folder, "validate", "cats.yml")
    assert (done.returncode, done.stdout, done.stderr) == (0, "9 steps, no problem.\n", "")


def test_every_fault_is_a_line_with_its_place(folder: Path) -> None:
    text = broken("fraction: 0.8", "fractoin: 0.8").replace("batch_size: 16", "batch_size: 0")
    (folder / "cats.yml").write_text(text)
    done = run(folder, "validate", "cats.yml")
    assert done.returncode == 2
    first, second, summary = done.stdout.splitlines()
    line = text[: text.index("fractoin")].count("\n") + 1
    assert first.startswith(f"cats.yml:{line}:7: error P1: ")
    assert "Did you mean fraction?" in first
    assert "error P2: Batch size is 0" in second
    assert summary == "9 steps, 2 errors."


def test_warnings_count_only_when_asked(folder: Path) -> None:
    (folder / "cats.yml").write_text(broken("azureml:densenet:1", "azureml:densenet"))
    done = run(folder, "validate", "cats.yml")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "9 steps, 1 warning."
    assert run(folder, "validate", "cats.yml", "--strict").returncode == 2


def test_values_and_a_target_are_checked_too(folder: Path) -> None:
    done = run(folder, "validate", "cats.yml", "--set", "epochs=0", "--target", "nowhere")
    assert done.returncode == 2
    assert "--set epochs: error P2" in done.stdout
    assert "--target: error S1" in done.stdout
    assert run(folder, "validate", "cats.yml", "--set", "epochs=3").returncode == 0
    assert run(folder, "validate", "cats.yml", "--set", "epochs").returncode == 2


def test_problems_come_as_json_for_editors(folder: Path) -> None:
    (folder / "cats.yml").write_text(broken("fraction: 0.8", "fraction: 8"))
    done = run(folder, "validate", "cats.yml", "--json")
    assert done.returncode == 2
    value = json.loads(done.stdout)
    assert (value["errors"], value["warnings"], value["steps"]) == (1, 0, 9)
    assert value["problems"][0]["code"] == "P2"


def test_a_file_that_is_not_there_is_wrong_use(folder: Path) -> None:
    done = run(folder, "validate", "dogs.yml")
    assert done.returncode == 2
    assert "dogs.yml cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_name_that_is_no_text_is_wrong_use(folder: Path) -> None:
    odd = folder / os.fsdecode(b"c\xffts")
    odd.mkdir()
    (odd / "cats.yml").write_text(CANONICAL)
    done = run(odd, "run", "cats.yml")
    assert (done.returncode, "is not UTF-8" in done.stderr) == (2, True), done.stderr
    value = os.fsdecode(b"epochs=\xff")
    done = run(folder, "run", "cats.yml", "--set", value)
    assert (done.returncode, "is not UTF-8" in done.stderr) == (2, True), done.stderr


def test_a_hostile_file_ends_at_once_and_shows_no_control_characters(folder: Path) -> None:
    (folder / "cats.yml").write_bytes(b"a: !!python/object/apply:os.system ['touch hacked']\n" * 3)
    done = run(folder, "validate", "cats.yml")
    assert done.returncode == 2
    assert "cats.yml:1:4: error Y3" in done.stdout
    assert not (folder / "hacked").exists()
    name = '"\\e]0;hacked\\a\\u202Ex"'
    (folder / "cats.yml").write_text(broken("  split:\n", f"  {name}:\n"))
    done = run(folder, "validate", "cats.yml")
    assert done.returncode == 2
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


def test_checking_loads_neither_torch_nor_a_database(folder: Path) -> None:
    script = (
        "import sys\n"
        "from visionloom.cli.main import main\n"
        "try:\n    main(['validate', 'cats.yml'])\nexcept SystemExit as done:\n"
        "    assert not done.code\n"
        "heavy = {'torch', 'sqlalchemy', 'alembic', 'numpy', 'duckdb', 'sklearn', 'PIL'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=folder, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_checking_is_quick(folder: Path) -> None:
    """The whole process; the limit is for a hang, the figure is in docs/pipelines.md."""
    run(folder, "validate", "cats.yml")
    start = time.monotonic()
    assert run(folder, "validate", "cats.yml").returncode == 0
    assert time.monotonic() - start < 10


def test_two_files_are_compared_in_their_own_words(folder: Path) -> None:
    (folder / "other.yml").write_text(
        "# another comment\n" + broken("fraction: 0.8", "fraction:   0.7").replace(
            "  densenet:\n", "  network:\n").replace("jobs.densenet.", "jobs.network.")
    )  # fmt: skip
    done = run(folder, "diff", "cats.yml", "other.yml")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "step densenet is called network", "step split", "  parameter fraction: 0.8 -> 0.7",
    ]  # fmt: skip
    assert len(json.loads(run(folder, "diff", "cats.yml", "other.yml", "--json").stdout)) == 2
    assert run(folder, "diff", "cats.yml", "cats.yml").stdout == "No difference.\n"
    (folder / "other.yml").write_text("a: [")
    done = run(folder, "diff", "cats.yml", "other.yml")
    assert done.returncode == 2
    assert "other.yml:2:1: error Y1" in done.stderr or "other.yml:1" in done.stderr


def test_targets_are_added_listed_chosen_and_removed(folder: Path) -> None:
    (folder / "cats.yml").write_text(broken("azureml:local", "azureml:gpu-cluster"))
    assert "no target gpu-cluster" in run(folder, "validate", "cats.yml").stdout
    done = run(
        folder, "targets", "add", "gpu-cluster", "--device", "cpu", "--slots", 2, "--memory",
        "12 GiB",
    )  # fmt: skip
    assert done.stdout == (
        "Target gpu-cluster added: device cpu, 2 slots, 12 GiB of memory for a step.\n"
    )
    assert run(folder, "validate", "cats.yml").stdout == "9 steps, no problem.\n"
    assert run(folder, "targets", "default", "gpu-cluster").returncode == 0
    listed = {
        row["name"]: row for row in json.loads(run(folder, "targets", "list", "--json").stdout)
    }
    assert listed["gpu-cluster"]["default"]
    assert listed["gpu-cluster"]["memory_bytes"] == 12 * 2**30
    assert "gpu-cluster" in run(folder, "targets").stdout
    assert run(folder, "targets", "remove", "gpu-cluster").returncode == 2
    assert run(folder, "targets", "default", "local").returncode == 0
    assert run(folder, "targets", "remove", "gpu-cluster").returncode == 0
    assert run(folder, "targets", "add", "x y").returncode == 2
    assert os.listdir(os.environ["VISIONLOOM_HOME"]) == ["targets.toml"]
