"""What came of replaying a part of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Verified:
    """What replaying the steps between the last two checkpoints came to.

    Attributes:
        begin, end: Where the two checkpoints are: ``epoch 2 after 7 batches``.
        steps: Steps replayed.
        recorded: Part -> SHA-256 of what the newer checkpoint holds.
        replayed: The same parts, as replaying from the older one made them.
        environment: In what versions and hardware differ from when the checkpoints were made.
    """

    begin: str
    end: str
    steps: int
    recorded: Mapping[str, str]
    replayed: Mapping[str, str]
    environment: tuple[str, ...]

    @property
    def different(self) -> list[str]:
        """The parts that came out otherwise."""
        return [name for name in self.recorded if self.recorded[name] != self.replayed[name]]
