"""What can be said of models before they are made: whether they carry weights that can be had."""

from __future__ import annotations

from collections.abc import Mapping

from visionloom.errors import FailedToDownloadFilesError
from visionloom.models import weights
from visionloom.spec.foresight import AboutInput, Facts, Outlook


def foresee_model(outlook: Outlook) -> Mapping[str, Facts]:
    """Of a network with published weights: they are on this machine, or may be fetched.

    Raises:
        AboutInput: They are not here, and fetching is switched off.
    """
    pretrained = bool(outlook.parameters["pretrained"])
    model = str(outlook.parameters["model_name"])
    facts = {"untrained_model": Facts(trained=False, weights=pretrained)}
    if not pretrained or outlook.parameters["weights"] or model not in weights.CATALOG:
        return facts
    if weights.find(model, outlook.settings) is not None:
        return facts
    published = weights.CATALOG[model]
    if not outlook.settings.offline:
        outlook.warn(
            f"The pretrained weights of {model} are not on this machine: {published.megabytes} MB "
            "will be fetched."
        )
        return facts
    raise AboutInput(
        "model_name",
        FailedToDownloadFilesError(
            f"The pretrained weights of {model} are not on this machine, and fetching is switched "
            "off.",
            f"Three ways on: (1) with a network, run `visionloom weights fetch {model}`; (2) copy "
            f"{published.file} ({published.megabytes} MB) to {outlook.settings.weights / model}, "
            "or name a file with weights: FILE; (3) start from nothing with pretrained: false, "
            "which needs far more pictures and epochs for the same accuracy.",
        ),
    )


def foresee_any_model(outlook: Outlook) -> Mapping[str, Facts]:
    """Of a network whose weights somebody else keeps."""
    weighted = bool(outlook.parameters["pretrained"])
    return {"untrained_model": Facts(trained=False, weights=weighted)}
