"""The Python face of pipelines: written, checked, saved and run."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from visionloom.artifacts.atomic import write_file
from visionloom.artifacts.types import ARTIFACT_TYPES, Artifact
from visionloom.engine.journal import event_of
from visionloom.engine.resolve import resolve
from visionloom.errors import OutputExistsError
from visionloom.runs.follow import follow, raise_failure
from visionloom.runs.pipeline_run import RunRequest, prepare_pipeline, submit
from visionloom.spec.builder import PipelineBuilder
from visionloom.spec.context import Listener, silent
from visionloom.spec.pipeline import Data, Literal
from visionloom.spec.pipeline import Pipeline as PipelineValue
from visionloom.spec.pipeline_file import write_pipeline
from visionloom.spec.problems import Problem, in_order
from visionloom.workspace import Workspace

_TYPES = {kind.type_name: kind for kind in ARTIFACT_TYPES}


@dataclass(frozen=True)
class PipelineRun:
    """What a run of a pipeline gave.

    Attributes:
        id: Of the run; ``visionloom runs show ID``.
        decisions: Step -> ``run`` or ``reuse``, with the reasons, as it was planned.
        states: Step -> how it ended.
        outputs: ``step.port`` -> artifact in the store.
    """

    id: str
    decisions: Mapping[str, str]
    states: Mapping[str, str]
    outputs: Mapping[str, Artifact]


class Pipeline(PipelineBuilder):
    """A pipeline; components called inside ``with`` become its steps.

    >>> with Pipeline("flowers") as pipeline:
    ...     images = vl.convert_to_image_directory("photos")
    """

    def check(self, *, target: str = "") -> list[Problem]:
        """Every problem of the pipeline; none when it can run."""
        workspace = Workspace()
        _, problems = resolve(
            self.pipeline,
            workspace.registry,
            values={},
            target=target or None,
            targets=workspace.targets,
            settings=workspace.settings,
        )
        return in_order(problems)

    def to_yaml(self, path: str | Path | None = None, *, overwrite: bool = False) -> str:
        """The pipeline's file; written to ``path`` if one is given, with paths relative to it.

        Raises:
            OutputExistsError: The file exists and is not to be replaced.
        """
        if path is None:
            return write_pipeline(self.pipeline)
        file = Path(path)
        if file.exists() and not overwrite:
            raise OutputExistsError(f"{file} exists already.", "Choose another, or overwrite=True.")
        text = write_pipeline(self._seen_from(file.absolute().parent))
        write_file(file, text.encode())
        return text

    def run(
        self,
        *,
        values: Mapping[str, Literal] | None = None,
        target: str = "",
        no_reuse: bool = False,
        listener: Listener = silent,
    ) -> PipelineRun:
        """Run the pipeline and wait for its end.

        Args:
            values: Pipeline input -> value to use instead.
            target: Where steps run that name none.
            no_reuse: Whether every step runs.
            listener: Told what the steps tell.

        Raises:
            InvalidPipelineError: It has faults; all of them are named.
            VisionloomError: What a step raises.
        """
        workspace = Workspace()
        request = RunRequest(values=values or {}, target=target, no_reuse=no_reuse)
        prepared = prepare_pipeline(workspace, self.pipeline, request)
        run = submit(prepared)

        def tell(line: Mapping[str, object]) -> None:
            event = event_of(line)
            if event is not None:
                listener(event)

        raise_failure(workspace, follow(workspace, run, tell))
        records = workspace.records
        return PipelineRun(
            run,
            {name: f"{d.action}: {d.why}" for name, d in prepared.decisions.items()},
            {step.name: step.state for step in records.steps(run)},
            {
                f"{output.step}.{output.port}": _TYPES.get(output.type, Artifact)(
                    workspace.store.path(output.object)
                )
                for output in records.outputs(run)
            },
        )

    def _seen_from(self, folder: Path) -> PipelineValue:
        """The same pipeline with its relative paths seen from another folder."""
        pipeline = self.pipeline
        here = pipeline.folder

        def seen(path: str) -> str:
            if Path(path).is_absolute():
                return path
            return Path(os.path.relpath(here / path, folder)).as_posix()

        inputs = {
            name: dataclasses.replace(value, path=seen(value.path))
            if isinstance(value, Data) and value.path is not None
            else value
            for name, value in pipeline.inputs.items()
        }
        outputs = {
            name: dataclasses.replace(o, path=None if o.path is None else seen(o.path))
            for name, o in pipeline.outputs.items()
        }
        return dataclasses.replace(pipeline, inputs=inputs, outputs=outputs, folder=folder)
