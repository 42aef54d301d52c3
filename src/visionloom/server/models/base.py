"""What all models share, and the one shape of an error."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A value that goes over the wire: unknown keys are refused, numbers are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ProblemView(Model):
    """A fault of a pipeline; see `visionloom.spec.problems.Problem`."""

    code: str
    severity: Literal["error", "warning"]
    message: str
    file: str
    line: int
    column: int
    step: str
    name: str
    found: str
    expected: str
    remedy: str
    nearest: str


class Failure(Model):
    """What every answer with a status of 400 and above holds.

    Attributes:
        name: Name of the error, e.g. ``NotLabeledDatasetError``.
        message: What is wrong, in the user's words.
        remedy: What to do; may be empty.
        number: The original's number of the error, or None.
        problems: Faults of a pipeline, where there are.
    """

    name: str
    message: str
    remedy: str = ""
    number: int | None = None
    problems: list[ProblemView] = []
