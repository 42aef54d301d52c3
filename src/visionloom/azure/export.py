"""A pipeline written for Azure Machine Learning: job, component files, environment.

The file of the job is the pipeline with what only makes sense on this machine left out; every
component becomes a command component whose command is ``visionloom component``.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
from collections.abc import Collection, Iterator
from pathlib import Path

from visionloom._version import __version__
from visionloom.artifacts.atomic import new_folder
from visionloom.errors import UsageError
from visionloom.spec.component import Component
from visionloom.spec.component_file import write_component
from visionloom.spec.pipeline import (
    ComponentReference,
    Data,
    InputBinding,
    Pipeline,
    PipelineOutput,
    Step,
    seen_from,
)
from visionloom.spec.pipeline_file import write_pipeline
from visionloom.spec.registry import Registry
from visionloom.spec.yaml_writer import write_yaml

JOB_FILE = "pipeline.yml"
_COMPONENTS, _CONDA = "components", "environment/conda.yml"
_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
_OWN_PACKAGE = "visionloom"


@dataclasses.dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        folder: The folder.
        components: Names of the component files.
        notes: What the user should know.
    """

    folder: Path
    components: tuple[str, ...]
    notes: tuple[str, ...]


def export(
    pipeline: Pipeline,
    registry: Registry,
    out: Path,
    *,
    compute: str = "",
    environment: str = "",
    replace: bool = False,
) -> Exported:
    """Write a pipeline for Azure Machine Learning into a new folder.

    Args:
        pipeline: Without faults.
        registry: The catalog.
        out: The folder to appear.
        compute: Name of the compute target of steps that name none; empty for the pipeline's own.
        environment: ``NAME:VERSION`` of an environment that has Visionloom; empty to define one.
        replace: Whether an existing folder is replaced.

    Raises:
        UsageError: No compute, a parameter that names a file of this machine, or a folder to be
            replaced that is no earlier export.
        OutputExistsError: ``out`` exists and is not to be replaced.
        FailedToWriteOutputsError: The folder cannot be written to.
    """
    if replace and out.exists() and not (out / JOB_FILE).is_file():
        raise UsageError(
            f"{out} is no earlier export, so it is not overwritten.", "Choose another --out."
        )
    target = compute or pipeline.default_compute or ""
    if not target and any(step.compute is None for step in pipeline.steps.values()):
        raise UsageError(
            "Azure needs a compute target for every step, and the pipeline names none.",
            "Say --compute NAME, or write settings.default_compute in the pipeline.",
        )
    items = [registry.find(step.component.name) for step in pipeline.steps.values()]
    used = {item.name: item for item in items}
    job = _job(pipeline, registry, out.absolute(), target)
    where: str | dict[str, str] = f"azureml:{environment.removeprefix('azureml:')}"
    if not environment:
        where = {"image": _IMAGE, "conda_file": f"../{_CONDA}"}
    with new_folder(out, replace=replace) as folder:
        (folder / JOB_FILE).write_text(write_pipeline(job), encoding="utf-8")
        (folder / _COMPONENTS).mkdir()
        for name, item in used.items():
            text = write_component(item, environment=where)
            (folder / _COMPONENTS / f"{name}.yml").write_text(text, encoding="utf-8")
        if not environment:
            (folder / _CONDA).parent.mkdir()
            (folder / _CONDA).write_text(_conda(used.values()), encoding="utf-8")
    return Exported(out, tuple(used), tuple(_notes(pipeline)))


def _job(pipeline: Pipeline, registry: Registry, out: Path, target: str) -> Pipeline:
    inputs = {
        name: dataclasses.replace(value, path=seen_from(out, value.path, pipeline.folder))
        if isinstance(value, Data) and value.path is not None
        else value
        for name, value in pipeline.inputs.items()
    }
    steps = {name: _step(pipeline, registry, name, step) for name, step in pipeline.steps.items()}
    outputs = {
        name: PipelineOutput(None, output.type, output.mode)
        for name, output in pipeline.outputs.items()
    }
    return dataclasses.replace(
        pipeline,
        inputs=inputs,
        outputs=outputs,
        steps=steps,
        default_compute=_compute(target) if target else None,
    )


def _step(pipeline: Pipeline, registry: Registry, name: str, step: Step) -> Step:
    component = registry.find(step.component.name)
    for parameter in component.parameters:
        value = step.inputs.get(parameter.name)
        if isinstance(value, InputBinding):
            given = pipeline.inputs.get(value.input)
            value = None if isinstance(given, Data) else given
        if not parameter.setting.file or not isinstance(value, str) or not value:
            continue
        if parameter.setting.file == "always" or (pipeline.folder / value).is_file():
            raise UsageError(
                f"Step {name}: {parameter.title} names the file {value} of this machine, which "
                "Azure has not.",
                "Leave it out of the pipeline that is exported.",
            )
    return dataclasses.replace(
        step,
        component=ComponentReference(
            component.name, component.version, f"./{_COMPONENTS}/{component.name}.yml"
        ),
        compute=None if step.compute is None else _compute(step.compute),
    )


def _compute(name: str) -> str:
    return f"azureml:{name.removeprefix('azureml:')}"


def _conda(items: Collection[Component]) -> str:
    extras = sorted({item.extra for item in items if item.extra})
    bracket = f"[{','.join(extras)}]" if extras else ""
    wanted = f"{_OWN_PACKAGE}{bracket}=={__version__}"
    document = {
        "name": _OWN_PACKAGE,
        "channels": ["conda-forge"],
        "dependencies": ["python=3.11", "pip", {"pip": [wanted, *sorted(_strangers(items))]}],
    }
    return write_yaml(document)


def _strangers(items: Collection[Component]) -> set[str]:
    """Requirements of the packages that brought components of their own."""
    packages = {item.function.__module__.partition(".")[0] for item in items} - {_OWN_PACKAGE}
    distributions = importlib.metadata.packages_distributions()
    return {
        f"{name}=={importlib.metadata.version(name)}"
        for package in packages
        for name in distributions.get(package, [])
    }


def _notes(pipeline: Pipeline) -> Iterator[str]:
    local = [name for name, output in pipeline.outputs.items() if output.path is not None]
    if local:
        yield f"The folders of the outputs {', '.join(local)} are left out: Azure keeps outputs."
    data = [n for n, v in pipeline.inputs.items() if isinstance(v, Data) and v.path is not None]
    if data:
        yield f"The data of the inputs {', '.join(data)} is uploaded when the job is submitted."
