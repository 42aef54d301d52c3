"""Reads the document of a pipeline file: as much of it as can be read."""

from __future__ import annotations

from pathlib import Path

from visionloom.settings import Limits
from visionloom.spec.component_files import ComponentFiles
from visionloom.spec.part_reader import NOT_OURS, PartReader
from visionloom.spec.pipeline import Data, Literal, Pipeline, PipelineOutput, Step
from visionloom.spec.problems import Place, ProblemList
from visionloom.spec.step_reader import OTHER_STEPS, StepReader
from visionloom.spec.yaml_memory import read_again
from visionloom.spec.yaml_nodes import Map, Node, shown
from visionloom.spec.yaml_reader import YamlText

SCHEMA = "https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json"
TOP_KEYS = (
    "$schema", "type", "name", "display_name", "experiment_name", "description", "tags",
    "settings", "inputs", "outputs", "jobs",
)  # fmt: skip
_TOP_ELSEWHERE = {
    "compute": "Write settings.default_compute.",
    "identity": NOT_OURS, "schedule": NOT_OURS, "properties": NOT_OURS,
}  # fmt: skip
_SETTINGS = ("default_compute", "default_datastore", "continue_on_step_failure", "force_rerun")


class PipelineReader:
    """Reads one document.

    Args:
        folder: What relative paths are relative to.
        file: Name for messages.
        problems: Takes the faults.
        limits: For component files.
    """

    def __init__(self, folder: Path, file: str, problems: ProblemList, limits: Limits) -> None:
        self.form = PartReader(file, problems)
        self._folder = folder
        self._file = file
        self._problems = problems
        self._steps_reader = StepReader(self.form, ComponentFiles(folder, problems, limits))

    def read(self, root: Node | None) -> Pipeline:
        """The pipeline the document describes."""
        form = self.form
        if root is None:
            self._problems.error(
                "K2",
                "The file is empty.",
                Place(self._file, 1, 1),
                expected="type: pipeline, and jobs",
            )
            return self._nothing()
        if not isinstance(root, Map):
            form.places["=",] = root.place
            form.wrong(root, (), "a map with type: pipeline and jobs")
            return self._nothing()
        found = form.known(root, (), TOP_KEYS, "A pipeline", _TOP_ELSEWHERE)
        self._check_head(found)
        settings = self._settings(found)
        return Pipeline(
            steps=self._steps(found),
            inputs=self._inputs(found),
            outputs=self._outputs(found),
            display_name=self.form.text_of(found, (), "display_name"),
            experiment_name=self.form.text_of(found, (), "experiment_name"),
            description=self.form.text_of(found, (), "description"),
            tags=form.texts(found["tags"], ("tags",)) if "tags" in found else {},
            default_compute=self.form.text_of(settings, ("settings",), "default_compute") or None,
            default_datastore=self.form.text_of(settings, ("settings",), "default_datastore")
            or None,
            continue_on_step_failure=self._switch(settings, "continue_on_step_failure"),
            force_rerun=self._switch(settings, "force_rerun"),
            folder=self._folder,
            file=self._file,
            places=form.places,
            unreadable=frozenset(form.unreadable),
        )

    def _nothing(self) -> Pipeline:
        return Pipeline(folder=self._folder, file=self._file, unreadable=frozenset({()}))

    def _check_head(self, found: dict[str, Node]) -> None:
        form = self.form
        if "$schema" in found:
            address = form.text(found["$schema"], ("$schema",))
            if address is not None and not address.endswith("/pipelineJob.schema.json"):
                self._problems.error(
                    "K3",
                    f"$schema is {shown(address)}: that is no pipeline's.",
                    form.place("$schema", value=True),
                    name="$schema",
                    found=address,
                    expected=SCHEMA,
                    remedy=f"Write {SCHEMA}, or leave it out.",
                )
        if "type" in found:
            remark = "a pipeline has type: pipeline."
            others = dict.fromkeys(("command", *OTHER_STEPS), remark)
            form.choice(found["type"], ("type",), ("pipeline",), others)
        elif ("type",) not in form.unreadable:
            form.missing(("type",), "The file", "pipeline", "Write type: pipeline.")
        if "name" in found:
            form.text(found["name"], ("name",))
            self._problems.warning(
                "K1",
                "name is the id of a single run in Azure.",
                form.place("name"),
                name="name",
                remedy="Leave it out; display_name is what people see.",
            )

    def _settings(self, found: dict[str, Node]) -> dict[str, Node]:
        form, path = self.form, ("settings",)
        table = form.map(found["settings"], path) if "settings" in found else None
        return form.known(table, path, _SETTINGS, "settings") if table else {}

    def _switch(self, settings: dict[str, Node], name: str) -> bool:
        if name not in settings:
            return False
        return self.form.boolean(settings[name], ("settings", name)) or False

    def _inputs(self, found: dict[str, Node]) -> dict[str, Literal | Data]:
        inputs: dict[str, Literal | Data] = {}
        table = self.form.map(found["inputs"], ("inputs",)) if "inputs" in found else None
        for name, node, path in self.form.entries(table, ("inputs",)) if table else ():
            if isinstance(node, Map):
                inputs[name] = self.form.data(node, path)
                continue
            value = self.form.literal(node, path, "a value, or data as {type, path}")
            if isinstance(value, str):
                value = self.form.plain_text(value, path)
            # an unreadable input still counts as there
            inputs[name] = "" if value is None else value
        return inputs

    def _outputs(self, found: dict[str, Node]) -> dict[str, PipelineOutput]:
        outputs: dict[str, PipelineOutput] = {}
        table = self.form.map(found["outputs"], ("outputs",)) if "outputs" in found else None
        for name, node, path in self.form.entries(table, ("outputs",)) if table else ():
            outputs[name] = self.form.output(node, path)
        return outputs

    def _steps(self, found: dict[str, Node]) -> dict[str, Step]:
        form = self.form
        if "jobs" not in found:
            if ("jobs",) not in form.unreadable:
                form.missing(("jobs",), "The pipeline", "a map of steps", "Add the steps.")
            return {}
        table = form.map(found["jobs"], ("jobs",))
        if table is not None and not table.entries:
            form.wrong(found["jobs"], ("jobs",), "at least one step")
        return {
            name: self._steps_reader.read(node, path)
            for name, node, path in (form.entries(table, ("jobs",)) if table else ())
        }


def read_document(
    data: bytes, folder: Path, file: str, limits: Limits
) -> tuple[Pipeline, YamlText]:
    """The pipeline that a file's bytes describe, and the text with its faults."""
    source = read_again(data, file, limits)
    if not source.readable:
        return Pipeline(folder=folder, file=file, unreadable=frozenset({()})), source
    return PipelineReader(folder, file, source.problems, limits).read(source.root), source
