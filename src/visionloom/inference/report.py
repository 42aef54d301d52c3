"""The page a person reads: one self-contained HTML file without scripts."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jinja2
from markupsafe import Markup

from visionloom.inference.charts import Line, interval_bar, line_chart

WORST_SHOWN = 24
_FILES_SHOWN = 200
_MATRIX_CLASSES = 40


@dataclass(frozen=True)
class Part:
    """One evaluated part: heading, the figures of ``evaluation.json``, thumbnails of its mistakes.

    Attributes:
        heading: ``Validation`` or ``Test``.
        remark: What the pictures were used for.
        figures: The object ``scores`` of ``evaluation.json``.
        thumbnails: File -> JPEG bytes.
    """

    heading: str
    remark: str
    figures: Mapping[str, Any]
    thumbnails: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportData:
    """Everything the page shows.

    Attributes:
        title: Name of the run.
        summary: What ``summary.json`` holds.
        epochs: Rows of ``metrics.jsonl``.
        parts: Validation, then test if there is one.
        counts: Part -> class -> number of pictures.
        skipped: (file, reason).
        notes: What was said at conversion and of near duplicates.
        transformation: In words: in training, and for scoring.
        command: What to type to do it again.
    """

    title: str
    summary: Mapping[str, Any]
    epochs: Sequence[Mapping[str, Any]]
    parts: Sequence[Part]
    counts: Mapping[str, Mapping[str, int]]
    skipped: Sequence[tuple[str, str]]
    notes: Sequence[str]
    transformation: tuple[str, str]
    command: str


def render_report(data: ReportData) -> str:
    """The page as HTML; every text from outside is escaped, control characters are shown."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("visionloom.inference", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        visible=visible,
        percent=lambda value: f"{value:.1%}",
        picture=_picture,
        shade=_shade,
        interval_text=interval_text,
    )
    environment.globals["interval_bar"] = interval_bar
    template = environment.get_template("report.html")
    return template.render(
        data=data,
        charts=_charts(data),
        words=_in_plain_words(data),
        worst_shown=WORST_SHOWN,
        files_shown=_FILES_SHOWN,
        matrix_classes=_MATRIX_CLASSES,
        confusions=[_confusions(part.figures) for part in data.parts],
    )


def visible(text: object) -> str:
    """Control, direction and format characters as escapes, so that a name cannot pretend."""
    return "".join(
        c if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} or c == "\u200d"
        else c.encode("unicode_escape").decode("ascii")
        for c in str(text)
    )  # fmt: skip


def interval_text(figure: Mapping[str, Any] | None, form: str = ".1%") -> str:
    """``90.2% (85.1% to 93.9%)``, or an en dash when there is nothing to say."""
    if figure is None:
        return "\u2013"
    value = format(figure["value"], form)
    ends = figure["interval"]
    return f"{value} ({format(ends[0], form)} to {format(ends[1], form)})" if ends else value


def _charts(data: ReportData) -> list[tuple[str, Markup, Sequence[Line]]]:
    rows, best = data.epochs, int(data.summary["best_epoch"])
    if not rows:
        return []
    losses = [
        Line("training loss", "one", [row["train_loss"] for row in rows]),
        Line("validation loss", "two", [row["valid_loss"] for row in rows]),
    ]
    accuracies = [
        Line("training accuracy, while learning", "one", [1 - r["train_error"] for r in rows]),
        Line("validation accuracy", "two", [row["top1_accuracy"] for row in rows]),
    ]
    return [
        ("Loss", line_chart("Loss", losses, best), losses),
        ("Accuracy", line_chart("Accuracy", accuracies, best, percent=True), accuracies),
    ]


def _in_plain_words(data: ReportData) -> list[str]:
    summary = data.summary
    judged = data.parts[-1]
    figures = judged.figures
    accuracy = figures["accuracy"]
    right = round(accuracy["value"] * figures["images"])
    words = [
        f"On {figures['images']} {judged.heading.lower()} pictures the model named "
        f"{right} correctly: {accuracy['value']:.1%}."
    ]
    if accuracy["interval"]:
        low, high = accuracy["interval"]
        words.append(
            f"With this many pictures, its accuracy on further pictures of the same kind lies "
            f"between {low:.1%} and {high:.1%} (95 % interval)."
        )
    if len(data.parts) == 1:
        words.append(
            "These pictures also chose the best epoch, so the figure is a little optimistic; "
            "--test-fraction holds some back for an untouched one."
        )
    worst = min(
        (row for row in figures["per_class"] if row["recall"]),
        key=lambda row: row["recall"]["value"],
        default=None,
    )
    if worst is not None and worst["recall"]["value"] < 1:
        words.append(
            f"Hardest class: {visible(worst['label'])}, of which {worst['recall']['value']:.0%} "
            f"of {worst['images']} pictures are found."
        )
    words.append(
        f"Training stopped after {summary['epochs_run']} epochs ({summary['stopped_because']}); "
        f"epoch {summary['best_epoch']} is the one kept."
    )
    if data.skipped:
        words.append(f"{len(data.skipped)} files could not be used; they are listed below.")
    return words


def _confusions(figures: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """The most frequent confusions: label, scored label, number."""
    classes, matrix = figures["classes"], figures["confusion"]
    found = [
        (classes[t], classes[p], count)
        for t, row in enumerate(matrix)
        for p, count in enumerate(row)
        if t != p and count
    ]
    return sorted(found, key=lambda item: -item[2])[:15]


def _picture(data: bytes) -> Markup:
    return Markup("data:image/jpeg;base64,") + base64.b64encode(data).decode("ascii")


def _shade(count: int, row: Sequence[int]) -> str:
    """Strength of a cell's colour, 0 to 1, as a share of its row."""
    total = sum(row)
    return f"{count / total:.3f}" if total else "0"
