"""DenseNet."""

from __future__ import annotations

from typing import Annotated

from visionloom.artifacts.types import UntrainedModel
from visionloom.spec.component import component
from visionloom.spec.context import Context
from visionloom.spec.foresight import later
from visionloom.spec.ports import Output, Setting


@component(
    title="DenseNet",
    category="Image classification models",
    aliases=("azureml.designer.dl.pytorch.initialize_models.vision.classification.densenet",),
    differs=(
        "What the port carries is what training starts from: the pretrained weights, or, from "
        "scratch, nothing, and the trainer's seed draws them (C7, C9).",
        "The classifier is replaced, not stacked on the 1,000 ImageNet classes (C11).",
        "Normalisation follows the weights (C12).",
        "Weights that cannot be had are an error with three ways on, never a random start.",
    ),
    preload=("visionloom.models.start",),
    foresee=later("visionloom.models.foresight", "foresee_model"),
)
def densenet(
    *,
    model_name: Annotated[
        str,
        Setting(
            "Model name",
            "Which densely connected network.",
            choices=("densenet121", "densenet161", "densenet169", "densenet201"),
        ),
    ] = "densenet201",
    pretrained: Annotated[
        bool, Setting("Pretrained", "Start from weights trained on ImageNet.")
    ] = True,
    memory_efficient: Annotated[
        bool, Setting("Memory efficient", "Use less memory in training, at the cost of time.")
    ] = False,
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
    """A densely connected network, not yet trained for your classes."""
    from visionloom.models.build import Architecture
    from visionloom.models.start import untrained_model

    architecture = Architecture(model_name, {"memory_efficient": memory_efficient})
    return untrained_model(
        architecture,
        context.output("untrained_model"),
        pretrained=pretrained,
        weights=weights,
        settings=context.settings,
        say=context.log,
    )
