"""A pipeline file put into another folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from visionloom.settings import Limits
from visionloom.spec.pipeline import Data, seen_from
from visionloom.spec.pipeline_document import PipelineDocument
from visionloom.spec.pipeline_file import pipeline_from_text


def moved_text(text: str, before: Path, folder: Path, limits: Limits) -> str:
    """The text of a file that stood in one folder, as it is to be in another; comments stay.

    Paths that are relative lead to the same places.
    """
    document: PipelineDocument = pipeline_from_text(text, before, "", limits).document
    pipeline = document.pipeline
    if before == folder or pipeline.is_unreadable():
        return text
    for name, value in pipeline.inputs.items():
        if isinstance(value, Data) and value.path is not None:
            moved = seen_from(folder, value.path, before)
            if moved != value.path:
                document = document.set_pipeline_input(name, replace(value, path=moved))
    for name, output in pipeline.outputs.items():
        if output.path is not None:
            moved = seen_from(folder, output.path, before)
            if moved != output.path:
                document = document.set_pipeline_output(name, replace(output, path=moved))
    for name, step in pipeline.steps.items():
        if step.component.text.startswith(("./", "../")):
            moved = seen_from(folder, step.component.text, before)
            written = moved if moved.startswith(("../", "/")) else f"./{moved}"
            if written != step.component.text:
                document = document.set_step(name, "component", written)
    return document.text
