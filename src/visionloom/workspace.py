"""Wires settings, catalog, records, store, planner and supervisor; nothing else does."""

from __future__ import annotations

import functools
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visionloom.artifacts.store import add_origin
from visionloom.artifacts.types import Artifact, ImageDirectory, TrainedModel, UntrainedModel
from visionloom.errors import UsageError
from visionloom.settings import Settings, load_settings
from visionloom.spec.component import Component
from visionloom.spec.context import Context, Listener, silent
from visionloom.spec.ports import Value
from visionloom.spec.registry import Registry, load_registry

if TYPE_CHECKING:
    from visionloom.artifacts.memo import DigestMemo
    from visionloom.artifacts.objects import ObjectStore
    from visionloom.engine.executors.base import Job
    from visionloom.engine.plan import Planner, PlanOptions
    from visionloom.engine.resolved import ResolvedPipeline, ResolvedStep
    from visionloom.engine.supervisor import Supervisor
    from visionloom.engine.targets import Targets
    from visionloom.records.documents import Rebuilt
    from visionloom.records.recorder import Recorder
    from visionloom.records.rows import RunRow
    from visionloom.spec.verified import Verified

COMPONENT_PACKAGE = "visionloom.components"
PIPELINE_FILE = "pipeline.yml"
STEP_RUNNER = "visionloom.workspace:run_job"
# what is quick to load; steps that want more are forked from a server that loads it once
_LIGHT_ROOMS = ("visionloom.images.", "visionloom.artifacts.", "visionloom.spec.")


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

    @functools.cached_property
    def records(self) -> Recorder:
        """Where runs are remembered, opened on first use.

        Raises:
            RecordsError: Damaged, busy for too long, or of a newer program.
        """
        from visionloom.records.recorder import open_records

        return open_records(self.settings.records)

    def rebuild_records(self) -> Rebuilt:
        """Make the records again from the folders of the runs.

        Raises:
            RecordsError: They cannot be opened for another reason than damage.
        """
        from visionloom.records.rebuild import rebuild_file

        return rebuild_file(self.settings.records, self.settings.runs)

    @functools.cached_property
    def store(self) -> ObjectStore:
        """Where results are."""
        from visionloom.artifacts.objects import ObjectStore

        return ObjectStore(self.settings.store)

    @functools.cached_property
    def memo(self) -> DigestMemo:
        """Digests of the user's data."""
        from visionloom.artifacts.memo import DigestMemo

        return DigestMemo(self.settings.cache / "digests")

    @property
    def targets(self) -> Targets:
        """Where steps may run, as the file says now: a server outlives changes of it."""
        from visionloom.engine.targets import load_targets

        return load_targets(self.settings)

    def planner(self, pipeline: ResolvedPipeline, options: PlanOptions | None = None) -> Planner:
        """Decides the steps of a pipeline."""
        from visionloom.engine.plan import Planner, PlanOptions

        return Planner(
            pipeline,
            self.records,
            self.store,
            self.memo,
            named_pictures(self.settings),
            self._bits,
            options or PlanOptions(),
        )

    def supervisor(
        self, run: RunRow, pipeline: ResolvedPipeline, options: PlanOptions, *, finish: bool = False
    ) -> Supervisor:
        """Carries out a run; with ``finish`` its training ends at once with its best model."""
        from visionloom.engine.executors.local import LocalExecutor
        from visionloom.engine.supervisor import Supervisor

        wanted = dict.fromkeys(m for step in pipeline.steps for m in step.component.preload)
        light = [module for module in wanted if module.startswith(_LIGHT_ROOMS)]
        heavy = [module for module in wanted if module not in light]
        return Supervisor(
            run,
            pipeline,
            self.planner(pipeline, options),
            self.records,
            self.store,
            LocalExecutor(STEP_RUNNER, light=(__name__, *light), heavy=heavy),
            self.settings,
            finish=finish,
        )

    def _bits(self, step: ResolvedStep) -> Mapping[str, Value]:
        """What changes the bits of a step that computes."""
        from visionloom.engine.hardware import ask_hardware

        device = str(step.parameters["device"])
        if device == "auto":
            device = step.target.device
        precision = str(step.parameters["precision"])
        return ask_hardware(self.settings.cache, device, precision).bits()

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

    def verify_resume(
        self,
        parameters: Mapping[str, object],
        inputs: Mapping[str, Path],
        scratch: Path,
        listener: Listener = silent,
        stop: threading.Event | None = None,
    ) -> Verified:
        """Replay what a training did between its last two checkpoints; nothing is written.

        Args:
            parameters: Every parameter of Train PyTorch Model.
            inputs: Its ports -> artifacts.
            scratch: The folder with the checkpoints.
            listener, stop: See `visionloom.spec.context.Context`.

        Raises:
            UsageError, ArtifactError, RunInterrupted: see `visionloom.training.verify`.
        """
        from visionloom.training.recipe import resolve
        from visionloom.training.verify import verify_resume

        said = dict(parameters)
        preset = str(said.pop("preset"))
        return verify_resume(
            UntrainedModel(inputs["untrained_model"]),
            ImageDirectory(inputs["training_dataset"]),
            ImageDirectory(inputs["validation_dataset"]),
            lambda pretrained: resolve(preset, said, pretrained=pretrained),
            Context({}, scratch, self.settings, listener, stop or threading.Event()),
        )

    def fresh_folder(self, name: str) -> Path:
        """A folder below the home folder that does not exist yet: ``NAME-1``, ``NAME-2`` ..."""
        number = 1
        while (folder := self.settings.artifacts / f"{name}-{number}").exists():
            number += 1
        return folder

    def weights(self) -> list[dict[str, Any]]:
        """Every published weights file, with its licence and its path on this machine or None."""
        from visionloom.models import weights

        rows = []
        for item in weights.CATALOG.values():
            path = weights.find(item.model, self.settings)
            place = None if path is None else str(path)
            rows.append({**vars(item), "licence": weights.LICENCE, "path": place})
        return rows

    def fetch_weights(
        self, model: str, say: Callable[[str], None], tell: Callable[[int], None] | None = None
    ) -> Path:
        """Download a model's weights; see `visionloom.models.weights.fetch`."""
        from visionloom.models import weights

        return weights.fetch(model, self.settings, say, tell)

    def add_weights(self, model: str, file: Path) -> Path:
        """Take a weights file into the home folder; see `visionloom.models.weights.add`."""
        from visionloom.models import weights

        return weights.add(file, model, self.settings)

    @property
    def presets(self) -> Mapping[str, Mapping[str, Any]]:
        """Presets of training: name -> parameter -> the value it stands for."""
        from visionloom.training.recipe import PRESETS

        return PRESETS

    def hardware(self, device: str = "auto", precision: str = "auto") -> tuple[str, list[str]]:
        """What would be trained on, in one line, and warnings.

        Raises:
            UsageError, DeviceNotAvailableError: see `visionloom.models.device.choose_hardware`.
        """
        from visionloom.engine.hardware import ask_hardware

        answer = ask_hardware(self.settings.cache, device, precision)
        return answer.line, list(answer.warnings)


def named_pictures(settings: Settings) -> Callable[[Path], Sequence[Path]]:
    """A function that gives the pictures a list of pictures names; they belong to its content."""

    def pictures(path: Path) -> Sequence[Path]:
        from visionloom.images.formats import MANIFEST_EXTENSIONS

        if path.suffix.lower() not in MANIFEST_EXTENSIONS or not path.is_file():
            return ()
        from visionloom.images.sources import find_pictures

        listing = find_pictures(path, settings)
        return [Path(listing.origin.path, candidate.stored) for candidate in listing.candidates]

    return pictures


def run_job(job: Job, context: Context) -> Mapping[str, Artifact]:
    """Run the component of a job; what the process of a step calls.

    Run, step, component and which objects of the store it was made from travel with what it makes,
    and with a trained model the pipeline too.
    """
    from visionloom.artifacts.objects import is_object_id

    item = load_registry(COMPONENT_PACKAGE).find(job.component)
    inputs = {port: Path(path) for port, path in job.inputs.items()}
    made = item.run(inputs, job.parameters, context)
    facts = {
        "run": job.run,
        "step": job.step,
        "component": f"{item.name} {item.version}",
        "inputs": {port: path.name for port, path in inputs.items() if is_object_id(path.name)},
    }
    for artifact in made.values():
        trained = isinstance(artifact, TrainedModel)
        add_origin(artifact.path, facts | ({"pipeline": _pipeline_text(job)} if trained else {}))
    return made


def _pipeline_text(job: Job) -> str:
    """The pipeline's file as it was submitted; empty where the run has none."""
    path = job.path.parents[2] / PIPELINE_FILE
    return path.read_text(encoding="utf-8") if path.is_file() else ""
