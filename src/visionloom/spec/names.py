"""Names of steps, inputs and outputs, and the forms of bindings and component references."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass

from visionloom.spec.pipeline import InputBinding, StepBinding

MAXIMUM_LENGTH = 64
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_EXPRESSION = re.compile(r"\$\{\{\s*(?P<inner>.*?)\s*\}\}", re.DOTALL)
_INPUT = re.compile(r"parent\.inputs\.(?P<name>[^\s.{}$]+)")
_OUTPUT = re.compile(r"parent\.outputs\.(?P<name>[^\s.{}$]+)")
_STEP = re.compile(r"parent\.jobs\.(?P<step>[^\s.{}$]+)\.outputs\.(?P<port>[^\s.{}$]+)")
_QUOTED = re.compile(r"'(?P<text>.*)'", re.DOTALL)
_SUSPICIOUS = re.compile(r"\$\{|\{\{|\}\}|\$\[\[")
_ROOTS = re.compile(r"\b(parent|inputs|outputs|jobs|steps)\s*\.")


def fault_of_name(name: str) -> str:
    """What is wrong with a name, or an empty text."""
    if len(name) > MAXIMUM_LENGTH:
        return f"it is longer than {MAXIMUM_LENGTH} characters"
    if not _NAME.fullmatch(name):
        return "small letters, digits and _ are allowed, and no digit at the beginning"
    if keyword.iskeyword(name):
        return "it is a word of Python's own"
    return ""


def nearest_name(name: str) -> str:
    """A name that is allowed and like the one given; may be empty."""
    plain = re.sub(r"[^a-z0-9_]+", "_", name.lower())[:MAXIMUM_LENGTH].strip("_")
    if plain[:1].isdigit():
        plain = f"_{plain}"
    return f"{plain}_" if keyword.iskeyword(plain) else plain


@dataclass(frozen=True)
class OutputBinding:
    """``${{parent.outputs.NAME}}``: the pipeline output that a step's output is delivered to."""

    output: str

    def __str__(self) -> str:
        return f"${{{{parent.outputs.{self.output}}}}}"


@dataclass(frozen=True)
class BadBinding:
    """A text that is meant as a binding and is none.

    Attributes:
        code: ``B1``, or ``B2`` when it may be a text.
        reason: What is wrong, in words.
        meant: The binding that was most likely meant, or empty.
    """

    code: str
    reason: str
    meant: str = ""


Parsed = InputBinding | StepBinding | OutputBinding | BadBinding | str


def parse_binding(text: str) -> Parsed:
    """What a text of a step's inputs or outputs says: a binding, a text, or a fault.

    ``${{'...'}}`` is a text whatever stands between the quotes.
    """
    whole = _EXPRESSION.fullmatch(text.strip())
    if whole is not None:
        inner = whole["inner"]
        if (quoted := _QUOTED.fullmatch(inner)) is not None:
            return quoted["text"]
        if (found := _INPUT.fullmatch(inner)) is not None:
            return InputBinding(found["name"])
        if (found := _STEP.fullmatch(inner)) is not None:
            return StepBinding(found["step"], found["port"])
        if (found := _OUTPUT.fullmatch(inner)) is not None:
            return OutputBinding(found["name"])
    if not _SUSPICIOUS.search(text):
        return text
    if _ROOTS.search(text) or "${{" in text:
        alone = whole is not None and not _SUSPICIOUS.search(whole["inner"])
        return BadBinding("B1", _reason(text, alone), _meant(text))
    return BadBinding("B2", "it looks like a binding and is none")


def literal_text(text: str) -> str:
    """A text as a pipeline file writes it, so that it is not taken for a binding."""
    return f"${{{{'{text}'}}}}" if _SUSPICIOUS.search(text) else text


def is_suspicious(text: str) -> bool:
    """Whether a text holds what binds values."""
    return _SUSPICIOUS.search(text) is not None


def _reason(text: str, whole: bool) -> str:
    if whole:
        if re.search(r"jobs\.\s*[^\s.{}]+\s*\.\s*inputs\b", text):
            return "inputs of a step cannot be bound to; bind to what that input is bound to"
        if re.search(r"\bsteps\s*\.", text):
            return "steps are called jobs"
        if not re.search(r"\bparent\s*\.", text):
            return "it must begin with parent"
        return "it has none of the three forms"
    if _EXPRESSION.search(text):
        return "a binding is the whole value, and there is more text around it"
    return "it needs two braces on both sides"


def _meant(text: str) -> str:
    words = re.findall(r"[A-Za-z0-9_-]+", text)
    for index, word in enumerate(words):
        rest = words[index + 1 :]
        if word in {"jobs", "steps", "job", "step"} and len(rest) >= 3 and rest[1] == "outputs":
            return str(StepBinding(rest[0], rest[2]))
        if word == "inputs" and rest and not {"jobs", "steps"} & set(words[:index]):
            return str(InputBinding(rest[0]))
        if word == "outputs" and rest and not {"jobs", "steps"} & set(words[:index]):
            return str(OutputBinding(rest[0]))
    return ""


_AZURE = re.compile(r"azureml:(?P<name>[^:@/\s]+)(:(?P<version>[^:@/\s]+))?(@(?P<label>[^\s@]+))?")


def parse_reference(text: str) -> tuple[str, str | None] | None:
    """Name and version of ``azureml:NAME:VERSION``; None for another text."""
    found = _AZURE.fullmatch(text)
    return None if found is None else (found["name"], found["version"])


def is_file_reference(text: str) -> bool:
    """Whether a component reference names a file."""
    return text.startswith(("./", "../", "/", "file:")) or text.lower().endswith((".yml", ".yaml"))


def is_text(text: str) -> bool:
    """Whether a text can be written as UTF-8; a file name of another encoding cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
