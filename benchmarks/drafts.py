"""How long an edit of a draft takes, its answer included: text, graph, problems.

    python benchmarks/drafts.py [STEPS]        (default: 300)

Prints the median of each kind of edit in milliseconds. An edit of 300 steps is to be answered
within 250, fifty parameters at once within a second; moving steps reads nothing.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from visionloom.server.desk import Desk, open_desk
from visionloom.server.models.drafts import DraftState, EditRequest, NewDraft
from visionloom.server.routes.drafts import edit_draft, new_draft
from visionloom.settings import Settings
from visionloom.workspace import Workspace

REPEATS = 7
PHOTOS = 20_000


class Page:
    """A page in which a draft is open."""

    def __init__(self, desk: Desk, text: str) -> None:
        self.desk = desk
        self.draft = new_draft(desk, NewDraft(text=text))

    def edit(self, *edits: dict[str, Any]) -> tuple[float, float]:
        """Milliseconds until an edit is answered: those of the clock, and of computing."""
        request = EditRequest.model_validate(
            {"base": self.draft.revision, "label": "Edit", "edits": edits}
        )
        start, computing = time.perf_counter(), time.process_time()
        answer = edit_draft(self.desk, self.draft.id, request)
        took = 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - computing)
        if not isinstance(answer, DraftState):
            raise SystemExit(f"refused: {answer.body!r}")
        self.draft = answer
        return took


def chain(count: int, photos: Path) -> str:
    """A pipeline of a conversion and many splits, each of the one before."""
    parts = [
        f"type: pipeline\n\ninputs:\n  photos:\n    type: uri_folder\n    path: {photos}\n\njobs:\n"
        "  s0:\n    type: command\n    component: azureml:convert_to_image_directory:1\n"
        "    inputs:\n      input_dataset: ${{parent.inputs.photos}}\n"
    ]
    port = "output_image_directory"
    for number in range(1, count):
        parts.append(
            f"\n  s{number}:\n    type: command\n    component: azureml:split_image_directory:1\n"
            "    inputs:\n"
            f"      input_image_directory: ${{{{parent.jobs.s{number - 1}.outputs.{port}}}}}\n"
            f"      fraction: 0.9\n      random_seed: {number}\n"
        )
        port = "output_image_directory1"
    return "".join(parts)


def kinds(count: int) -> Iterator[tuple[str, Iterator[list[dict[str, Any]]]]]:
    """Edits by what they are."""
    numbers = itertools.count(1)

    def parameter(step: int) -> dict[str, Any]:
        value = next(numbers)
        return {"kind": "set_parameter", "step": f"s{step}", "name": "random_seed", "value": value}

    def position() -> dict[str, Any]:
        return {"x": float(next(numbers)), "y": 0.0}

    some = range(1, min(count, 51))
    names = itertools.pairwise(
        itertools.chain([f"s{count // 2}"], (f"name_{n}" for n in itertools.count()))
    )
    yield "set a parameter", ([parameter(1)] for _ in itertools.count())
    yield f"set {len(some)} parameters", ([parameter(n) for n in some] for _ in itertools.count())
    yield (
        "rename a step",
        ([{"kind": "rename_step", "step": old, "new": new}] for old, new in names),
    )
    yield (
        "add a step",
        ([{"kind": "add_step", "component": "split_image_directory"}] for _ in itertools.count()),
    )
    yield (
        "remove a step",
        ([{"kind": "remove_steps", "steps": [f"s{n}"]}] for n in itertools.count(2)),
    )
    yield (
        "move a step",
        ([{"kind": "move", "positions": {"s1": position()}}] for _ in itertools.count()),
    )


def show(kind: str, times: list[tuple[float, float]]) -> None:
    """Print the medians."""
    waited, computed = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"  {kind:<22} {waited:8.1f} ms, {computed:.1f} of them computing")


def main() -> None:
    """Print how long each takes."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        desk = open_desk(Workspace(Settings(home=folder / "home", offline=True)))
        (folder / "few").mkdir()
        page = Page(desk, chain(count, folder / "few"))
        print(f"{count} steps")
        for kind, edits in kinds(count):
            show(kind, [page.edit(*next(edits)) for _ in range(REPEATS)])
        for number in range(PHOTOS):
            photo = folder / "many" / f"class_{number % 5}" / f"{number}.jpg"
            photo.parent.mkdir(parents=True, exist_ok=True)
            photo.touch()
        print(f"2 steps, {PHOTOS} photos")
        page = Page(desk, chain(2, folder / "many"))
        _, edits = next(kinds(2))
        time.sleep(2.1)
        show("first after a moment", [page.edit(*next(edits))])
        show("set a parameter", [page.edit(*next(edits)) for _ in range(REPEATS)])
        desk.close()
        desk.workspace.records.close()


if __name__ == "__main__":
    main()
