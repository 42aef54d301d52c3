"""Where steps run: this machine as a whole, one of its devices, or what the user named."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """Where steps run.

    Attributes:
        name: As in a pipeline, e.g. ``cpu``, ``cuda:0``, ``workstation``.
        kind: The executor: ``local``.
        device: ``auto``, ``cpu`` or ``cuda:N``: what its steps may use.
        slots: Steps that may run at once.
        memory_bytes: Memory one step may use; None for no limit.
    """

    name: str
    kind: str = "local"
    device: str = "auto"
    slots: int = 1
    memory_bytes: int | None = None
