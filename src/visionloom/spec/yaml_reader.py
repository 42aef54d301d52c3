"""YAML as strictly as a pipeline needs it: every key and value with its place, every fault named.

The text is read on the level of parser events: nothing is constructed, so a tag can run no code
and an alias can expand to nothing. What is accepted is the part of YAML 1.2 on which all programs
agree; rules Y1 to Y3 of ``docs/pipelines.md``.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from visionloom.settings import Limits
from visionloom.spec.problems import Place, ProblemList
from visionloom.spec.yaml_faults import explain
from visionloom.spec.yaml_nodes import (
    AMBIGUOUS,
    MAXIMUM_DIGITS,
    Entry,
    Items,
    Map,
    Node,
    Refused,
    Scalar,
    core_value,
    meant_number,
    shown,
)

_MAXIMUM_FAULTS = 100


@dataclass
class YamlText:
    """A text and what it says.

    Attributes:
        text: Decoded, without byte order mark, line ends as they are.
        root: The document; None when it is empty or cannot be read.
        problems: Faults of rules Y1 to Y3.
        readable: Whether the text could be read to its end.
    """

    text: str = ""
    root: Node | None = None
    problems: ProblemList = field(default_factory=ProblemList)
    readable: bool = True


def read_yaml(data: bytes, file: str, limits: Limits) -> YamlText:
    """Read one YAML document; every fault is in the result, nothing is raised."""
    found = YamlText()
    if len(data) > limits.yaml_bytes:
        found.readable = False
        found.problems.error(
            "Y3",
            f"The file is larger than {limits.named('yaml_bytes')}.",
            Place(file, 1, 1),
            found=f"{len(data)} bytes or more",
            expected=f"at most {limits.yaml_bytes} bytes",
        )
        return found
    try:
        found.text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found.readable = False
        before = data[: error.start].decode("utf-8-sig", errors="replace")
        found.problems.error(
            "Y1",
            f"The file is not UTF-8: byte 0x{data[error.start]:02x} cannot be read.",
            Lines(before, file).place(len(before)),
            remedy="Save it as UTF-8.",
        )
        return found
    _Builder(found, file, limits).build()
    return found


class Lines:
    """Turns offsets in a text into places, from 1; a line ends with LF, CRLF or CR."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]

    def place(self, offset: int) -> Place:
        """The place of an offset."""
        line = bisect.bisect_right(self._starts, offset)
        return Place(self._file, line, offset - self._starts[line - 1] + 1)

    @property
    def count(self) -> int:
        """Number of lines."""
        return len(self._starts)

    def longest(self, length: int) -> tuple[int, int]:
        """Offset and length of the longest line of a text of that length."""
        ends = [*self._starts[1:], length]
        return max(
            ((a, b - a) for a, b in zip(self._starts, ends, strict=True)), key=lambda x: x[1]
        )


class _StopReadingError(Exception):
    """The rest of the text cannot be read; the fault is reported."""


class _Builder:
    """Turns the parser's events into nodes, counting before it builds."""

    def __init__(self, found: YamlText, file: str, limits: Limits) -> None:
        self._found = found
        self._problems = found.problems
        self._limits = limits
        self._lines = Lines(found.text, file)
        self._count = 0

    def build(self) -> None:
        """Fill in ``root``, ``problems`` and ``readable``."""
        try:
            self._check_lines()
            events = self._events()
            self._found.root = self._document(events)
        except _StopReadingError:
            self._found.root = None
            self._found.readable = False

    def _check_lines(self) -> None:
        start, length = self._lines.longest(len(self._found.text))
        if length > self._limits.yaml_scalar_bytes:
            self._stop("Y3", start, self._too_long(length))
        lines = self._lines.count
        if lines > self._limits.yaml_nodes:
            limit = self._limits.named("yaml_nodes")
            self._stop("Y3", 0, f"{lines} lines, more than {limit}")

    def _too_long(self, length: int) -> str:
        limit = self._limits.named("yaml_scalar_bytes")
        return f"{length} characters at a stretch, more than {limit}"

    def _events(self) -> Iterator[Any]:
        """The parser's events; whatever it raises on a stranger's text becomes a fault."""
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError
        from ruamel.yaml.reader import ReaderError

        last = 0
        try:
            for event in YAML(typ="safe", pure=True).parse(self._found.text):
                last = event.start_mark.index
                yield event
        except MarkedYAMLError as error:
            said = explain(error)
            place = self._lines.place(last if said.offset is None else said.offset)
            self._problems.error("Y1", said.message, place, remedy=said.remedy)
            raise _StopReadingError from None
        except ReaderError as error:
            code = error.character if isinstance(error.character, int) else ord(error.character)
            self._stop("Y1", error.position, f"The character U+{code:04X} may not stand in YAML")
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
            self._stop("Y1", last, f"This is not YAML ({type(error).__name__})")
        except (RecursionError, AssertionError):
            self._stop("Y1", last, "This is not YAML that can be followed")

    def _document(self, events: Iterator[Any]) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    self._stop("Y1", event.start_mark.index, "A second document begins here")
                if event.version is not None or event.tags:
                    self._problems.error(
                        "Y3",
                        "A directive (%) is not used in pipelines.",
                        self._lines.place(event.start_mark.index),
                        remedy="Leave it out.",
                    )
            elif kind not in {"StreamStartEvent", "StreamEndEvent", "DocumentEndEvent"}:
                root = self._node(event, events, 1)
        if isinstance(root, Scalar) and root.value is None and root.start == root.end:
            return None
        return root

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        start = event.start_mark.index
        self._count += 1
        if self._count > self._limits.yaml_nodes:
            limit = self._limits.named("yaml_nodes")
            self._stop("Y3", start, f"More keys and values than {limit}")
        if depth > self._limits.yaml_depth:
            limit = self._limits.named("yaml_depth")
            self._stop("Y3", start, f"Nested deeper than {limit}")
        kind = type(event).__name__
        refused = self._refuse(event, kind)
        node: Node
        if kind == "ScalarEvent":
            node = self._scalar(event)
        elif kind == "MappingStartEvent":
            node = self._map(event, events, depth)
        elif kind == "SequenceStartEvent":
            node = self._items(event, events, depth)
        else:
            node = Refused(self._lines.place(start), start, event.end_mark.index)
        return Refused(node.place, node.start, node.end) if refused else node

    def _refuse(self, event: Any, kind: str) -> bool:
        """Report an alias, an anchor or a tag; returns whether the value cannot be used."""
        start = event.start_mark.index
        if kind == "AliasEvent":
            self._fault(
                start, f"*{shown(event.anchor)} repeats another part of the file by reference."
            )
            return True
        if event.anchor is not None:
            self._fault(start, f"&{shown(event.anchor)} marks a part of the file to be repeated.")
        if getattr(event, "ctag", None) is not None:
            self._fault(start, f"The tag {shown(str(event.tag))} is not used in pipelines.")
            return True
        return False

    def _fault(self, start: int, message: str) -> None:
        self._problems.error(
            "Y3", message, self._lines.place(start), remedy="Write the value itself."
        )
        if len(self._problems.items) >= _MAXIMUM_FAULTS:
            raise _StopReadingError

    def _map(self, event: Any, events: Iterator[Any], depth: int) -> Map:
        entries: dict[str, Entry] = {}
        for key_event in events:
            if type(key_event).__name__ == "MappingEndEvent":
                start = event.start_mark.index
                end = key_event.end_mark.index
                flow = bool(event.flow_style)
                return Map(entries, flow, self._lines.place(start), start, end)
            key = self._node(key_event, events, depth + 1)
            node = self._node(next(events), events, depth + 1)
            if isinstance(node, Scalar) and node.start == node.end:
                # the parser places an empty value at what comes next
                node = replace(node, place=self._lines.place(key.end))
            if isinstance(key, Scalar) and key.plain and key.text == "<<":
                self._fault(key.start, "<< merges another part of the file.")
            elif isinstance(key, Scalar):
                self._enter(entries, Entry(key.text, key.place, key.start, key.end, node))
            elif not isinstance(key, Refused):
                self._fault(key.start, "A key is a map or a list; keys are texts.")
        raise AssertionError("the parser ends every map")

    def _enter(self, entries: dict[str, Entry], entry: Entry) -> None:
        first = entries.setdefault(entry.key, entry)
        if first is entry:
            return
        line = first.place.line
        self._problems.error(
            "Y2",
            f"The key {shown(entry.key)} is given twice: in line {line} and here, in line "
            f"{entry.place.line}.",
            entry.place,
            name=entry.key,
            remedy="Keep one of them.",
        )
        if len(self._problems.items) >= _MAXIMUM_FAULTS:
            raise _StopReadingError
        # both parts count as there, so that nothing else seems to be missing
        if isinstance(first.node, Map) and isinstance(entry.node, Map):
            both = {**entry.node.entries, **first.node.entries}
            node = Map(both, first.node.flow, first.node.place, first.node.start, first.node.end)
            entries[entry.key] = Entry(first.key, first.place, first.start, first.end, node)

    def _items(self, event: Any, events: Iterator[Any], depth: int) -> Items:
        nodes: list[Node] = []
        for item in events:
            if type(item).__name__ == "SequenceEndEvent":
                start, end = event.start_mark.index, item.end_mark.index
                flow = bool(event.flow_style)
                return Items(tuple(nodes), flow, self._lines.place(start), start, end)
            nodes.append(self._node(item, events, depth + 1))
        raise AssertionError("the parser ends every list")

    def _scalar(self, event: Any) -> Scalar:
        start, end = event.start_mark.index, event.end_mark.index
        text = str(event.value)
        if len(text) > self._limits.yaml_scalar_bytes:
            self._stop("Y3", start, self._too_long(len(text)))
        place = self._lines.place(start)
        plain = event.style is None
        if plain and len(text) <= MAXIMUM_DIGITS and AMBIGUOUS.fullmatch(text):
            number = meant_number(text)
            self._problems.error(
                "Y1",
                f"{text} means different things to different programs.",
                place,
                found=text,
                expected="a decimal number, or a text in quotes",
                remedy=f"Write {number}, or '{text}' in quotes if it is a text.",
            )
            return Scalar(number, text, plain, place, start, end)
        return Scalar(core_value(text) if plain else text, text, plain, place, start, end)

    def _stop(self, code: str, start: int, message: str) -> NoReturn:
        self._problems.error(code, f"{message}.", self._lines.place(start))
        raise _StopReadingError
