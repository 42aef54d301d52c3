"""Components run one after another in this process, for the short chains of score and evaluate."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from visionloom.artifacts.types import Artifact
from visionloom.spec.context import Listener, Log, silent
from visionloom.spec.ports import Value
from visionloom.workspace import Workspace


@dataclass(frozen=True)
class Steps:
    """Runs components for a chain.

    Attributes:
        workspace: Where they are found.
        listener: Told what happens.
        stop: See `visionloom.spec.context.Context`.
    """

    workspace: Workspace
    listener: Listener = silent
    stop: threading.Event = field(default_factory=threading.Event)

    def run(
        self,
        component: str,
        inputs: Mapping[str, Path | Artifact],
        parameters: Mapping[str, Value],
        outputs: Mapping[str, Path],
    ) -> None:
        """Run a component; see `Workspace.run`.

        Raises:
            VisionloomError: Whatever the component raises.
        """
        self.workspace.run(
            component,
            inputs=inputs,
            parameters=parameters,
            outputs=outputs,
            listener=self.listener,
            stop=self.stop,
        )

    def log(self, text: str) -> None:
        """Tell one line."""
        self.listener(Log(text))

    def warn(self, text: str) -> None:
        """Tell something that limits what the result is worth."""
        self.listener(Log(text, "warning"))
