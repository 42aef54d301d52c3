"""Trainings killed at random and gone on with: all end as the undisturbed one did.

    python -m tests.faults.kill_and_resume [--cycles 200] [--seed 1] [--trainings 20]

20 recipes: each fine-tuning mode with each optimizer and schedule, and both ways to balance, with
augmentation (but for the head alone, which has none) and early stopping. Half the kills hit a
training alone, the other half a pipeline's step, its supervisor, or both. Prints a row for each
recipe; exits with 1 when one ended otherwise.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import visionloom as vl
from tests.faults.trainings import (
    Material,
    compared,
    end_of,
    in_a_child,
    make_material,
    outcome,
    preload,
    read_report,
    recipes,
    undisturbed,
)
from visionloom.artifacts.types import TrainedModel
from visionloom.engine import process
from visionloom.engine.executors.base import run_marker
from visionloom.records.rows import RUN_ENDS, RunRow
from visionloom.runs.follow import is_orphan, reconcile
from visionloom.runs.pipeline_run import RunRequest, continue_run, prepare_pipeline, submit
from visionloom.runs.python_pipeline import Pipeline
from visionloom.spec.context import silent
from visionloom.workspace import Workspace

WHOM = ("step", "supervisor", "both", "everything")
_LONGEST = 180.0
_TO_TAKE_UP = 2.0
"""Seconds until a new supervisor has said who it is."""
_TO_START = 3.0
"""Seconds a step's process takes to start, in which it may be killed too."""


@dataclass
class Tally:
    """What became of one recipe.

    Attributes:
        kills: Whom -> how often.
        ends: Trainings that came to their end.
        wrong: What ended otherwise, in words.
    """

    kills: Counter[str] = field(default_factory=Counter)
    ends: int = 0
    wrong: list[str] = field(default_factory=list)


def kill_alone(
    material: Material,
    recipe: Mapping[str, Any],
    folder: Path,
    kills: int,
    draws: random.Random,
    tally: Tally,
    wanted: Mapping[str, Any],
    whole: float,
) -> None:
    """Kill a training in a process of its own ``kills`` times within its ``whole`` seconds."""
    left = kills
    while left > 0:
        scratch = folder / f"alone-{left}"
        scratch.mkdir()
        report = folder / f"alone-{left}.json"
        while True:
            child = in_a_child(material, recipe, scratch, report)
            if left and not _ends_within(child, draws.uniform(0, whole)):
                os.kill(child, signal.SIGKILL)
                end_of(child)
                left -= 1
                tally.kills["alone"] += 1
                continue
            found = read_report(report, end_of(child))
            break
        tally.ends += 1
        tally.wrong += [f"alone: {name}" for name in compared(found, wanted)]
        shutil.rmtree(scratch)


def _ends_within(child: int, seconds: float) -> bool:
    """Whether a child ends by itself; it is not yet waited for."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return True
        time.sleep(0.002)
    return False


class Killer:
    """Carries out the pipeline of one recipe and kills what belongs to it."""

    def __init__(self, material: Material, recipe: Mapping[str, Any], home: Path) -> None:
        os.environ["VISIONLOOM_HOME"] = str(home)
        self.workspace = Workspace()
        inputs = material.inputs(recipe)
        with vl.Pipeline("killed", folder=home) as made:
            ports = {name: made.data(name, path) for name, path in inputs.items()}
            made.output("model", vl.train_pytorch_model(**ports, step="train", **recipe))
        assert isinstance(made, Pipeline)
        self.pipeline = made.pipeline

    def carry_out(self, kills: list[tuple[float, str]], tally: Tally) -> dict[str, Any]:
        """Run to the end; ``kills`` says when, seconds after training began to run, and whom.

        Kills left when the run ends stay in the list.
        """
        run = submit(
            prepare_pipeline(self.workspace, self.pipeline, RunRequest(no_reuse=True)), here=False
        )
        until = time.monotonic() + _LONGEST
        begun, taken_up = None, -_TO_TAKE_UP
        while time.monotonic() < until:
            row = self.workspace.records.get_run(run)
            if row.state == "succeeded":
                self._await_quiet(row)
                return self._outcome(row)
            if row.state in RUN_ENDS:
                run = submit(continue_run(self.workspace, row), here=False)
                begun = None
            elif is_orphan(row):
                if time.monotonic() >= taken_up + _TO_TAKE_UP:
                    taken_up = time.monotonic()
                    reconcile(self.workspace, silent)
            elif begun is None and row.state == "running":
                begun = time.monotonic()
            elif begun is not None and kills and time.monotonic() - begun >= kills[0][0]:
                whom = kills.pop(0)[1]
                if self._kill(row, whom):
                    tally.kills[whom] += 1
                    until = time.monotonic() + _LONGEST
                begun = time.monotonic()
            time.sleep(0.01)
        raise AssertionError(f"the run did not end: {self.workspace.records.get_run(run)}")

    def _kill(self, run: RunRow, whom: str) -> bool:
        """Whether there was somebody to kill."""
        victims = []
        # the supervisor first: nothing of it may see the step die
        if whom != "step" and run.supervisor is not None:
            victims.append(run.supervisor)
        if whom == "everything":
            victims += process.find_marked(run_marker(str(self.workspace.settings.home), run.id))
        elif whom in {"step", "both"}:
            victims += [
                attempt.process
                for attempt in self.workspace.records.attempts(run.id, "train")
                if attempt.state == "running" and attempt.process is not None
            ]
        for victim in victims:
            process.send_signal(victim, process.KILL)
        return bool(victims)

    def _await_quiet(self, run: RunRow) -> None:
        """Wait until no process of the run is left to write into its folder."""
        marker = run_marker(str(self.workspace.settings.home), run.id)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            alive = run.supervisor is not None and process.is_alive(run.supervisor)
            if not alive and not process.find_marked(marker):
                return
            time.sleep(0.02)
        raise AssertionError(f"processes of run {run.id} outlived it")

    def _outcome(self, run: RunRow) -> dict[str, Any]:
        (output,) = self.workspace.records.outputs(run.id, "train")
        found = outcome(TrainedModel(self.workspace.store.path(output.object)))
        curve = self.workspace.records.curve(run.id, "train", "valid_loss")
        return {**found, "told": [point.index for point in curve]}


def kill_in_pipelines(
    material: Material,
    recipe: Mapping[str, Any],
    home: Path,
    kills: int,
    draws: random.Random,
    tally: Tally,
    wanted: Mapping[str, Any],
    whole: float,
) -> None:
    """Kill step, supervisor, both or everything of pipelines ``kills`` times."""
    killer = Killer(material, recipe, home)
    # what no model holds is compared where trainings run alone
    wanted = {name: value for name, value in wanted.items() if not name.startswith("final ")}
    whole += _TO_START
    while (left := kills - _killed_in_pipelines(tally)) > 0:
        plan = [(draws.uniform(0, whole), draws.choice(WHOM)) for _ in range(left)]
        found = killer.carry_out(plan, tally)
        tally.ends += 1
        tally.wrong += [f"pipeline: {name}" for name in compared(found, wanted)]
    killer.workspace.records.close()


def _killed_in_pipelines(tally: Tally) -> int:
    return sum(tally.kills[whom] for whom in WHOM)


def main(arguments: list[str]) -> int:
    """Do it; returns 1 when a training ended otherwise than the undisturbed one."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kill_and_resume")
    parser.add_argument("--cycles", type=int, default=200, help="kills in all")
    parser.add_argument("--seed", type=int, default=1, help="draws moments and victims")
    parser.add_argument("--trainings", type=int, default=20, help="how many of the 20 recipes")
    parser.add_argument("--only", choices=("alone", "pipelines"), help="one half alone")
    said = parser.parse_args(arguments)
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["VISIONLOOM_OFFLINE"] = "1"
    started, wrong, killed = time.monotonic(), 0, Counter[str]()
    with tempfile.TemporaryDirectory(prefix="visionloom-kills-") as temporary:
        folder = Path(temporary)
        os.environ["VISIONLOOM_HOME"] = str(folder / "home")
        material = make_material(folder / "material")
        preload()
        chosen = _spread(recipes(said.seed), said.trainings)
        print(f"{'recipe':44}{'kills':44}{'ends':>5}{'s':>7}  outcome")
        for number, recipe in enumerate(chosen):
            share = said.cycles * (number + 1) // len(chosen) - said.cycles * number // len(chosen)
            draws = random.Random(f"{said.seed} {number}")
            began, tally, mine = time.monotonic(), Tally(), folder / f"recipe-{number}"
            wanted = undisturbed(material, recipe, mine / "undisturbed")
            whole = time.monotonic() - began
            alone = {"alone": share, "pipelines": 0}.get(said.only, share - share // 2)
            if alone:
                kill_alone(material, recipe, mine, alone, draws, tally, wanted, whole)
            if share - alone:
                kill_in_pipelines(
                    material, recipe, mine / "home", share - alone, draws, tally, wanted, whole
                )
            shutil.rmtree(mine)
            killed += tally.kills
            wrong += bool(tally.wrong)
            _print_row(recipe, tally, time.monotonic() - began)
    print(
        f"{sum(killed.values())} kills ({_listed(killed)}) in {len(chosen)} recipes, seed "
        f"{said.seed}, {time.monotonic() - started:.0f} s: "
        f"{'all ended the same' if not wrong else f'{wrong} recipes ended otherwise'}"
    )
    return 1 if wrong else 0


def _spread(made: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """``count`` of the recipes, evenly over them, so that every mode is among a few."""
    count = min(count, len(made))
    return [made[number * len(made) // count] for number in range(count)]


def _print_row(recipe: Mapping[str, Any], tally: Tally, seconds: float) -> None:
    names = ("fine_tuning_mode", "optimizer", "schedule", "balance")
    name = " ".join(str(recipe[key]) for key in names if key in recipe)
    ended = f"otherwise: {', '.join(tally.wrong)}" if tally.wrong else "the same"
    print(f"{name:44}{_listed(tally.kills):44}{tally.ends:5}{seconds:7.1f}  {ended}", flush=True)


def _listed(kills: Mapping[str, int]) -> str:
    return ", ".join(f"{whom} {count}" for whom, count in sorted(kills.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
