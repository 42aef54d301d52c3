"""Wires settings, the catalog and the place results go to; nothing else does."""

from __future__ import annotations

import functools
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visionloom.artifacts.types import Artifact
from visionloom.errors import UsageError
from visionloom.settings import Settings, load_settings
from visionloom.spec.component import Component
from visionloom.spec.context import Context, Listener, silent
from visionloom.spec.registry import Registry, load_registry

COMPONENT_PACKAGE = "visionloom.components"


@dataclass(frozen=True)
class Workspace:
    """Where components are found and run.

    Attributes:
        settings: Home folder and limits.
    """

    settings: Settings = field(default_factory=load_settings)

    @functools.cached_property
    def registry(self) -> Registry:
        """The catalog, read on first use."""
        return load_registry(COMPONENT_PACKAGE)

    def run(
        self,
        component: str | Component,
        *,
        inputs: Mapping[str, Path | Artifact],
        parameters: Mapping[str, object],
        outputs: Mapping[str, Path],
        scratch: Path | None = None,
        listener: Listener = silent,
        stop: threading.Event | None = None,
        finish: threading.Event | None = None,
    ) -> dict[str, Artifact]:
        """Run one component; returns output port name -> artifact.

        Args:
            component: Name, title or alias, or the component itself.
            inputs: Port name -> artifact or its folder.
            parameters: Parameter name -> value; what is left out takes its default.
            outputs: Port name -> folder to appear.
            scratch: Folder kept between attempts, for checkpoints; a temporary one by default.
            listener: Told what happens.
            stop, finish: See `visionloom.spec.context.Context`.

        Raises:
            UsageError: An unknown component, port or parameter.
            VisionloomError: Whatever the component raises.
        """
        item = component if isinstance(component, Component) else self.registry.find(component)
        unknown = sorted(set(outputs) - {port.name for port in item.outputs})
        missing = [port.title for port in item.outputs if port.name not in outputs]
        if unknown:
            raise UsageError(f"{item.title} has no output {unknown[0]!r}.")
        if missing:
            raise UsageError(f"{item.title}: say where {missing[0]} goes.")
        with tempfile.TemporaryDirectory(prefix="visionloom-") as temporary:
            context = Context(
                outputs=outputs,
                scratch=scratch or Path(temporary),
                settings=self.settings,
                listener=listener,
                stop=stop or threading.Event(),
                finish=finish or threading.Event(),
            )
            return item.run(inputs, parameters, context)

    def fresh_folder(self, name: str) -> Path:
        """A folder below the home folder that does not exist yet: ``NAME-1``, ``NAME-2`` ..."""
        number = 1
        while (folder := self.settings.artifacts / f"{name}-{number}").exists():
            number += 1
        return folder

    def weights(self) -> list[dict[str, Any]]:
        """Every published weights file, with its path on this machine or None."""
        from visionloom.models import weights

        rows = []
        for item in weights.CATALOG.values():
            path = weights.find(item.model, self.settings)
            rows.append({**vars(item), "path": None if path is None else str(path)})
        return rows

    def fetch_weights(self, model: str, say: Callable[[str], None]) -> Path:
        """Download a model's weights; see `visionloom.models.weights.fetch`."""
        from visionloom.models import weights

        return weights.fetch(model, self.settings, say)

    def add_weights(self, model: str, file: Path) -> Path:
        """Take a weights file into the home folder; see `visionloom.models.weights.add`."""
        from visionloom.models import weights

        return weights.add(file, model, self.settings)

    def hardware(self, device: str = "auto", precision: str = "auto") -> tuple[str, list[str]]:
        """What would be trained on, in one line, and warnings.

        Raises:
            UsageError, DeviceNotAvailableError: see `visionloom.models.device.choose_hardware`.
        """
        from visionloom.models.device import choose_hardware

        hardware, warnings = choose_hardware(device, precision)
        return hardware.describe(), warnings
