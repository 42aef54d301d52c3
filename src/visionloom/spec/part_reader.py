"""Reads what pipelines and steps have in common: texts, data, outputs; rules B1, B2 and D2."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

from visionloom.spec.form import Form
from visionloom.spec.names import BadBinding, parse_binding
from visionloom.spec.pipeline import Data, KeyPath, PipelineOutput
from visionloom.spec.yaml_nodes import Map, Node, Scalar, shown

DATA_TYPES = ("uri_folder", "uri_file", "custom_model")
INPUT_MODES = ("ro_mount", "download", "direct")
OUTPUT_MODES = ("rw_mount", "upload")
NOT_OURS = "Azure knows it, Visionloom does not."
_OTHER_DATA_TYPES = {
    **dict.fromkeys(("mltable", "mlflow_model", "triton_model"), NOT_OURS),
    **dict.fromkeys(
        ("integer", "number", "string", "boolean"),
        "a value is written by itself, e.g. epochs: 5.",
    ),
}


class PartReader(Form):
    """A form that knows bindings, data and outputs."""

    def text_of(self, found: dict[str, Node], path: KeyPath, name: str) -> str:
        """The text of a key; empty when it is not there or cannot be read."""
        return (self.text(found[name], (*path, name)) or "") if name in found else ""

    def data(self, node: Map, path: KeyPath) -> Data:
        """Data that a pipeline takes in."""
        said = self.known(node, path, ("type", "path", "mode"), f"The data {path[-1]}")
        kind, mode = self.type_and_mode(said, path, INPUT_MODES)
        return Data(self._local_path(said, path), kind, mode)

    def type_and_mode(
        self, said: dict[str, Node], path: KeyPath, modes: tuple[str, ...]
    ) -> tuple[str, str | None]:
        """The keys type and mode."""
        kind: str | None = "uri_folder"
        if "type" in said:
            kind = self.choice(said["type"], (*path, "type"), DATA_TYPES, _OTHER_DATA_TYPES)
        mode = self.choice(said["mode"], (*path, "mode"), modes, {}) if "mode" in said else None
        return kind or "uri_folder", mode

    def plain_text(self, text: str, path: KeyPath) -> str | None:
        """A text that binds nothing; anything like a binding is a fault here."""
        parsed = parse_binding(text)
        if isinstance(parsed, str):
            return parsed
        if not isinstance(parsed, BadBinding):
            parsed = BadBinding("B1", "only inputs and outputs of steps are bound")
        self.bad_binding(text, parsed, path)
        return None

    def bad_binding(self, text: str, bad: BadBinding, path: KeyPath) -> None:
        """Report a text that is meant as a binding and is none."""
        if bad.code == "B1":
            message = f"{shown(text)} is no binding: {bad.reason}."
            remedy = f"Write {bad.meant}." if bad.meant else ""
        else:
            message = f"{shown(text)}: {bad.reason}."
            remedy = "For a text that holds ${, {{ or }}, write ${{'the text'}}."
        self.problems.error(
            bad.code,
            message,
            self.place(*path, value=True),
            step=path[1] if path[0] == "jobs" else "",
            name=path[-1],
            found=text,
            expected=bad.meant or "a value, or a binding",
            remedy=remedy,
        )
        self.unreadable.add(path)

    def output(self, node: Node, path: KeyPath) -> PipelineOutput:
        """An output of a pipeline, or the form of a step's output."""
        if isinstance(node, Scalar) and node.value is None:
            return PipelineOutput()
        if not isinstance(node, Map):
            self.wrong(node, path, "nothing, or {type, mode, path}")
            return PipelineOutput()
        said = self.known(node, path, ("type", "mode", "path"), f"The output {path[-1]}")
        kind, mode = self.type_and_mode(said, path, OUTPUT_MODES)
        return PipelineOutput(self._local_path(said, path), kind, mode)

    def _local_path(self, said: dict[str, Node], path: KeyPath) -> str | None:
        """The value of the key path; one that holds on this machine only is a warning."""
        here = (*path, "path")
        text = self.text(said["path"], here) if "path" in said else None
        text = None if text is None else self.plain_text(text, here)
        if text is not None and (
            PurePosixPath(text).is_absolute()
            or PureWindowsPath(text).is_absolute()
            or text.startswith("~")
        ):
            self.problems.warning(
                "D2",
                f"{shown(text)} is a path of this machine.",
                self.place(*here, value=True),
                name=path[-1],
                found=text,
                expected="a path relative to the pipeline's file",
                remedy=f"Leave it out, and run with --set {path[-1]}=PATH."
                if path[0] == "inputs"
                else "Write it relative to the pipeline's file.",
            )
        return text
