"""Reads maps of known keys: rules K1, K2 and K3 of ``docs/pipelines.md``, shared by all files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from visionloom.spec.pipeline import KeyPath
from visionloom.spec.problems import NOWHERE, Place, ProblemList
from visionloom.spec.yaml_nodes import Entry, Items, Literal, Map, Node, Refused, Scalar, shown

EXTENSION = "x-"


class Form:
    """Reads nodes into Python values, noting faults and places.

    Attributes:
        problems: What was found.
        places: Key path -> place; the value's at ``(..., "=")``.
        unreadable: Paths whose values could not be read: nothing may be concluded from them.
    """

    def __init__(self, file: str, problems: ProblemList) -> None:
        self.file = file
        self.problems = problems
        self.places: dict[KeyPath, Place] = {}
        self.unreadable: set[KeyPath] = set()

    def place(self, *path: str, value: bool = False) -> Place:
        """Where a key or its value stands; of the nearest known parent otherwise."""
        wanted = (*path, "=") if value else path
        while wanted:
            if wanted in self.places:
                return self.places[wanted]
            wanted = wanted[:-1]
        return Place(self.file, 1, 1) if self.file else NOWHERE

    def mark(self, path: KeyPath, entry: Entry) -> None:
        """Remember where a key and its value stand."""
        self.places[path] = entry.place
        self.places[(*path, "=")] = entry.node.place

    def entries(self, node: Map, path: KeyPath) -> Iterator[tuple[str, Node, KeyPath]]:
        """Every entry of a map of free names: key, value, path."""
        for key, entry in node.entries.items():
            here = (*path, key)
            self.mark(here, entry)
            yield key, entry.node, here

    def known(
        self,
        node: Map,
        path: KeyPath,
        known: Collection[str],
        where: str,
        elsewhere: Mapping[str, str] | None = None,
    ) -> dict[str, Node]:
        """The values of the known keys; any other key is a fault, unless it begins with ``x-``.

        Args:
            node: The map.
            path: Its path.
            known: Keys.
            where: What the map is, for the message.
            elsewhere: Key that is not known here -> what to say about it.
        """
        found: dict[str, Node] = {}
        for key, value, here in self.entries(node, path):
            if key in known:
                found[key] = value
            elif not key.startswith(EXTENSION):
                self._unknown(key, here, known, where, (elsewhere or {}).get(key, ""))
        return found

    def _unknown(
        self, key: str, path: KeyPath, known: Collection[str], where: str, remark: str
    ) -> None:
        self.problems.error(
            "K1",
            f"{where} has no key {shown(key)}.",
            self.place(*path),
            step=_step_of(path),
            name=key,
            found=key,
            expected=", ".join(known),
            remedy=remark,
            known=None if remark else known,
        )
        near = self.problems.items[-1].nearest
        if near:
            self.unreadable.add((*path[:-1], near))

    def missing(self, path: KeyPath, where: str, expected: str, remedy: str) -> None:
        """Report a required key that is not there."""
        self.problems.error(
            "K2",
            f"{where} has no {path[-1]}.",
            self.place(*path[:-1]),
            step=_step_of(path),
            name=path[-1],
            expected=expected,
            remedy=remedy,
        )
        self.unreadable.add(path)

    def wrong(self, node: Node, path: KeyPath, expected: str, remedy: str = "") -> None:
        """Report a value of another kind than expected."""
        self.unreadable.add(path)
        if isinstance(node, Refused):
            return
        found = kind_of(node)
        self.problems.error(
            "K2",
            f"{'.'.join(path) or 'The file'} is {found}; {expected} is needed.",
            self.place(*path, value=True),
            step=_step_of(path),
            name=path[-1] if path else "",
            found=found,
            expected=expected,
            remedy=remedy or ("Write a value, or leave the key out." if _is_null(node) else ""),
        )

    def map(self, node: Node, path: KeyPath) -> Map | None:
        """The node as a map."""
        if isinstance(node, Map):
            return node
        self.wrong(node, path, "a map")
        return None

    def text(self, node: Node, path: KeyPath) -> str | None:
        """The node as a text."""
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return node.value
        remedy = ""
        if isinstance(node, Scalar) and node.value is not None:
            remedy = f"Put it in quotes: '{node.text}'."
        self.wrong(node, path, "a text", remedy)
        return None

    def boolean(self, node: Node, path: KeyPath) -> bool | None:
        """The node as true or false."""
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self.wrong(node, path, "true or false")
        return None

    def literal(self, node: Node, path: KeyPath, expected: str) -> Literal | None:
        """The node as a number, boolean or text."""
        if isinstance(node, Scalar) and node.value is not None:
            return node.value
        self.wrong(node, path, expected)
        return None

    def texts(self, node: Node, path: KeyPath) -> dict[str, str]:
        """The node as a map of texts."""
        found: dict[str, str] = {}
        table = self.map(node, path)
        for key, value, here in self.entries(table, path) if table else ():
            text = self.text(value, here)
            if text is not None:
                found[key] = text
        return found

    def choice(
        self, node: Node, path: KeyPath, allowed: Collection[str], others: Mapping[str, str]
    ) -> str | None:
        """The node as one of some words; ``others`` says why a known word is not among them."""
        text = self.text(node, path)
        if text is None or text in allowed:
            return text
        remark = others.get(text, "")
        self.problems.error(
            "K3",
            f"{'.'.join(path)} is {shown(text)}; "
            + (remark or f"{' or '.join(allowed)} is understood."),
            self.place(*path, value=True),
            step=_step_of(path),
            name=path[-1],
            found=text,
            expected=", ".join(allowed),
            known=None if remark else allowed,
        )
        self.unreadable.add(path)
        return None


def kind_of(node: Node) -> str:
    """What a node is, in words."""
    match node:
        case Map():
            return "a map"
        case Items():
            return "a list"
        case Scalar(value=None):
            return "empty" if not node.text else "null"
        case Scalar(value=bool()):
            return f"{node.text}, true or false"
        case Scalar(value=str()):
            return f"the text {shown(node.text)}"
        case Scalar():
            return f"the number {shown(node.text)}"
    return "not readable"


def _is_null(node: Any) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _step_of(path: KeyPath) -> str:
    return path[1] if len(path) > 1 and path[0] == "jobs" else ""
