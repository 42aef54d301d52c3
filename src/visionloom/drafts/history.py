"""The history of a draft: its revisions, what undo and redo lead to, and named versions.

It is built from the lines of the draft's journal, one after another; the same lines give the same
history. Lines by ``kind``:

- ``snapshot``: everything before it, as `History.snapshot` gives it; the first line
- ``edit``, ``restore``, ``reload``: a new content, with ``label``, ``merge`` and whether it
  ``joins`` the entry before; ``text``, ``layout`` and ``marked`` only where they changed
- ``undo``, ``redo``: a step along the entries
- ``version``: a name for a revision
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from visionloom.drafts.content import Content, layout_from_json, layout_to_json

KEPT = 200
"""How many revisions, and entries to undo, are kept at least; named versions are kept for ever."""
KEPT_BYTES = 16 * 1024 * 1024
MERGE_SECONDS = 2.0
_CHANGES = ("edit", "restore", "reload")


@dataclass(frozen=True)
class Revision:
    """One saved state.

    Attributes:
        number: Grows with every change.
        at: Seconds since 1970.
        kind: ``begin``, ``edit``, ``undo``, ``redo``, ``restore`` or ``reload``.
        label: What was done.
        merge: Word under which successive edits are one entry.
        content: The draft then.
    """

    number: int
    at: float
    kind: str
    label: str
    merge: str
    content: Content


@dataclass(frozen=True)
class Version:
    """A revision with a name."""

    revision: int
    name: str
    at: float


@dataclass
class History:
    """What the journal says.

    Attributes:
        revisions: Number -> revision, of those that are kept.
        number: Of the newest revision.
        states: Number of the revision that holds the draft after each entry; the first is the
            beginning.
        labels: ``labels[i]`` leads from ``states[i]`` to the next.
        pointer: Index into ``states`` of where the draft is.
        versions: Named ones, in the order in which they were named.
    """

    revisions: dict[int, Revision] = field(default_factory=dict)
    number: int = 0
    states: list[int] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    pointer: int = 0
    versions: list[Version] = field(default_factory=list)

    @property
    def newest(self) -> Revision:
        """The newest revision."""
        return self.revisions[self.number]

    @property
    def undo(self) -> str | None:
        """What undo takes back."""
        return self.labels[self.pointer - 1] if self.pointer else None

    @property
    def redo(self) -> str | None:
        """What redo does again."""
        return self.labels[self.pointer] if self.pointer < len(self.labels) else None

    def change(self, kind: str, content: Content, label: str, merge: str, at: float) -> Any:
        """The line of a new content; `take` makes it count."""
        newest = self.newest
        line: dict[str, Any] = {"kind": kind, "revision": self.number + 1, "at": at}
        line |= {"label": label, "merge": merge, "joins": self._joins(kind, merge, at)}
        if content.text != newest.content.text:
            line["text"] = content.text
        if content.layout != newest.content.layout:
            line["layout"] = layout_to_json(content.layout)
        if content.marked != newest.content.marked:
            line["marked"] = content.marked
        return line

    def step(self, kind: str, at: float) -> Any:
        """The line of an undo or redo."""
        return {"kind": kind, "revision": self.number + 1, "at": at}

    def take(self, line: Mapping[str, Any]) -> None:
        """Let a line of the journal count."""
        match line["kind"]:
            case "snapshot":
                self._restore(line)
            case "undo" | "redo" as kind:
                label = self.undo if kind == "undo" else self.redo
                self.pointer += -1 if kind == "undo" else 1
                content = self.revisions[self.states[self.pointer]].content
                self._add(Revision(line["revision"], line["at"], kind, label or "", "", content))
            case "version":
                self._name(Version(line["revision"], line["name"], line["at"]))
            case kind if kind in _CHANGES:
                self._change(line)

    def _change(self, line: Mapping[str, Any]) -> None:
        before = self.newest.content
        layout = layout_from_json(line["layout"]) if "layout" in line else before.layout
        content = Content(
            line.get("text", before.text), layout, bool(line.get("marked", before.marked))
        )
        if line.get("joins"):
            self.states[self.pointer] = line["revision"]
        else:
            del self.states[self.pointer + 1 :], self.labels[self.pointer :]
            self.states.append(line["revision"])
            self.labels.append(line["label"])
            self.pointer += 1
        self._add(
            Revision(
                line["revision"], line["at"], line["kind"], line["label"], line["merge"], content
            )
        )

    def _joins(self, kind: str, merge: str, at: float) -> bool:
        """Whether an edit goes on with the entry before, e.g. a drag."""
        newest = self.newest
        return (
            kind == "edit"
            and self.pointer > 0
            and newest.kind == "edit"
            and merge != ""
            and merge == newest.merge
            and self.states[self.pointer] == newest.number
            and 0 <= at - newest.at <= MERGE_SECONDS
            and self.number not in {version.revision for version in self.versions}
        )

    def _name(self, version: Version) -> None:
        self.versions = [v for v in self.versions if v.name != version.name] + [version]

    def _add(self, revision: Revision) -> None:
        self.revisions[revision.number] = revision
        self.number = revision.number

    def trimmed(self) -> History:
        """The same without what is too old: see ``KEPT`` and ``KEPT_BYTES``."""
        first = max(0, min(self.pointer, len(self.states) - 1 - KEPT))
        states, labels = self.states[first:], self.labels[first:]
        named = [v.revision for v in self.versions]
        wanted = dict.fromkeys([self.number, *reversed(states[: self.pointer - first + 1])])
        wanted |= dict.fromkeys([*states, *sorted(self.revisions, reverse=True)[:KEPT]])
        kept, size = set(named), 0
        for number in wanted:
            size += _size(self.revisions[number].content)
            if size > KEPT_BYTES and number != self.number:
                break
            kept.add(number)
        # entries only as far back and forth as what they lead to is kept
        pointer = self.pointer - first
        low = high = pointer
        while low > 0 and states[low - 1] in kept:
            low -= 1
        while high + 1 < len(states) and states[high + 1] in kept:
            high += 1
        if states[pointer] not in kept:
            states[pointer] = self.number
        return History(
            {n: r for n, r in self.revisions.items() if n in kept},
            self.number,
            states[low : high + 1],
            labels[low:high],
            pointer - low,
            list(self.versions),
        )

    def snapshot(self) -> dict[str, Any]:
        """All of it as one line."""
        texts: dict[str, int] = {}
        layouts: list[Any] = []
        rows = []
        for revision in sorted(self.revisions.values(), key=lambda r: r.number):
            content = revision.content
            layout = layout_to_json(content.layout)
            if not layouts or layouts[-1] != layout:
                layouts.append(layout)
            rows.append([
                revision.number, revision.at, revision.kind, revision.label, revision.merge,
                texts.setdefault(content.text, len(texts)), len(layouts) - 1, content.marked,
            ])  # fmt: skip
        return {
            "kind": "snapshot",
            "revision": self.number,
            "texts": list(texts),
            "layouts": layouts,
            "revisions": rows,
            "states": self.states,
            "labels": self.labels,
            "pointer": self.pointer,
            "versions": [[v.revision, v.name, v.at] for v in self.versions],
        }

    def _restore(self, line: Mapping[str, Any]) -> None:
        texts = cast("list[str]", line["texts"])
        layouts = [layout_from_json(item) for item in line["layouts"]]
        self.revisions = {
            number: Revision(
                number, at, kind, label, merge, Content(texts[text], layouts[layout], marked)
            )
            for number, at, kind, label, merge, text, layout, marked in line["revisions"]
        }
        self.number, self.pointer = line["revision"], line["pointer"]
        self.states, self.labels = list(line["states"]), list(line["labels"])
        self.versions = [Version(*row) for row in line["versions"]]


def _size(content: Content) -> int:
    """About how many bytes of a journal it takes."""
    return len(content.text) + len(json.dumps(layout_to_json(content.layout)))


def begun(content: Content, at: float) -> History:
    """The history of a draft that has just begun."""
    first = Revision(1, at, "begin", "", "", content)
    return History({1: first}, 1, [1], [], 0, [])
