"""Which types fit: of ports to each other, and of the file format's data to ports."""

from __future__ import annotations

from collections.abc import Mapping

from visionloom.artifacts.types import Artifact, Photos, TrainedModel, UntrainedModel

# what a port also takes beside its own type
WIDENING: Mapping[type[Artifact], tuple[type[Artifact], ...]] = {UntrainedModel: (TrainedModel,)}
"""Port type -> further types that it takes."""


def data_types(port: type[Artifact]) -> tuple[str, ...]:
    """Types of data of the file format that a port takes, or that its output may be called."""
    if port is Photos:
        return ("uri_folder", "uri_file")
    if port in {UntrainedModel, TrainedModel}:
        return ("uri_folder", "custom_model")
    return ("uri_folder",)


def fits(given: type[Artifact], port: type[Artifact]) -> bool:
    """Whether an output of type ``given`` may be bound to an input of type ``port``."""
    return given is port or given in WIDENING.get(port, ())
