"""Reads the steps of a pipeline file."""

from __future__ import annotations

from visionloom.spec.component_files import ComponentFiles
from visionloom.spec.names import (
    BadBinding,
    OutputBinding,
    is_file_reference,
    is_suspicious,
    parse_binding,
    parse_reference,
)
from visionloom.spec.part_reader import NOT_OURS, PartReader
from visionloom.spec.pipeline import (
    Bound,
    ComponentReference,
    InputBinding,
    KeyPath,
    Literal,
    PipelineOutput,
    Step,
    StepBinding,
)
from visionloom.spec.yaml_nodes import Map, Node, Scalar, shown

OTHER_STEPS = dict.fromkeys(
    ("sweep", "parallel", "pipeline", "automl", "spark", "import", "data_transfer", "if_else"),
    "Azure knows it, Visionloom does not: it runs steps of type command.",
)
STEP_KEYS = (
    "type", "component", "display_name", "description", "comment", "tags", "compute",
    "resources", "environment_variables", "inputs", "outputs",
)  # fmt: skip
_STEP_ELSEWHERE = {
    **dict.fromkeys(("code", "command", "environment"), "It belongs to the component."),
    **dict.fromkeys(
        ("limits", "distribution", "identity", "services", "queue_settings", "properties",
         "sampling_algorithm", "objective", "search_space", "trial"),
        NOT_OURS,
    ),
}  # fmt: skip
_RESOURCES = ("instance_count", "instance_type", "shm_size", "properties", "docker_args")


class StepReader:
    """Reads steps into values.

    Args:
        form: Notes faults and places.
        components: The component files of the pipeline.
    """

    def __init__(self, form: PartReader, components: ComponentFiles) -> None:
        self.form = form
        self._components = components

    def read(self, node: Node, path: KeyPath) -> Step:
        """The step at a path, as far as it can be read."""
        form = self.form
        table = form.map(node, path)
        if table is None:
            return Step(ComponentReference(""))
        said = form.known(table, path, STEP_KEYS, f"The step {path[-1]}", _STEP_ELSEWHERE)
        if "type" in said:
            form.choice(said["type"], (*path, "type"), ("command",), OTHER_STEPS)
        outputs, forms = self._step_outputs(said, path)
        here = (*path, "compute")
        return Step(
            component=self._component(said, path),
            inputs=self._step_inputs(said, path),
            outputs=outputs,
            output_forms=forms,
            compute=form.text(said["compute"], here) if "compute" in said else None,
            display_name=self.form.text_of(said, path, "display_name"),
            description=self.form.text_of(said, path, "description"),
            comment=self.form.text_of(said, path, "comment"),
            environment_variables=self._environment(said, path),
            tags=form.texts(said["tags"], (*path, "tags")) if "tags" in said else {},
            resources=self._resources(said, path),
        )

    def _component(self, said: dict[str, Node], step: KeyPath) -> ComponentReference:
        form, path = self.form, (*step, "component")
        if "component" not in said:
            if path not in form.unreadable:
                form.missing(
                    path,
                    f"The step {step[-1]}",
                    "azureml:NAME:VERSION, ./FILE.yml or a map",
                    "Name its component; `visionloom components` lists them.",
                )
            return ComponentReference("")
        node = said["component"]
        if isinstance(node, Map):
            return self._components.inline(node, form, path)
        text = form.text(node, path)
        if text is None:
            return ComponentReference("")
        if (named := parse_reference(text)) is not None:
            return ComponentReference(named[0], named[1], text)
        if is_file_reference(text) and not is_suspicious(text):
            return self._components.from_file(text, form, path)
        self._components.refuse(text, form, path)
        form.unreadable.add(path)
        return ComponentReference("", None, text)

    def _step_inputs(self, said: dict[str, Node], step: KeyPath) -> dict[str, Bound]:
        form, path = self.form, (*step, "inputs")
        table = form.map(said["inputs"], path) if "inputs" in said else None
        inputs: dict[str, Bound] = {}
        for name, node, here in form.entries(table, path) if table else ():
            if isinstance(node, Map):
                form.wrong(
                    node,
                    here,
                    "a value or a binding",
                    f"Declare the data as inputs.{name} of the pipeline and write "
                    f"{InputBinding(name)}.",
                )
                inputs[name] = ""
                continue
            value = form.literal(node, here, "a value or a binding")
            # an unreadable input still counts as given
            given = "" if value is None else value
            inputs[name] = self._bound(given, here) if isinstance(given, str) else given
        return inputs

    def _bound(self, text: str, path: KeyPath) -> Bound:
        parsed = parse_binding(text)
        if isinstance(parsed, str | InputBinding | StepBinding):
            return parsed
        if isinstance(parsed, OutputBinding):
            parsed = BadBinding(
                "B1", "an output of the pipeline gives nothing", str(InputBinding(parsed.output))
            )
        self.form.bad_binding(text, parsed, path)
        return text

    def _step_outputs(
        self, said: dict[str, Node], step: KeyPath
    ) -> tuple[dict[str, str], dict[str, PipelineOutput]]:
        form, path = self.form, (*step, "outputs")
        table = form.map(said["outputs"], path) if "outputs" in said else None
        bound: dict[str, str] = {}
        forms: dict[str, PipelineOutput] = {}
        for name, node, here in form.entries(table, path) if table else ():
            if isinstance(node, Map):
                forms[name] = self.form.output(node, here)
                if forms[name].path is not None:
                    self._no_path(name, here)
                continue
            text = form.text(node, here)
            if text is None:
                continue
            parsed = parse_binding(text)
            if isinstance(parsed, OutputBinding):
                bound[name] = parsed.output
                continue
            if not isinstance(parsed, BadBinding):
                meant = str(OutputBinding(name))
                parsed = BadBinding("B1", "an output is delivered to a pipeline output", meant)
            self.form.bad_binding(text, parsed, here)
        return bound, forms

    def _no_path(self, name: str, path: KeyPath) -> None:
        self.form.unreadable.add(path)
        self.form.problems.error(
            "K1",
            f"The output {name} of the step {path[1]} has a path of its own.",
            self.form.place(*path, "path"),
            step=path[1],
            name=name,
            remedy=f"Declare outputs.{name} of the pipeline with this path and write "
            f"{OutputBinding(name)} here.",
        )

    def _environment(self, said: dict[str, Node], step: KeyPath) -> dict[str, str]:
        form, path = self.form, (*step, "environment_variables")
        if "environment_variables" not in said:
            return {}
        table = form.map(said["environment_variables"], path)
        found: dict[str, str] = {}
        for name, node, here in form.entries(table, path) if table else ():
            if isinstance(node, Scalar) and isinstance(node.value, str):
                found[name] = node.value
                continue
            self.form.problems.error(
                "E1",
                f"The environment variable {shown(name)} is no text.",
                form.place(*here, value=True),
                step=step[-1],
                name=name,
                expected="a text",
                remedy=f"Put it in quotes: '{node.text}'." if isinstance(node, Scalar) else "",
            )
        return found

    def _resources(self, said: dict[str, Node], step: KeyPath) -> dict[str, Literal]:
        form, path = self.form, (*step, "resources")
        table = form.map(said["resources"], path) if "resources" in said else None
        if table is None:
            return {}
        found: dict[str, Literal] = {}
        for name, node in form.known(table, path, _RESOURCES, "resources").items():
            here = (*path, name)
            if name == "instance_count":
                count = node.value if isinstance(node, Scalar) else None
                if isinstance(count, int) and not isinstance(count, bool) and count >= 1:
                    found[name] = count
                else:
                    form.wrong(node, here, "a whole number of 1 or more")
            elif name != "properties" and (text := form.text(node, here)) is not None:
                found[name] = text
        return found
