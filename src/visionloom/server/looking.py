"""What the looking routes share: what is open, and what was made."""

from __future__ import annotations

from visionloom.images.browse import ImageBrowser
from visionloom.workspace import Workspace


class Looking:
    """Artifacts that are being looked at.

    Args:
        workspace: Settings and store.

    Attributes:
        images: Open image directories and their thumbnails.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.images = ImageBrowser()

    def close(self) -> None:
        """Let go of everything."""
        self.images.forget()
