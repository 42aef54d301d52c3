"""Every type of artifact, damaged at random: found when verified and when used, the file named.

    python -m tests.faults.damage [--trials 200] [--seed 1]

One file of one artifact is changed by one bit, truncated by a byte or to nothing, or extended by
one. What verifies is told, what the next component reads is told, and so is the store when the
artifact is in it. Prints a row for each type; exits with 1 when a damage went unseen.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import visionloom as vl
from tests.faults.small_training import RECIPE, inputs
from visionloom.artifacts.objects import ObjectStore
from visionloom.artifacts.store import open_artifact
from visionloom.artifacts.types import (
    Artifact,
    Evaluation,
    ImageDirectory,
    ImageTransformation,
    Scores,
    TrainedModel,
    UntrainedModel,
)
from visionloom.errors import DataError
from visionloom.images.directory import read_images
from visionloom.images.transforms import read_transformation
from visionloom.inference.model_report import write_model_report
from visionloom.inference.scores import read_scores
from visionloom.models.directory import read_trained, read_untrained
from visionloom.training import checkpoint
from visionloom.training.checkpoint import Checkpoint
from visionloom.workspace import Workspace

Use = Callable[[Path], object]


@dataclass
class Tally:
    """What became of the damages to one type.

    Attributes:
        trials: How often, by kind of damage.
        unseen: Where a damage was not found, or the file not named.
    """

    trials: dict[str, int] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)


def flip(path: Path, draws: random.Random) -> None:
    """Change one bit."""
    data = bytearray(path.read_bytes())
    data[draws.randrange(len(data))] ^= 1 << draws.randrange(8)
    path.write_bytes(data)


def shorten(path: Path, draws: random.Random) -> None:
    """Leave the last byte out."""
    os.truncate(path, path.stat().st_size - 1)


def empty(path: Path, draws: random.Random) -> None:
    """Leave everything out."""
    os.truncate(path, 0)


def extend(path: Path, draws: random.Random) -> None:
    """Add a byte."""
    with open(path, "ab") as stream:
        stream.write(bytes([draws.randrange(256)]))


DAMAGES = {"bit": flip, "bit ": flip, "-1 byte": shorten, "empty": empty, "+1 byte": extend}


def make_all(folder: Path) -> dict[type[Artifact], tuple[Path, Use]]:
    """Type -> an artifact, and what reads it as the components do that take it."""
    ports = inputs(folder)
    scratch = folder / "scratch"
    images = ImageDirectory(ports["training_dataset"])
    pixels = vl.materialize_image_directory(images, out=folder / "pixels")
    Workspace().run(
        "train_pytorch_model",
        inputs=ports,
        parameters={**RECIPE, "epochs": 2},
        outputs={"trained_model": folder / "model"},
        scratch=scratch,
    )
    newest = max(scratch.glob("checkpoint-*"))
    scored = vl.score_image_model(TrainedModel(folder / "model"), images, out=folder / "scores")
    vl.evaluate_model(scored, out=folder / "evaluation")
    return {
        ImageDirectory: (pixels.path, lambda path: read_images(ImageDirectory(path))),
        ImageTransformation: (
            folder / "transformation",
            lambda path: read_transformation(ImageTransformation(path)),
        ),
        UntrainedModel: (folder / "start", lambda path: read_untrained(UntrainedModel(path))),
        TrainedModel: (folder / "model", lambda path: read_trained(TrainedModel(path))),
        Scores: (folder / "scores", lambda path: read_scores(Scores(path))),
        Evaluation: (
            folder / "evaluation",
            lambda path: write_model_report(
                TrainedModel(folder / "model"), Evaluation(path), path.with_name("report")
            ),
        ),
        Checkpoint: (newest, _resume),
    }


def _resume(path: Path) -> None:
    """What a training does that goes on from a folder with this checkpoint alone."""
    state, warnings = checkpoint.load_latest(path.parent)
    if state is None:
        raise DataError(" ".join(warnings))


def said(work: Callable[[], object]) -> str:
    """What an error says; empty when there is none."""
    try:
        work()
    except DataError as error:
        return str(error)
    return ""


def try_one(
    kind: type[Artifact], made: Path, use: Use, folder: Path, draws: random.Random, tally: Tally
) -> None:
    """Damage a copy of an artifact and look who notices."""
    place = folder / "trial" / made.name
    shutil.copytree(made, place)
    names = sorted(p.relative_to(place) for p in place.rglob("*") if p.is_file())
    name, how = draws.choice(names), draws.choice(sorted(DAMAGES))
    store = ObjectStore(folder / "store")
    shutil.copytree(made, folder / "given")
    stored = store.publish(folder / "given")
    for root in (place, store.path(stored.id)):
        (root / name).chmod(0o644)
        DAMAGES[how](root / name, random.Random(draws.random()))
    tally.trials[how.strip()] = tally.trials.get(how.strip(), 0) + 1
    answers = {
        "verified": said(lambda: open_artifact(kind(place))),
        "used": said(lambda: use(place)),
        "store verified": said(lambda: store.verify(stored.id)),
        "store asked before reuse": store.is_whole(stored.id),
    }
    for who, answer in answers.items():
        if name.name not in answer:
            tally.unseen.append(f"{who}: {how.strip()} of {name}: {answer or 'nothing'}")
    shutil.rmtree(folder / "trial")
    store.remove(stored.id)


def main(arguments: list[str]) -> int:
    """Do it; returns 1 when a damage was not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.damage")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["VISIONLOOM_OFFLINE"] = "1"
    with tempfile.TemporaryDirectory(prefix="visionloom-damage-") as temporary:
        folder = Path(temporary)
        os.environ["VISIONLOOM_HOME"] = str(folder / "home")
        every = make_all(folder)
        tallies: Mapping[type[Artifact], Tally] = {kind: Tally() for kind in every}
        draws = random.Random(options.seed)
        for number in range(options.trials):
            kind = list(every)[number % len(every)]
            try_one(kind, *every[kind], folder, draws, tallies[kind])
    print(f"{'type':26}{'trials':>7}  {'damages':44}unseen")
    for kind, tally in tallies.items():
        damages = ", ".join(f"{how} {count}" for how, count in sorted(tally.trials.items()))
        total = sum(tally.trials.values())
        print(f"{kind.type_name:26}{total:7}  {damages:44}{len(tally.unseen)}")
        for one in tally.unseen:
            print(f"    {one}")
    unseen = sum(len(tally.unseen) for tally in tallies.values())
    outcome = f"{unseen} unseen" if unseen else "all found"
    print(f"{options.trials} damages, seed {options.seed}: {outcome}")
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
