"""What can be said of scores and evaluations before they are made."""

from __future__ import annotations

from collections.abc import Mapping

from visionloom.errors import NotLabeledDatasetError
from visionloom.images.foresight import images_facts
from visionloom.spec.foresight import UNKNOWN, AboutInput, Facts, Outlook


def foresee_scores(outlook: Outlook) -> Mapping[str, Facts]:
    """Of Score Image Model: labelled as the images are."""
    images = images_facts(outlook, "dataset")
    classes = outlook.inputs.get("trained_model", UNKNOWN).classes
    return {"scored_dataset": Facts(labelled=images.labelled, classes=classes)}


def foresee_evaluation(outlook: Outlook) -> Mapping[str, Facts]:
    """Of Evaluate Model: nothing, but scores without labels cannot be evaluated.

    Raises:
        AboutInput: They have none.
    """
    for port, facts in outlook.inputs.items():
        if facts.labelled is False:
            raise AboutInput(
                port,
                NotLabeledDatasetError(
                    "The scored pictures have no labels, so nothing can be evaluated.",
                    "Score pictures in folders named after the classes, or a list with labels.",
                ),
            )
    return {}
