"""What happens to each step, and why: decided before the run as far as it can be known, and again
for each step when its inputs are there, so that equal content cuts a chain of new runs off early.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from visionloom.artifacts.manifest import MANIFEST_NAME, read_manifest, verify_files
from visionloom.artifacts.memo import DigestMemo
from visionloom.artifacts.objects import ObjectStore
from visionloom.engine.fingerprint import (
    Fingerprint,
    differences,
    drawn_parameters,
    fingerprint,
)
from visionloom.engine.resolved import DataSource, ResolvedPipeline, ResolvedStep, StepSource
from visionloom.engine.reuse import Decision, Produced, Reason
from visionloom.errors import UsageError
from visionloom.records.rows import ResultRow
from visionloom.spec.ports import Value, nearest

Given = Mapping[tuple[str, str], Produced]


class Results(Protocol):
    """What the planner asks the records."""

    def results(self, keys: Iterable[str]) -> dict[str, ResultRow]:
        """The newest result of each key."""

    def nearest(self, component: str, step: str, name: str) -> ResultRow | None:
        """The newest earlier result to compare with."""

    def expected_seconds(self, component: str, step: str) -> float | None:
        """Run time to expect."""


@dataclass(frozen=True)
class PlanOptions:
    """Which steps are wanted, and whether reuse is.

    Attributes:
        up_to: Run this step and what it needs.
        start_from: Run this step and what needs it, even if nothing changed.
        only: Run this step alone, on results that are there already.
        no_reuse: Run everything.
        is_continued: Whether the run goes on with an earlier one, whose forced steps are not forced
            once more, nor are those of the pipeline's ``force_rerun``.
        anew: Steps that the earlier run was to make anew and did not come to.
        not_exact: Steps that go on from a state of another environment: their results are no
            source of reuse.
    """

    up_to: str = ""
    start_from: str = ""
    only: str = ""
    no_reuse: bool = False
    is_continued: bool = False
    anew: tuple[str, ...] = ()
    not_exact: tuple[str, ...] = ()

    def check(self, pipeline: ResolvedPipeline) -> None:
        """Check that the steps named are there.

        Raises:
            UsageError: One is not, or the options exclude each other.
        """
        if self.only and (self.up_to or self.start_from):
            raise UsageError("--only excludes --up-to and --from.", "Give one of them.")
        known = [step.name for step in pipeline.steps]
        for option, name in (
            ("--up-to", self.up_to),
            ("--from", self.start_from),
            ("--only", self.only),
        ):
            if name and name not in known:
                near = nearest(name, known)
                hint = f"Did you mean {near}? " if near else ""
                raise UsageError(
                    f"{option} {name}: there is no such step.", f"{hint}Steps: {', '.join(known)}."
                )


@dataclass
class Planner:
    """Decides the steps of one pipeline.

    Attributes:
        pipeline: The checked pipeline.
        results: The records.
        store: Where results are.
        memo: Digests of the user's data.
        further: Files that a list of pictures names, which belong to its content.
        environment: What changes the bits of a step that computes.
        options: Which steps are wanted.
    """

    pipeline: ResolvedPipeline
    results: Results
    store: ObjectStore
    memo: DigestMemo
    further: Callable[[Path], Sequence[Path]]
    environment: Callable[[ResolvedStep], Mapping[str, Value]]
    options: PlanOptions = field(default_factory=PlanOptions)
    _digests: dict[Path, Produced] = field(default_factory=dict)
    _forced: frozenset[str] = frozenset()
    _forced_by: str = ""
    _wanted: frozenset[str] = frozenset()
    _given: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        options, pipeline = self.options, self.pipeline
        options.check(pipeline)
        every = frozenset(step.name for step in pipeline.steps)
        self._wanted = every
        end = options.up_to or options.only
        if end:
            self._wanted = pipeline.before(end) | {end}
        if options.only:
            self._given = pipeline.before(options.only)
        if options.is_continued:
            self._forced = frozenset(options.anew)
        elif options.no_reuse or pipeline.pipeline.force_rerun:
            self._forced = every - self._given
        elif options.start_from:
            self._forced = pipeline.after(options.start_from) | {options.start_from}
            self._forced_by = "--from"
        elif options.only:
            self._forced = frozenset({options.only})
            self._forced_by = "--only"

    @property
    def forced(self) -> frozenset[str]:
        """Steps that run even if nothing changed."""
        return self._forced

    def decide(self, step: ResolvedStep, produced: Given) -> Decision:
        """What happens to a step, given what the steps before it gave so far.

        Raises:
            VisionloomError: The user's data cannot be read.
        """
        if step.name not in self._wanted:
            return Decision("leave", (Reason("selected"),))
        waiting = [
            source.step
            for source in step.inputs.values()
            if isinstance(source, StepSource) and (source.step, source.port) not in produced
        ]
        seconds = self.results.expected_seconds(step.component.name, step.name)
        if waiting:
            reasons = tuple(Reason("upstream", name) for name in dict.fromkeys(waiting))
            return self._final(step, Decision("run", reasons, seconds=seconds, provisional=True))
        print_ = self._fingerprint(step, produced)
        decision = self._compare(step, print_, produced, seconds)
        return self._final(step, decision)

    def plan(self) -> dict[str, Decision]:
        """Every step's decision before the run, as far as it can be known."""
        produced: dict[tuple[str, str], Produced] = {}
        decisions: dict[str, Decision] = {}
        for step in self.pipeline.steps:
            decision = self.decide(step, produced)
            decisions[step.name] = decision
            for port, output in decision.outputs.items():
                produced[step.name, port] = output
        return decisions

    def inputs(self, step: ResolvedStep, produced: Given) -> dict[str, Path]:
        """Input port -> the folder or data handed to the step's process."""
        paths = {}
        for port, source in step.inputs.items():
            if isinstance(source, DataSource):
                paths[port] = source.path
            else:
                paths[port] = self.store.path(produced[source.step, source.port].object)
        return paths

    def unchanged(self, step: ResolvedStep) -> str:
        """Empty when the user's data is as it was decided on; else what changed."""
        read = [s.path for s in step.inputs.values() if isinstance(s, DataSource)]
        for path in (*read, *_files_of(step).values()):
            before = self._digests.get(path)
            if before is not None and self._look_at(path).digest != before.digest:
                return f"input changed: {path}"
        return ""

    def _final(self, step: ResolvedStep, decision: Decision) -> Decision:
        if step.name in self._given and decision.action != "reuse":
            return Decision("refuse", (Reason("unavailable", step.name), *decision.reasons))
        if step.name in self.options.not_exact:
            return replace(decision, reusable=False)
        return decision

    def _compare(
        self, step: ResolvedStep, print_: Fingerprint, produced: Given, seconds: float | None
    ) -> Decision:
        component = step.component
        drawn = drawn_parameters(component, step.parameters)
        key, parts = print_.key, print_.to_json()
        if not component.deterministic or drawn:
            reason = Reason("random", ", ".join(drawn))
            return Decision("run", (reason,), key, parts, seconds=seconds, reusable=False)
        found = self.results.results([key]).get(key)
        if step.name in self._forced:
            before = found.run if found is not None else ""
            reason = Reason("forced", self._forced_by)
            return Decision("run", (reason,), key, parts, before, seconds=seconds)
        if found is None:
            return self._explain(step, print_, seconds)
        unusable = self._unusable(step, found, produced)
        if unusable is not None:
            return Decision("run", (unusable,), key, parts, found.run, seconds=seconds)
        outputs = {
            port: Produced(o.object, o.digest, o.type, o.bytes, o.refers_to)
            for port, o in found.outputs.items()
        }
        return Decision(
            "reuse", (Reason("unchanged"),), key, parts, found.run, outputs, found.seconds
        )

    def _explain(self, step: ResolvedStep, print_: Fingerprint, seconds: float | None) -> Decision:
        name = self.pipeline.pipeline.display_name
        before = self.results.nearest(step.component.name, step.name, name)
        if before is None:
            return Decision(
                "run", (Reason("first"),), print_.key, print_.to_json(), seconds=seconds
            )
        reasons = differences(step.component, before.parts, print_) or (Reason("first"),)
        return Decision("run", reasons, print_.key, print_.to_json(), before.run, seconds=seconds)

    def _unusable(self, step: ResolvedStep, found: ResultRow, produced: Given) -> Reason | None:
        """Why an earlier result with the same key is no hit, or None when it is one."""
        for output in found.outputs.values():
            problem = self.store.is_whole(output.object, found.files.get(output.object))
            if problem:
                return Reason("missing", problem)
        here: set[str] = set()
        for port, source in step.inputs.items():
            if isinstance(source, DataSource):
                here |= {str(source.path), *self._content(source.path).refers_to}
                old = found.sources.get(port, "")
                if old != str(source.path):
                    return Reason("moved", "", old, str(source.path))
            else:
                here |= set(produced[source.step, source.port].refers_to)
        reads_data = any(isinstance(source, DataSource) for source in step.inputs.values())
        for output in found.outputs.values():
            for path in output.refers_to:
                # a step that reads the user's data may keep unpacked pictures in our own cache
                if not reads_data and path not in here:
                    return Reason("moved", "", path, ", ".join(sorted(here)) or "nowhere")
                if not Path(path).exists():
                    return Reason("missing", path)
        return None

    def _fingerprint(self, step: ResolvedStep, produced: Given) -> Fingerprint:
        inputs = {}
        for port, source in step.inputs.items():
            if isinstance(source, DataSource):
                inputs[port] = self._content(source.path).digest
            else:
                inputs[port] = produced[source.step, source.port].digest
        files = {name: self._content(path).digest for name, path in _files_of(step).items()}
        environment = dict(self.environment(step)) if step.component.computes else {}
        # libraries read them when they load; which ones change bits cannot be known
        for name, value in step.environment_variables.items():
            environment[f"variable {name}"] = value
        return fingerprint(step.component, step.parameters, inputs, files, environment, step.facts)

    def _content(self, path: Path) -> Produced:
        if path not in self._digests:
            self._digests[path] = self._look_at(path)
        return self._digests[path]

    def _look_at(self, path: Path) -> Produced:
        """Content of the user's data; of an artifact of ours its logical content, verified."""
        if (path / MANIFEST_NAME).is_file():
            manifest = read_manifest(path)
            verify_files(path, manifest)
            size = sum(entry.bytes for entry in manifest.files.values())
            return Produced("", manifest.digest, manifest.type, size, manifest.refers_to)
        source = self.memo.digest(path, self.further(path))
        return Produced("", source.digest, "", source.bytes)


def _files_of(step: ResolvedStep) -> dict[str, Path]:
    """Parameter -> the file it names."""
    files = {}
    for parameter in step.component.parameters:
        value = step.parameters.get(parameter.name)
        if parameter.setting.file and isinstance(value, str) and Path(value).is_file():
            files[parameter.name] = Path(value)
    return files


def expected_seconds(decisions: Iterable[Decision]) -> float | None:
    """Time to expect for the steps that run, or None when nothing is known of one."""
    total = 0.0
    for decision in decisions:
        if decision.action == "run":
            if decision.seconds is None:
                return None
            total += decision.seconds
    return total
