"""Where pictures are, and which are not used: values that need no decoder."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Skipped:
    """A file that is not used, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class PixelOrigin:
    """Where the encoded pictures are.

    Attributes:
        kind: ``folder``, ``zip``, ``tar``, or ``self`` (``pixels/`` inside the artifact).
        path: The folder or archive; empty for ``self``.
    """

    kind: str
    path: str
