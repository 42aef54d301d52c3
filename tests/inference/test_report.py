"""The page: self-contained, escaped, honest about what it rests on."""

from __future__ import annotations

import html.parser
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import visionloom as vl
from visionloom.artifacts.types import ImageDirectory, TrainedModel
from visionloom.inference.evaluation import evaluate_table, to_json
from visionloom.inference.report import Part, ReportData, render_report, visible
from visionloom.inference.scores import ScoreTable

HOSTILE = "<img src=x onerror=alert(1)>"
ALLOWED = {"html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "h3",
           "div", "small", "p", "span", "svg", "line", "text", "polyline", "circle", "rect",
           "table", "tr", "th", "td", "figure", "img", "figcaption", "b", "br", "dl", "dt", "dd",
           "code", "pre"}  # fmt: skip


class Tags(html.parser.HTMLParser):
    """Collects every tag and every address of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.sources: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.sources += [str(value) for name, value in attrs if name in {"src", "href"}]


def data(classes: tuple[str, ...], files: tuple[str, ...] | None = None) -> ReportData:
    count = 12
    draws = np.random.default_rng(0)
    raw = draws.random((count, len(classes)))
    table = ScoreTable(
        files=files or tuple(f"{HOSTILE}{i}.png" for i in range(count)),
        labels=tuple(classes[i % len(classes)] for i in range(count)),
        groups=None,
        classes=classes,
        probabilities=raw / raw.sum(1, keepdims=True),
    )
    figures = json.loads(json.dumps(to_json(evaluate_table(table))))
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG")
    thumbnails = dict.fromkeys(table.files, buffer.getvalue())
    row = {"train_loss": 1.0, "valid_loss": 0.9, "train_error": 0.4, "top1_accuracy": 0.7}
    summary: dict[str, Any] = {
        "best_epoch": 1, "epochs_run": 2, "stopped_because": "all epochs done",
        "classes": classes, "model": "resnet18", "weights_origin": HOSTILE, "preset": "standard",
        "recipe": {"epochs": 2}, "device": "cpu", "precision": "fp32", "weights_digest": "ab",
        "versions": {"name": HOSTILE, "threads": 1, "visionloom": "1", "python": "3", "torch": "2",
                     "numpy": "2", "pillow": "1", "simplejpeg": "1"},
    }  # fmt: skip
    return ReportData(
        title=HOSTILE, summary=summary, epochs=[row, {**row, "valid_loss": 1.1}],
        parts=[Part("Validation", "", figures, thumbnails)],
        counts={"training": dict.fromkeys(classes, 3)}, skipped=[(HOSTILE, HOSTILE)],
        notes=[HOSTILE], transformation=("", "centre"), command=f"visionloom train '{HOSTILE}'",
    )  # fmt: skip


def parsed(page: str) -> Tags:
    found = Tags()
    found.feed(page)
    return found


@pytest.mark.parametrize("classes", [("a", "b"), (HOSTILE, "b</td>"), tuple(map(str, range(60)))])
def test_the_page_holds_no_script_and_nothing_from_outside(classes: tuple[str, ...]) -> None:
    page = render_report(data(classes))
    found = parsed(page)
    assert found.tags <= ALLOWED
    assert all(source.startswith("data:image/jpeg;base64,") for source in found.sources)
    assert not {name for name in found.attributes if name.startswith("on")}
    assert "default-src 'none'" in page
    assert HOSTILE not in page


def test_control_and_direction_characters_are_shown_not_obeyed() -> None:
    assert visible("a\u202egpj.exe\n\x1b[31m") == "a\\u202egpj.exe\\n\\x1b[31m"
    assert visible("Zoë 👩\u200d🔬") == "Zoë 👩\u200d🔬"


def test_a_figure_that_chose_the_epoch_is_labelled_so() -> None:
    page = render_report(data(("a", "b")))
    assert "also chose the best epoch" in page
    assert "95 % interval" in page


def test_many_classes_give_the_most_frequent_confusions_instead_of_a_wall() -> None:
    page = render_report(data(tuple(f"class {i}" for i in range(60))))
    assert "confusion.parquet" in page
    assert 'class="matrix"' not in page


def test_a_report_of_a_model_alone_is_written(
    trained: tuple[TrainedModel, ImageDirectory, Path], tmp_path: Path
) -> None:
    model, validation, _ = trained
    scores = vl.score_image_model(model, validation)
    report = vl.model_report(model, vl.evaluate_model(scores), out=tmp_path / "report")
    page = (report.path / "report.html").read_text(encoding="utf-8")
    assert "resnet18" in page
    assert parsed(page).tags <= ALLOWED
