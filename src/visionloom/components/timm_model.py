"""timm Model."""

from __future__ import annotations

from typing import Annotated

from visionloom.artifacts.types import UntrainedModel
from visionloom.spec.component import component
from visionloom.spec.context import Context
from visionloom.spec.foresight import later
from visionloom.spec.ports import Output, Setting


@component(
    title="timm Model",
    category="Image classification models",
    extra="timm",
    preload=("visionloom.models.start",),
    foresee=later("visionloom.models.foresight", "foresee_any_model"),
)
def timm_model(
    *,
    model_name: Annotated[
        str, Setting("Model name", "Name of a classifier in timm, e.g. convnext_tiny.")
    ],
    pretrained: Annotated[
        bool, Setting("Pretrained", "Start from the weights timm names for it.")
    ] = True,
    weights: Annotated[
        str | None,
        Setting(
            "Weights",
            "A file with weights (safetensors, or .pth opened weights-only).",
            shown_when=("pretrained", True),
            group="advanced",
            file="always",
        ),
    ] = None,
    context: Context,
) -> Annotated[UntrainedModel, Output("Untrained model")]:
    """Any classifier of the package timm, with its own normalisation and input size."""
    from visionloom.models.build import TIMM_PREFIX, Architecture
    from visionloom.models.start import untrained_model

    return untrained_model(
        Architecture(TIMM_PREFIX + model_name),
        context.output("untrained_model"),
        pretrained=pretrained,
        weights=weights,
        settings=context.settings,
        say=context.log,
    )
