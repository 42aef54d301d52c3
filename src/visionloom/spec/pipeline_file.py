"""Pipeline files: read with all of their faults at once, and written in a fixed order.

Reading judges the text alone; whether steps, ports, values and data fit is
`visionloom.engine.check`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from visionloom.errors import InvalidPipelineError
from visionloom.settings import Limits
from visionloom.spec.names import is_text
from visionloom.spec.pipeline import Pipeline
from visionloom.spec.pipeline_document import PipelineDocument
from visionloom.spec.pipeline_reader import read_document
from visionloom.spec.pipeline_writer import pipeline_text
from visionloom.spec.problems import Problem, in_order


@dataclass(frozen=True)
class ReadPipeline:
    """What a pipeline file says.

    Attributes:
        pipeline: As far as it could be read.
        problems: Faults of the text, in order.
        document: The file, to be edited.
    """

    pipeline: Pipeline
    problems: tuple[Problem, ...]
    document: PipelineDocument

    @property
    def text(self) -> str:
        """The text, without byte order mark."""
        return self.document.text


def read_pipeline(path: Path, limits: Limits | None = None) -> ReadPipeline:
    """Read a pipeline file; its faults are in the result.

    Raises:
        InvalidPipelineError: There is no such file, it cannot be opened, or no records could hold
            its name.
    """
    allowed = limits or Limits()
    if not is_text(str(path.absolute())):
        raise InvalidPipelineError(f"The path {path.absolute()} is not UTF-8.", "Rename it.")
    try:
        with open(path, "rb") as stream:
            data = stream.read(allowed.yaml_bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidPipelineError(
            f"The pipeline file {path} cannot be read: {reason}.",
            "Name a pipeline file (YAML).",
        ) from error
    return _read(data, path.absolute().parent, str(path), allowed)


def pipeline_from_text(
    text: str, folder: Path, file: str = "", limits: Limits | None = None
) -> ReadPipeline:
    """Read a pipeline from a text.

    Args:
        text: The file's content.
        folder: What relative paths are relative to.
        file: Name for messages.
        limits: Size, depth and count allowed.
    """
    data = text.encode("utf-8", errors="surrogatepass")
    return _read(data, folder, file, limits or Limits())


def _read(data: bytes, folder: Path, file: str, limits: Limits) -> ReadPipeline:
    pipeline, source = read_document(data, folder, file, limits)
    marked = data.startswith(b"\xef\xbb\xbf")
    document = PipelineDocument(source.text, folder, file, marked)
    return ReadPipeline(pipeline, tuple(in_order(source.problems)), document)


def write_pipeline(pipeline: Pipeline) -> str:
    """A pipeline as the text of a file: keys in a fixed order, one a line."""
    return pipeline_text(pipeline)
