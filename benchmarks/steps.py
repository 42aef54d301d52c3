"""What a training step costs in CPU seconds, in this tree against an earlier commit.

    python benchmarks/steps.py --against COMMIT [--pairs 10] [--epochs 8]

Both train the same small network on the handwritten digits, in turn, each time in a new process;
measured is the whole of the training loop, checkpoints included, per step. Prints the ratio with
its 95 % interval over the pairs.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_T_95 = {5: 2.571, 9: 2.262, 11: 2.201, 14: 2.145, 19: 2.093, 29: 2.045}
"""Two-sided quantiles of Student's t by degrees of freedom; the next smaller one is taken."""


def measure(material: Path, epochs: int) -> None:
    """Train once in this process and print CPU seconds per step and the digest of the weights."""
    from visionloom.artifacts.types import TrainedModel
    from visionloom.models.directory import read_trained
    from visionloom.training.loop import Trainer
    from visionloom.workspace import Workspace

    fit = Trainer.fit
    spent: list[float] = []

    def timed(trainer: Trainer) -> Any:
        begun = time.process_time()
        fitted = fit(trainer)
        spent.append((time.process_time() - begun) / (trainer.feed.batch_count() * epochs))
        return fitted

    Trainer.fit = timed  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary) / "scratch"
        scratch.mkdir()
        made = Workspace().run(
            "train_pytorch_model",
            inputs={
                "untrained_model": material / "start",
                "training_dataset": material / "seen",
                "validation_dataset": material / "held-out",
            },
            parameters={
                "epochs": epochs, "patience": epochs, "batch_size": 32, "device": "cpu",
                "precision": "fp32", "learning_rate": 0.01, "decode_threads": 1,
            },
            outputs={"trained_model": Path(temporary) / "model"},
            scratch=scratch,
        )["trained_model"]  # fmt: skip
        digest = read_trained(TrainedModel(made.path)).weights_digest
    print(json.dumps({"step": spent[0], "weights": digest}))


def make_material(folder: Path) -> None:
    """Digits, divided and transformed, and a network."""
    import visionloom as vl
    from visionloom.runs.digits import write_digits

    write_digits(folder / "photos")
    images = vl.convert_to_image_directory(folder / "photos", out=folder / "images")
    parts = vl.split_image_directory(images, fraction=0.4, out=(folder / "one", folder / "other"))
    transformation = vl.init_image_transformation(
        resize=True, size=36, crop_size=32, random_horizontal_flip=True, out=folder / "transform"
    )
    for name, part, mode in (
        ("seen", parts[0], "For training"),
        ("held-out", parts[0], "For inference"),
    ):
        vl.apply_image_transformation(transformation, part, mode=mode, out=folder / name)
    vl.timm_model(model_name="test_resnet", pretrained=False, out=folder / "start")


def run_in(tree: Path, material: Path, epochs: int) -> dict[str, Any]:
    """Measure once with the source of a tree."""
    done = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).resolve()),
            "--measure",
            str(material),
            "--epochs",
            str(epochs),
        ],
        env={**os.environ, "PYTHONPATH": str(tree / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def interval(logs: list[float]) -> tuple[float, float, float]:
    """Geometric mean of ratios whose logarithms are given, and its 95 % interval."""
    middle = statistics.fmean(logs)
    freedom = len(logs) - 1
    quantile = _T_95[max(known for known in _T_95 if known <= freedom)]
    half = quantile * statistics.stdev(logs) / math.sqrt(len(logs))
    return math.exp(middle), math.exp(middle - half), math.exp(middle + half)


def main() -> None:
    """Measure in pairs and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--against", default="HEAD", help="commit to compare with")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    said = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["VISIONLOOM_OFFLINE"] = "1"
    if said.measure is not None:
        measure(said.measure, said.epochs)
        return
    if said.pairs < 6:
        parser.error("--pairs must be 6 or more")
    with tempfile.TemporaryDirectory(prefix="visionloom-steps-") as temporary:
        folder = Path(temporary)
        os.environ["VISIONLOOM_HOME"] = str(folder / "home")
        packed = subprocess.run(
            ["git", "archive", said.against, "src"], cwd=ROOT, capture_output=True, check=True
        ).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(folder / "before", filter="data")
        make_material(folder / "material")
        logs, same = [], True
        for number in range(said.pairs):
            trees = [ROOT, folder / "before"]
            if number % 2:
                trees.reverse()
            found = {tree: run_in(tree, folder / "material", said.epochs) for tree in trees}
            now, before = found[ROOT], found[folder / "before"]
            same = same and now["weights"] == before["weights"]
            logs.append(math.log(now["step"] / before["step"]))
            print(
                f"pair {number + 1:2}: {1000 * before['step']:.2f} ms before, "
                f"{1000 * now['step']:.2f} ms now",
                flush=True,
            )
    ratio, low, high = interval(logs)
    print(
        f"CPU time per step, now over {said.against}: {ratio:.4f} ({low:.4f} to {high:.4f}, 95 %); "
        f"weights {'the same' if same else 'DIFFER'}"
    )


if __name__ == "__main__":
    main()
