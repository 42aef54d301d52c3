"""How long questions to large records take: ten thousand runs with a hundred points each.

    python benchmarks/records.py [RUNS]

Prints the median of each question in milliseconds. List and curve are to stay below 50.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import insert

from visionloom.records import tables
from visionloom.records.convert import to_columns
from visionloom.records.recorder import Recorder, open_records
from visionloom.records.rows import RunRow, StepRow

EPOCHS = 20
FIGURES = ("train_loss", "valid_loss", "top1_accuracy", "learning_rate", "seconds")
STEPS = ("convert", "split", "train", "score")


def fill(recorder: Recorder, count: int) -> None:
    """Add runs as they are after they succeeded."""
    text = "type: pipeline\n" * 100
    for start in range(0, count, 500):
        numbers = range(start, min(start + 500, count))
        rows: dict[str, list[dict[str, object]]] = {}

        def add(table: str, rows: dict[str, list[dict[str, object]]] = rows, **row: object) -> None:
            rows.setdefault(table, []).append(row)

        for number in numbers:
            run = f"20261125-{number:06d}"
            name = f"pipeline {number % 50}"
            row: RunRow | StepRow = RunRow(
                run, name, state="succeeded", created=number, pipeline=text
            )
            add("runs", **to_columns(row))
            for position, step in enumerate(STEPS):
                key = f"{number}-{step}"
                row = StepRow(run, step, position, step, "1", "succeeded", key=key,
                               parts={"epochs": number}, ended=number, seconds=1.5)  # fmt: skip
                add("steps", **to_columns(row))
                add("objects", id=key, digest=key, type="Model", bytes=1, refers_to=[],
                    files={"weights": 1}, used=0.0)  # fmt: skip
                add("outputs", run=run, step=step, port="out", object=key)
                add("results", key=key, run=run, step=step, component=step,
                    name=name, sources={}, seconds=1.5, created=0.0)  # fmt: skip
                add("events", run=run, step=step, kind="step", old="running", new="succeeded",
                    reason="", at=0.0)  # fmt: skip
            for place, figure in enumerate(FIGURES):
                series = number * len(FIGURES) + place + 1
                add("series", number=series, run=run, step="train", name=figure,
                    last_index=EPOCHS - 1, last_value=0.5)  # fmt: skip
                for epoch in range(EPOCHS):
                    add("points", series=series, index=epoch, value=1 / (epoch + 1))
        with recorder.database.write() as connection:
            for table in tables.metadata.sorted_tables:
                if table.name in rows:
                    connection.execute(insert(table), rows[table.name])


def median_ms(question: Callable[[], object], repeats: int = 50) -> float:
    """Median time of a question, milliseconds, after it was asked once."""
    question()
    times = []
    for _ in range(repeats):
        before = time.perf_counter()
        question()
        times.append(time.perf_counter() - before)
    return statistics.median(times) * 1000


def main(count: int) -> None:
    """Fill and ask."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.sqlite"
        with open_records(f"sqlite:///{path}") as recorder:
            fill(recorder, count)
        before = time.perf_counter()
        with open_records(f"sqlite:///{path}") as recorder:
            print(f"{count} runs, {path.stat().st_size / 1e6:.0f} MB")
            print(f"{'open':32}{(time.perf_counter() - before) * 1000:8.2f} ms")
            middle = f"20261125-{count // 2:06d}"

            def list_page(before: str = "") -> object:
                runs = recorder.list_runs(before=before)
                return recorder.last_metrics(run.id for run in runs)

            keys = [f"{number}-train" for number in range(300)]
            for name, question in {
                "list of 50 with figures": list_page,
                "list from the middle": lambda: list_page(middle),
                "list of failed": lambda: recorder.list_runs(state="failed"),
                "find the last": lambda: recorder.find_run("last"),
                "one run": lambda: recorder.get_run(middle),
                "its steps": lambda: recorder.steps(middle),
                "curve": lambda: recorder.curve(middle, "train", "valid_loss"),
                "all curves": lambda: [recorder.curve(middle, "train", f) for f in FIGURES],
                "300 results by key, one by one": lambda: [recorder.results([k]) for k in keys],
                "300 results by key, at once": lambda: recorder.results(keys),
                "nearest result": lambda: recorder.nearest("train", "train", "pipeline 7"),
                "nearest of the component": lambda: recorder.nearest("train", "no", "no"),
                "expected seconds": lambda: recorder.expected_seconds("train", "train"),
                "expected, another name": lambda: recorder.expected_seconds("train", "no"),
                "objects nobody needs": lambda: recorder.sweepable(1e12),
            }.items():
                repeats = 5 if name.startswith(("300", "objects")) else 50
                print(f"{name:32}{median_ms(question, repeats):8.2f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
