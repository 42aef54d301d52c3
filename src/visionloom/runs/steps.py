"""Components run one after another; a step whose outputs are there already is not run again."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from visionloom.artifacts.atomic import remove_tree
from visionloom.artifacts.types import Artifact
from visionloom.spec.context import Event, Listener, Log, silent
from visionloom.spec.ports import Value
from visionloom.workspace import Workspace


@dataclass(frozen=True)
class Steps:
    """Runs components for a chain.

    Attributes:
        workspace: Where they are found.
        listener: Told what happens.
        stop, finish: See `visionloom.spec.context.Context`.
    """

    workspace: Workspace
    listener: Listener = silent
    stop: threading.Event = field(default_factory=threading.Event)
    finish: threading.Event = field(default_factory=threading.Event)

    def run(
        self,
        component: str,
        inputs: Mapping[str, Path | Artifact],
        parameters: Mapping[str, Value],
        outputs: Mapping[str, Path],
        *,
        scratch: Path | None = None,
        quiet: bool = False,
    ) -> None:
        """Run a component unless its outputs are there already.

        Args:
            component: Name or title.
            inputs, parameters, outputs: See `Workspace.run`.
            scratch: Folder kept between attempts.
            quiet: Whether plain log lines are left out; warnings and progress never are.

        Raises:
            VisionloomError: Whatever the component raises.
        """
        if all(path.exists() for path in outputs.values()):
            return
        for path in outputs.values():
            remove_tree(path)
        self.workspace.run(
            component,
            inputs=inputs,
            parameters=parameters,
            outputs=outputs,
            scratch=scratch,
            listener=self._without_log if quiet else self.listener,
            stop=self.stop,
            finish=self.finish,
        )

    def log(self, text: str) -> None:
        """Tell one line."""
        self.listener(Log(text))

    def warn(self, text: str) -> None:
        """Tell something that limits what the result is worth."""
        self.listener(Log(text, "warning"))

    def _without_log(self, event: Event) -> None:
        if not isinstance(event, Log) or event.level == "warning":
            self.listener(event)
