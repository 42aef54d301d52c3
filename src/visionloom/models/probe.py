"""Run as ``python -m visionloom.models.probe DEVICE PRECISION``: the hardware choice as JSON."""

from __future__ import annotations

import json
import sys

from visionloom.errors import VisionloomError


def main(device: str, precision: str) -> None:
    """Print the choice, or the error, as one JSON document."""
    from visionloom.models.device import choose_hardware

    try:
        hardware, warnings = choose_hardware(device, precision)
    except VisionloomError as error:
        answer: dict[str, object] = {
            "error": type(error).__name__,
            "message": error.message,
            "remedy": error.remedy,
        }
    else:
        answer = {
            "hardware": hardware.to_json(),
            "line": hardware.describe(),
            "warnings": warnings,
        }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
