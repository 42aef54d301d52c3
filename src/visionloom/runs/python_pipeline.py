"""The Python face of pipelines: written, checked, saved and run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from visionloom.artifacts.atomic import write_file
from visionloom.artifacts.types import ARTIFACT_TYPES, Artifact
from visionloom.engine.journal import event_of
from visionloom.engine.paths import is_file
from visionloom.engine.resolve import resolve
from visionloom.errors import OutputExistsError
from visionloom.runs.follow import follow, raise_failure
from visionloom.runs.pipeline_run import RunRequest, prepare_pipeline, submit
from visionloom.spec.builder import PipelineBuilder
from visionloom.spec.context import Listener, silent
from visionloom.spec.pipeline import Data, InputBinding, Literal, seen_from
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
        pipeline, registry = self.pipeline, Workspace().registry
        inputs = {
            name: dataclasses.replace(value, path=seen_from(folder, value.path, pipeline.folder))
            if isinstance(value, Data) and value.path is not None
            else value
            for name, value in pipeline.inputs.items()
        }
        steps = {}
        for name, step in pipeline.steps.items():
            bound = dict(step.inputs)
            for parameter in registry.find(step.component.name).parameters:
                given = bound.get(parameter.name)
                value = inputs.get(given.input) if isinstance(given, InputBinding) else given
                if not parameter.setting.file or not isinstance(value, str) or not value:
                    continue
                if parameter.setting.file == "always" or is_file(pipeline.folder / value):
                    seen = seen_from(folder, value, pipeline.folder)
                    if isinstance(given, InputBinding):
                        # several steps may be bound to it
                        if pipeline.inputs[given.input] == value:
                            inputs[given.input] = seen
                    else:
                        bound[parameter.name] = seen
            steps[name] = dataclasses.replace(step, inputs=bound)
        outputs = {
            name: output
            if output.path is None
            else dataclasses.replace(output, path=seen_from(folder, output.path, pipeline.folder))
            for name, output in pipeline.outputs.items()
        }
        return dataclasses.replace(
            pipeline, inputs=inputs, steps=steps, outputs=outputs, folder=folder
        )
