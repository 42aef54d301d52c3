"""Evaluate Model."""

from __future__ import annotations

from typing import Annotated

from visionloom.artifacts.types import Evaluation, Scores
from visionloom.spec.component import component
from visionloom.spec.context import Context
from visionloom.spec.foresight import later
from visionloom.spec.ports import Input, Output


@component(
    title="Evaluate Model",
    category="Model scoring and evaluation",
    version="1",
    aliases=("azureml.designer.classic.modules.ml.evaluate.evaluate_generic_module",),
    differs=(
        "Every figure has a 95 % interval and its count.",
        "Per-class table, log loss, AUC and the confusion matrix are data, for any number of "
        "classes (C54).",
        "Two classes also get precision, recall, F1, AUC and average precision of the second "
        "class (C55).",
        "Top-5 accuracy only with more than five classes (C39).",
        "A second input is compared picture by picture, with a paired test.",
        "The misclassified files are listed, worst first.",
    ),
    preload=("visionloom.inference.evaluation",),
    foresee=later("visionloom.inference.foresight", "foresee_evaluation"),
)
def evaluate_model(
    scored_dataset: Annotated[Scores, Input("Scored dataset")],
    scored_dataset_to_compare: Annotated[Scores | None, Input("Scored dataset to compare")] = None,
    *,
    context: Context,
) -> Annotated[Evaluation, Output("Evaluation results")]:
    """Say how good the scores are, how sure that is, and which pictures are wrong."""
    from visionloom.inference.evaluation import evaluate

    return evaluate(
        scored_dataset, scored_dataset_to_compare, context.output("evaluation_results"), context
    )
