"""Model Report."""

from __future__ import annotations

from typing import Annotated

from visionloom.artifacts.types import Evaluation, Report, TrainedModel
from visionloom.spec.component import component
from visionloom.spec.context import Context
from visionloom.spec.ports import Input, Output


@component(
    title="Model Report",
    category="Output",
    preload=("visionloom.inference.model_report",),
)
def model_report(
    trained_model: Annotated[TrainedModel, Input("Trained model")],
    evaluation_results: Annotated[Evaluation, Input("Evaluation results")],
    *,
    context: Context,
) -> Annotated[Report, Output("Report")]:
    """Write one self-contained page about a model and its evaluation."""
    from visionloom.inference.model_report import write_model_report

    return write_model_report(trained_model, evaluation_results, context.output("report"))
