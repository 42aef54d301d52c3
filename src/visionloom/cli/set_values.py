"""``--set INPUT=VALUE`` of the commands that read pipelines."""

from __future__ import annotations

from visionloom.errors import UsageError
from visionloom.spec.names import is_text


def given_values(settings: list[str] | None) -> dict[str, str]:
    """``INPUT=VALUE`` texts as a mapping.

    Raises:
        UsageError: One is not of that form, or names an input twice.
    """
    values: dict[str, str] = {}
    for text in settings or []:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"--set {text!r} is not understood.", "Write --set INPUT=VALUE.")
        if not is_text(text):
            raise UsageError(f"--set {text!r} is not UTF-8.", "Rename what it names.")
        if name in values:
            raise UsageError(f"--set {name} is given twice.")
        values[name] = value
    return values
