"""Pipelines carried out: what runs, what is reused, and why."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import visionloom as vl
from visionloom.artifacts.store import open_artifact
from visionloom.artifacts.types import TrainedModel
from visionloom.engine.hardware import ask_hardware
from visionloom.runs.history import compare, view
from visionloom.runs.pipeline_run import start_supervisor
from visionloom.runs.python_pipeline import Pipeline, PipelineRun
from visionloom.workspace import Workspace

Make = Callable[..., Path]


def canonical(photos: Path, *, mirror: bool = True, **training: object) -> Pipeline:
    """The nine steps, small."""
    with vl.Pipeline("canonical", folder=photos.parent) as made:
        source = made.data("photos", photos)
        images = vl.convert_to_image_directory(source, step="convert")
        first, second = vl.split_image_directory(images, fraction=0.7, step="split")
        transformation = vl.init_image_transformation(
            resize=True, size=36, crop_size=32, random_horizontal_flip=mirror, step="transformation"
        )
        seen = vl.apply_image_transformation(
            transformation, first, mode="For training", step="apply_training"
        )
        held_out = vl.apply_image_transformation(
            transformation, second, mode="For inference", step="apply_validation"
        )
        start = vl.resnet(model_name="resnet18", pretrained=False, step="model")
        options = {"epochs": 1, "batch_size": 4, "precision": "fp32", **training}
        model = vl.train_pytorch_model(start, seen, held_out, step="train", **options)
        scores = vl.score_image_model(model, second, precision="fp32", step="score")
        made.output("evaluation", vl.evaluate_model(scores, step="evaluate"))
    assert isinstance(made, Pipeline)
    return made


def ran(run: PipelineRun) -> set[str]:
    return {name for name, state in run.states.items() if state == "succeeded"}


def test_the_canonical_pipeline_is_reused_as_far_as_nothing_changed(
    photos: Make, tmp_path: Path
) -> None:
    folder = photos(cat=7, dog=7)
    first = canonical(folder).run()
    assert len(ran(first)) == 9
    assert all(str(why).startswith("run: ") for why in first.decisions.values())
    origin = open_artifact(first.outputs["train.trained_model"]).origin
    assert (origin["run"], origin["step"]) == (first.id, "train")
    assert "display_name: canonical" in origin["pipeline"], "the pipeline travels with the model"
    second = canonical(folder).run()
    assert ran(second) == set()
    assert set(second.states.values()) == {"reused"}
    assert second.outputs == first.outputs
    for unimportant in ({"print_frequency": 3}, {"decode_threads": 2}, {"cache": False}):
        assert ran(canonical(folder, **unimportant).run()) == set()
    third = canonical(folder, learning_rate=0.02).run()
    assert ran(third) == {"train", "score", "evaluate"}
    assert "parameter learning_rate 0.001 -> 0.02" in third.decisions["train"]
    found = {
        (d.step, d.what, d.name)
        for d in compare(view(Workspace(), first.id), view(Workspace(), third.id))
    }
    assert ("train", "parameter", "learning_rate") in found
    assert {step for step, what, _ in found if what == "result"} == {"train", "score", "evaluate"}


def test_equal_content_cuts_a_chain_of_new_runs_off(photos: Make) -> None:
    folder = photos(cat=7, dog=7)
    canonical(folder).run()
    (folder / "notes.txt").write_text("no picture")
    again = canonical(folder).run()
    assert ran(again) == {"convert"}, "the folder changed, the pictures did not"


def test_pictures_at_another_place_are_listed_anew_and_the_training_is_reused(
    photos: Make, tmp_path: Path
) -> None:
    folder = photos(cat=7, dog=7)
    canonical(folder).run()
    moved = tmp_path / "elsewhere" / "photos"
    moved.parent.mkdir()
    shutil.move(folder, moved)
    again = canonical(moved).run()
    assert ran(again) == {"convert", "split", "apply_training", "apply_validation"}
    assert "the pictures are at another place" in again.decisions["convert"]
    assert again.states["train"] == "reused"


@pytest.mark.slow
def test_a_changed_picture_changes_everything_after_it(photos: Make) -> None:
    folder = photos(cat=7, dog=7)
    canonical(folder).run()
    time.sleep(0.01)
    target = folder / "cat" / "cat_00.png"
    target.write_bytes((folder / "dog" / "dog_00.png").read_bytes())
    again = canonical(folder).run()
    assert again.states["transformation"] == again.states["model"] == "reused"
    assert ran(again) == {
        "convert", "split", "apply_training", "apply_validation", "train", "score", "evaluate",
    }  # fmt: skip
    assert "input input_dataset" in again.decisions["convert"]


def test_a_damaged_result_is_named_and_made_again(photos: Make) -> None:
    folder = photos(cat=7, dog=7)
    first = canonical(folder).run()
    path = first.outputs["score.scored_dataset"].path / "scores.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(data))
    again = canonical(folder).run()
    assert ran(again) == {"score"}, "and equal content cuts the evaluation off"
    assert "the earlier result is gone" in again.decisions["score"]


def test_a_forced_run_is_a_source_of_reuse(photos: Make) -> None:
    folder = photos(cat=7, dog=7)
    forced = canonical(folder).run(no_reuse=True)
    assert len(ran(forced)) == 9
    again = canonical(folder).run()
    assert ran(again) == set()
    assert forced.id in view(Workspace(), again.id).steps[0].source


@pytest.mark.slow
def test_a_seed_to_be_drawn_runs_every_time(photos: Make) -> None:
    folder = photos(cat=7, dog=7)
    first = canonical(folder, random_seed=None).run()
    second = canonical(folder, random_seed=None).run()
    assert ran(second) >= {"train"}
    assert "not deterministic: random_seed" in second.decisions["train"]
    models = [TrainedModel(r.outputs["train.trained_model"].path) for r in (first, second)]
    assert models[0] != models[1]


def test_a_step_s_error_is_raised_as_what_it_is(photos: Make) -> None:
    folder = photos(cat=7, dog=7)
    with pytest.raises(vl.TrainingFailedError, match="not finite"):
        canonical(folder, epochs=5, learning_rate=1e6).run()
    run = Workspace().records.find_run("last")
    states = {step.name: step.state for step in Workspace().records.steps(run.id)}
    assert run.state == "failed"
    assert (states["train"], states["score"], states["evaluate"]) == (
        "failed",
        "skipped",
        "skipped",
    )


def test_faults_are_found_before_anything_runs(photos: Make) -> None:
    folder = photos(cat=7)
    with pytest.raises(vl.InvalidPipelineError):
        canonical(folder).run()
    assert Workspace().records.list_runs() == []


def test_a_folder_of_the_user_s_is_refused_before_a_run_begins(photos: Make) -> None:
    folder = photos(cat=2, dog=2)
    (folder.parent / "thesis").mkdir()
    (folder.parent / "thesis" / "chapter.txt").write_text("years of work")
    with vl.Pipeline("small", folder=folder.parent) as made:
        images = vl.convert_to_image_directory(made.data("photos", folder), step="convert")
        made.output("images", images, path="thesis")
    assert isinstance(made, Pipeline)
    with pytest.raises(vl.OutputExistsError, match="would replace"):
        made.run()
    assert Workspace().records.list_runs() == []


def test_a_removed_folder_of_a_run_does_not_keep_it_from_being_taken_up(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "gone"
    start_supervisor(Workspace(), "20260101-000000-0000", folder)
    assert (folder / "supervisor.log").exists()


def test_nothing_in_the_folder_it_is_run_from_is_imported(
    photos: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photos(cat=2, dog=2)
    here = tmp_path / "here"
    here.mkdir()
    trace = tmp_path / "imported"
    for name in ("secrets", "random", "torch", "visionloom"):
        (here / f"{name}.py").write_text(f"open({str(trace)!r}, 'a').write({name!r})\n")
    monkeypatch.chdir(here)
    with vl.Pipeline("small", folder=here) as made:
        vl.convert_to_image_directory(made.data("photos", folder), step="convert")
    assert isinstance(made, Pipeline)
    assert ran(made.run()) == {"convert"}
    ask_hardware(tmp_path / "cache", "cpu", "fp32")
    assert not trace.exists()
