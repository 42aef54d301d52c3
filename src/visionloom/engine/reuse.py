"""Why a step runs or is reused, as a value that console, canvas and records show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Action = Literal["run", "reuse", "refuse", "leave"]
ReasonKind = Literal[
    "first",  # nothing like it was run before
    "component",  # another component under this step's name
    "version",  # the component's version
    "source",  # a user component's code
    "parameter",
    "input",  # an input's content
    "file",  # content of a file a parameter names
    "environment",  # device, precision, layout, threads, torch
    "missing",  # the earlier result is not whole any more
    "moved",  # the earlier result refers to pictures at another place
    "upstream",  # an input is made anew in this run; decided when it is there
    "forced",
    "random",  # not deterministic, or a seed to be drawn
    "unchanged",  # reuse
    "selected",  # left out by --up-to, --only
    "unavailable",  # refuse: --only needs a result that is not there
]


@dataclass(frozen=True)
class Reason:
    """One reason of a decision.

    Attributes:
        kind: What differs.
        name: Which parameter, input, file or part of the environment; empty otherwise.
        old, new: Before and now, ready to print; empty where it makes no sense.
    """

    kind: ReasonKind
    name: str = ""
    old: str = ""
    new: str = ""

    def __str__(self) -> str:
        change = f" {self.old} -> {self.new}" if self.old or self.new else ""
        match self.kind:
            case "first":
                return "no earlier run"
            case "upstream":
                return f"{self.name} is made anew"
            case "forced":
                return f"asked for by {self.name}" if self.name else "reuse is switched off"
            case "random":
                return f"not deterministic{f': {self.name}' if self.name else ''}"
            case "unchanged":
                return "unchanged"
            case "selected":
                return "not selected"
            case "missing":
                return f"the earlier result is gone: {self.name}"
            case "moved":
                return f"the pictures are at another place:{change}"
            case "unavailable":
                return f"there is no earlier result of {self.name}"
        return f"{self.kind} {self.name}{change}".replace("  ", " ").strip()

    def to_json(self) -> dict[str, str]:
        """As a JSON value."""
        return {"kind": self.kind, "name": self.name, "old": self.old, "new": self.new}


@dataclass(frozen=True)
class Produced:
    """An output of a step that ran or is reused.

    Attributes:
        object: Id of the object in the store.
        digest: Logical digest of the artifact.
        type: Type name of the artifact.
        bytes: Size of its files.
        refers_to: Paths outside that it needs.
    """

    object: str
    digest: str
    type: str
    bytes: int = 0
    refers_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """What happens to a step, and why.

    Attributes:
        action: ``run``; ``reuse``; ``refuse`` (the run cannot go on); ``leave`` (not selected).
        reasons: Never empty.
        key: The digest that decides reuse; empty while an input is not there yet.
        parts: What the key is made of, as a JSON value.
        compared_to: Id of the run whose result it was compared with; empty for none.
        outputs: Output port -> what is reused.
        seconds: Expected run time from history, or None.
        provisional: Whether it is decided again when the inputs are there.
        reusable: Whether the result may be reused by later runs.
    """

    action: Action
    reasons: tuple[Reason, ...]
    key: str = ""
    parts: Mapping[str, Any] = field(default_factory=dict)
    compared_to: str = ""
    outputs: Mapping[str, Produced] = field(default_factory=dict)
    seconds: float | None = None
    provisional: bool = False
    reusable: bool = True

    @property
    def why(self) -> str:
        """The reasons on one line."""
        upstream = [reason.name for reason in self.reasons if reason.kind == "upstream"]
        words = [str(reason) for reason in self.reasons if reason.kind != "upstream"]
        if upstream:
            words.append(f"after {', '.join(upstream)}")
        return "; ".join(words)

    def to_json(self) -> dict[str, Any]:
        """As a JSON value."""
        return {
            "action": self.action,
            "why": self.why,
            "reasons": [reason.to_json() for reason in self.reasons],
            "key": self.key,
            "compared_to": self.compared_to,
            "seconds": self.seconds,
            "provisional": self.provisional,
        }
