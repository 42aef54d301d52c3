"""The Python face: components as functions, and the chains of the command line."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from visionloom.artifacts.types import Artifact, Evaluation, Scores, TrainedModel
from visionloom.errors import UsageError
from visionloom.runs.places import user_path
from visionloom.runs.report_run import rewrite_report
from visionloom.runs.score_run import score_photos
from visionloom.runs.steps import Steps
from visionloom.runs.train_folder import prepare
from visionloom.runs.train_run import TrainRun
from visionloom.spec.builder import current_pipeline
from visionloom.spec.component import Component
from visionloom.spec.context import Listener, Log, silent
from visionloom.workspace import Workspace


def _warnings(event: object) -> None:
    """The default listener: what the user should know is a Python warning, nothing else prints."""
    if isinstance(event, Log) and event.level == "warning":
        import sys
        import warnings

        # at the caller's own line, not at one of ours
        frame, level = sys._getframe(1), 2
        while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
            frame, level = frame.f_back, level + 1
        warnings.warn(event.text, stacklevel=level)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == "visionloom"


def component_function(component: Component) -> Callable[..., Any]:
    """A component as a plain function.

    Inputs are positional (an artifact or a path), parameters are keywords, ``out`` names the
    folder to write to (one per output; default: a fresh one below the home folder), ``listener``
    is told what happens. Returns the artifact, or a tuple of them.

    Inside ``with vl.Pipeline(...)`` a step is added instead, named ``step``, on the target
    ``compute``; what it returns is handed to other components.
    """

    @functools.wraps(component.function)
    def call(
        *inputs: Artifact | str | Path,
        out: str | Path | tuple[str | Path, ...] | None = None,
        listener: Listener = _warnings,
        step: str | None = None,
        compute: str | None = None,
        comment: str = "",
        **parameters: object,
    ) -> Any:
        pipeline = current_pipeline()
        ports = {port.name for port in component.inputs}
        given: dict[str, Any] = dict(
            zip([port.name for port in component.inputs], inputs, strict=False)
        )
        if len(inputs) > len(component.inputs):
            raise UsageError(f"{component.title} takes {len(component.inputs)} inputs.")
        for name in ports & set(parameters):
            given[name] = parameters.pop(name)
        if pipeline is not None:
            if out is not None:
                raise UsageError("Inside a pipeline, outputs go where `output` delivers them.")
            handles = pipeline.add(
                component, given, parameters, step=step, compute=compute, comment=comment
            )
            return handles if len(handles) > 1 else handles[0]
        if step is not None or compute is not None or comment:
            raise UsageError("step, compute and comment are for components inside a pipeline.")
        for name, value in given.items():
            if not isinstance(value, Artifact | str | Path):
                raise UsageError(f"{component.title}: the input {name} is no artifact or path.")
        workspace = Workspace()
        made = workspace.run(
            component,
            inputs={k: v if isinstance(v, Artifact) else Path(v) for k, v in given.items()},
            parameters=parameters,
            outputs=_targets(component, out, workspace),
            listener=listener,
        )
        values = tuple(made[port.name] for port in component.outputs)
        return values if len(values) > 1 else values[0]

    return call


def train(
    photos: str | Path,
    *,
    out: str | Path,
    overwrite: bool = False,
    resume: bool = False,
    no_reuse: bool = False,
    listener: Listener = silent,
    **options: Any,
) -> dict[str, Any]:
    """What `visionloom train` does; returns the summary.

    Args:
        photos: Folder, archive or list.
        out: Folder to write to.
        overwrite, resume, no_reuse: As on the command line.
        listener: Told what happens.
        options: The command's options with underscores, e.g. ``model="densenet121"``,
            ``epochs=5``; ``start_from`` for ``--from``.

    Raises:
        VisionloomError: As the command line reports them.
    """
    workspace = Workspace()
    folder = user_path(out)
    request = prepare(
        folder,
        {"photos": photos, **options},
        workspace.registry,
        resume=resume,
        overwrite=overwrite,
        no_reuse=no_reuse,
    )
    return TrainRun(workspace, request, folder, listener, no_reuse=no_reuse).go()


def score(
    model: TrainedModel | str | Path,
    photos: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    overwrite: bool = False,
    listener: Listener = silent,
    **options: Any,
) -> Scores:
    """What `visionloom score` does; returns the scores."""
    path = model.path if isinstance(model, TrainedModel) else user_path(model)
    sources = [photos] if isinstance(photos, str | Path) else photos
    steps = Steps(Workspace(), listener)
    done = score_photos(steps, path, sources, user_path(out), options, overwrite=overwrite)
    return Scores(done.scores)


def evaluate(scores: Scores | str | Path, compared: Scores | str | Path | None = None) -> Any:
    """What `visionloom evaluate` does; returns what ``evaluation.json`` holds, a dict.

    Inside ``with vl.Pipeline(...)`` it is `vl.evaluate_model`: a step is added.
    """
    import json

    if current_pipeline() is not None:
        step = component_function(Workspace().registry.find("Evaluate Model"))
        return step(scores) if compared is None else step(scores, compared)
    inputs = {"scored_dataset": scores, "scored_dataset_to_compare": compared}
    with tempfile.TemporaryDirectory(prefix="visionloom-") as temporary:
        made = Workspace().run(
            "Evaluate Model",
            inputs={
                k: v if isinstance(v, Artifact) else Path(v)
                for k, v in inputs.items()
                if v is not None
            },
            parameters={},
            outputs={"evaluation_results": Path(temporary) / "evaluation"},
        )
        evaluation: Evaluation = Evaluation(made["evaluation_results"].path)
        text = (evaluation.path / "evaluation.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def report(run: str | Path) -> Path:
    """What `visionloom report` does; returns the page's path."""
    return rewrite_report(user_path(run))


def _targets(
    component: Component, out: str | Path | tuple[str | Path, ...] | None, workspace: Workspace
) -> dict[str, Path]:
    names = [port.name for port in component.outputs]
    if out is None:
        base = workspace.fresh_folder(component.kebab)
        return {name: base / name for name in names} if len(names) > 1 else {names[0]: base}
    folders = out if isinstance(out, tuple) else (out,)
    if len(folders) != len(names):
        raise UsageError(f"{component.title} has {len(names)} outputs: {', '.join(names)}.")
    return {name: Path(folder) for name, folder in zip(names, folders, strict=True)}
