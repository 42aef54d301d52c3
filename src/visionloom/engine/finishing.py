"""What becomes of results: outputs of a step move into the store, those of a run are delivered."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from visionloom.artifacts.atomic import remove_tree, write_file
from visionloom.artifacts.manifest import MANIFEST_NAME, Manifest, read_manifest, verify_files
from visionloom.engine.executors.base import Job
from visionloom.engine.resolved import DataSource, Delivery, ResolvedPipeline, ResolvedStep
from visionloom.engine.reuse import Decision
from visionloom.engine.step_process import Result
from visionloom.engine.tools import Given, Tools
from visionloom.errors import ArtifactError, OutputExistsError
from visionloom.records.rows import OutputRow, ResultRow

if TYPE_CHECKING:
    from visionloom.artifacts.objects import ObjectStore, StoredObject

PUBLISHED_NAME = "published.json"
# what file managers leave in every folder that is looked at
_OF_THE_SYSTEM = {".DS_Store", "Thumbs.db", "desktop.ini"}


@dataclass(frozen=True)
class Finished:
    """What a step that succeeded gave.

    Attributes:
        problem: Why it does not count; empty when it does.
        decision: As it stands.
        outputs: One per port; the objects are in the store.
        files: Object id -> (relative name -> bytes).
    """

    problem: str
    decision: Decision
    outputs: tuple[OutputRow, ...] = ()
    files: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def finish_step(
    tools: Tools,
    step: ResolvedStep,
    job: Job,
    result: Result,
    decision: Decision,
    given: Given,
    *,
    is_adopted: bool,
) -> Finished:
    """Check that what was read is as it was decided on, and publish the outputs.

    May be cut off anywhere and done again.

    Raises:
        VisionloomError: The user's data cannot be read, or an output is damaged.
    """
    if is_adopted:
        # this supervisor has not seen the data before the step read it; its key tells
        now = tools.planner.decide(step, given)
        if now.key != decision.key:
            return Finished("input changed while the step ran", decision)
        decision = now
    problem = tools.planner.unchanged(step)
    if problem:
        return Finished(problem, decision)
    for port in step.component.outputs:
        if port.name not in result.outputs:
            return Finished(f"it wrote no {port.title}", decision)
        if Path(result.outputs[port.name]) != Path(job.outputs[port.name]):
            # what is published moves into the store, and that may be the user's
            raise ArtifactError(
                f"{step.component.title} wrote {port.title} to {result.outputs[port.name]}, not to "
                "its own folder.",
                f'A component writes to context.output("{port.name}").',
            )
    stored = _publish(tools, job, result)
    outputs = tuple(
        OutputRow(job.run, job.step, port, o.id, o.digest, o.type, o.bytes, o.refers_to)
        for port, o in stored.items()
    )
    discard_outputs(job)
    return Finished("", decision, outputs, {o.id: dict(o.files) for o in stored.values()})


def discard_outputs(job: Job) -> None:
    """Remove what is left of an attempt's outputs on their way to the store."""
    for folder in {Path(path).parent for path in job.outputs.values()}:
        remove_tree(folder)


def result_row(
    tools: Tools, step: ResolvedStep, made: Finished, seconds: float
) -> ResultRow | None:
    """What later runs may reuse of a step that finished, or None when they must not."""
    decision = made.decision
    if not decision.reusable:
        return None
    return ResultRow(
        key=decision.key,
        run=tools.run.id,
        step=step.name,
        component=step.component.name,
        version=step.component.version,
        parts=decision.parts,
        sources={p: str(s.path) for p, s in step.inputs.items() if isinstance(s, DataSource)},
        outputs={output.port: output for output in made.outputs},
        files=made.files,
        seconds=seconds,
        created=tools.clock.wall(),
    )


def refused_delivery(pipeline: ResolvedPipeline) -> str:
    """Why an output of the pipeline cannot be delivered; empty when all can.

    What stands in the way is replaced only when it is an artifact of the same type, and nothing
    else is in its folder.
    """
    return next(filter(None, (_obstacle(pipeline, d) for d in pipeline.deliveries)), "")


def deliver(tools: Tools) -> list[Delivery]:
    """Copy the pipeline's outputs to where they belong; returns those that were.

    What stands there already, whole, stays. Where a link leads is replaced, not the link.

    Raises:
        OutputExistsError: What is not ours came to stand in the way since the run began.
        VisionloomError: One cannot be written.
    """
    delivered = []
    for delivery in tools.pipeline.deliveries:
        output = tools.produced.get((delivery.step, delivery.port))
        if output is None or delivery.path is None:
            continue
        if not _is_there(tools.store, output.object, delivery.path):
            problem = _obstacle(tools.pipeline, delivery)
            if problem:
                raise OutputExistsError(problem)
            tools.store.deliver(output.object, delivery.path.resolve(), replace=True)
        delivered.append(delivery)
    return delivered


def _obstacle(pipeline: ResolvedPipeline, delivery: Delivery) -> str:
    """Why an output cannot be delivered; empty when it can."""
    path = delivery.path
    if path is None:
        return ""
    kind = _type_of(pipeline, delivery)
    remedy = "Choose another folder or remove it."
    try:
        if not path.exists() or (path.is_dir() and not any(path.iterdir())):
            return ""
        manifest = read_manifest(path)
        strange = _strange_file(path, manifest)
    except ArtifactError:
        found = "no artifact of Visionloom"
    except OSError as error:
        return f"The output {delivery.name} cannot go to {path}: {error.strerror}. {remedy}"
    else:
        if manifest.type == kind and strange:
            return (
                f"The output {delivery.name} would replace {path}, and {strange} in it, which is "
                "no part of the artifact. Move that, or choose another folder."
            )
        found = manifest.type
    if found == kind:
        return ""
    return (
        f"The output {delivery.name} would replace {path}, which is {found}; only an older "
        f"{kind} is replaced. {remedy}"
    )


def _strange_file(folder: Path, manifest: Manifest) -> str:
    """A file in an artifact's folder that somebody else put there; empty when there is none."""
    for parent, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(parent, name).relative_to(folder).as_posix()
            if path != MANIFEST_NAME and path not in manifest.files and name not in _OF_THE_SYSTEM:
                return path
    return ""


def _publish(tools: Tools, job: Job, result: Result) -> dict[str, StoredObject]:
    """Move the outputs into the store.

    Which objects they become is noted first: a folder that has moved cannot tell any more, and
    whoever comes after a supervisor that died in between must know. They are pinned before they
    count, so that no collection takes an equal object that another run lets go of.
    """
    store = tools.store
    note = job.path / PUBLISHED_NAME
    if not note.exists():
        ids = {port: store.identify(Path(path)).id for port, path in result.outputs.items()}
        write_file(note, json.dumps(ids).encode())
    ids = json.loads(note.read_bytes())
    tools.recorder.pin(tools.run.id, ids.values())
    stored = {}
    for port, path in result.outputs.items():
        if (Path(path) / MANIFEST_NAME).exists():
            stored[port] = store.publish(Path(path))
        else:
            problem = store.is_whole(ids[port])
            if problem:
                raise ArtifactError(f"The output {port} of {job.step} is lost: {problem}.")
            stored[port] = store.identify(store.path(ids[port]))
    return stored


def _is_there(store: ObjectStore, object_: str, path: Path) -> bool:
    with contextlib.suppress(ArtifactError, OSError):
        wanted = (store.path(object_) / MANIFEST_NAME).read_bytes()
        if (path / MANIFEST_NAME).read_bytes() == wanted:
            verify_files(path, read_manifest(path))
            return True
    return False


def _type_of(pipeline: ResolvedPipeline, delivery: Delivery) -> str:
    ports = pipeline.step(delivery.step).component.outputs
    return next(port.type.type_name for port in ports if port.name == delivery.port)
