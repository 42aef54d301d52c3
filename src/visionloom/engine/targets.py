"""Where steps run: this machine as a whole, one of its devices, or what the user named."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from visionloom.errors import UsageError
from visionloom.settings import GIB, MIB, Settings
from visionloom.spec.ports import nearest

KINDS = ("local",)
LOCAL = "local"
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:[0-9]{1,3})?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}(:[0-9]{1,3})?")
_MEMORY = re.compile(r"(?P<number>[0-9]{1,12}(\.[0-9]{1,12})?)\s*(?P<unit>MiB|GiB|MB|GB)")
_UNITS = {"MiB": MIB, "GiB": GIB, "MB": 10**6, "GB": 10**9}
_MAXIMUM_SLOTS = 1_024
_SLOTS_OF_THE_MACHINE = 4


@dataclass(frozen=True)
class Target:
    """Where steps run.

    Attributes:
        name: As in a pipeline, e.g. ``cpu``, ``cuda:0``, ``workstation``.
        kind: The executor: ``local``.
        device: ``auto``, ``cpu``, ``mps``, ``cuda`` or ``cuda:N``: what its steps may use.
        slots: Steps that may run at once.
        memory_bytes: Memory one step may use; None for no limit.
    """

    name: str
    kind: str = "local"
    device: str = "auto"
    slots: int = 1
    memory_bytes: int | None = None


@dataclass(frozen=True)
class Targets:
    """All targets: what every machine has, and what the user named.

    Attributes:
        named: The user's own, by name.
        default_name: Where steps run that name no target.
    """

    named: Mapping[str, Target] = field(default_factory=dict)
    default_name: str = LOCAL

    @property
    def default(self) -> Target:
        """Where steps run that name no target."""
        return self.find(self.default_name) or Target(LOCAL, slots=machine_slots())

    def find(self, name: str) -> Target | None:
        """The target of this name; the user's own come first."""
        if name in self.named:
            return self.named[name]
        if name in {LOCAL, "cpu"}:
            return Target(name, device="cpu" if name == "cpu" else "auto", slots=machine_slots())
        if name == "mps" or re.fullmatch(r"cuda(:[0-9]{1,3})?", name):
            return Target(name, device=name)
        return None

    def known(self) -> list[str]:
        """Names to choose from."""
        return [*self.named, LOCAL, "cpu", "cuda:0"]

    def all(self, gpus: int) -> list[Target]:
        """Every target of a machine with that many GPUs."""
        names = [LOCAL, "cpu", *(f"cuda:{number}" for number in range(gpus))]
        found = [self.find(name) for name in dict.fromkeys([*names, *self.named])]
        return [target for target in found if target is not None]

    def get(self, name: str) -> Target:
        """The target of this name.

        Raises:
            UsageError: There is none; the nearest name is given.
        """
        target = self.find(name)
        if target is None:
            near = nearest(name, self.known())
            hint = f"Did you mean {near}? " if near else ""
            raise UsageError(
                f"There is no target {name!r}.",
                f"{hint}`visionloom targets` lists them; `visionloom targets add NAME` adds one.",
            )
        return target

    def added(self, target: Target) -> Targets:
        """These and one more; one of the same name is replaced."""
        return replace(self, named={**self.named, target.name: target})

    def removed(self, name: str) -> Targets:
        """These without one of the user's own.

        Raises:
            UsageError: It is none of them, or the default.
        """
        if name not in self.named:
            raise UsageError(f"{name!r} is no target that was added.", "See `visionloom targets`.")
        if name == self.default_name:
            raise UsageError(
                f"{name} is the default.", f"Choose another: visionloom targets default {LOCAL}."
            )
        return replace(self, named={k: v for k, v in self.named.items() if k != name})

    def with_default(self, name: str) -> Targets:
        """These with another default.

        Raises:
            UsageError: There is no such target.
        """
        return replace(self, default_name=self.get(name).name)


def machine_slots() -> int:
    """Steps that may run at once on a whole machine."""
    return max(1, min(_SLOTS_OF_THE_MACHINE, os.cpu_count() or 1))


def make_target(
    name: str,
    *,
    kind: object = "local",
    device: object = "auto",
    slots: object = 1,
    memory: object = "",
) -> Target:
    """A checked target.

    Args:
        name: Letters, digits, ``_``, ``.`` and ``-``; begins with a letter.
        kind: ``local``.
        device: ``auto``, ``cpu``, ``mps``, ``cuda`` or ``cuda:N``.
        slots: Steps that may run at once.
        memory: Memory one step may use, e.g. ``12 GiB``; empty for no limit.

    Raises:
        UsageError: One of them is not allowed.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot name a target.",
            "Use letters, digits, _, . and -, with a letter at the beginning.",
        )
    if not isinstance(kind, str) or kind not in KINDS:
        raise UsageError(f"Target {name}: kind is {kind!r}.", f"Known: {', '.join(KINDS)}.")
    if not isinstance(device, str) or not _DEVICE.fullmatch(device):
        raise UsageError(
            f"Target {name}: device is {device!r}.", "Write auto, cpu, mps, cuda or cuda:N."
        )
    if not isinstance(slots, int) or isinstance(slots, bool) or not 1 <= slots <= _MAXIMUM_SLOTS:
        raise UsageError(
            f"Target {name}: slots is {slots!r}.", f"Write a number from 1 to {_MAXIMUM_SLOTS}."
        )
    return Target(name, kind, device, slots, _memory_bytes(name, memory))


def memory_text(count: int | None) -> str:
    """Memory as it is written; empty for no limit."""
    if count is None:
        return ""
    for unit in ("GiB", "GB", "MiB", "MB"):
        if count % _UNITS[unit] == 0:
            return f"{count // _UNITS[unit]} {unit}"
    return f"{count / MIB:.3f} MiB"


def load_targets(settings: Settings) -> Targets:
    """The targets of a home folder; only what every machine has when there is no file.

    Raises:
        UsageError: The file cannot be understood; it is named.
    """
    path = settings.targets
    try:
        with open(path, "rb") as stream:
            data = stream.read(settings.limits.targets_bytes + 1)
    except FileNotFoundError:
        return Targets()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > settings.limits.targets_bytes:
        raise UsageError(f"{path} has more bytes than {settings.limits.named('targets_bytes')}.")
    try:
        return _parsed(data)
    except UsageError as error:
        raise UsageError(f"{path}: {error.message}", error.remedy) from error


def save_targets(targets: Targets, settings: Settings) -> None:
    """Write the user's own targets: the old file or the new one, never a part.

    Raises:
        FailedToWriteOutputsError, ModuleOutOfMemoryError: see `visionloom.artifacts.atomic`.
    """
    from visionloom.artifacts.atomic import explained, write_file

    lines = [f"default = {json.dumps(targets.default_name)}"]
    for target in targets.named.values():
        lines += [
            "",
            f"[targets.{json.dumps(target.name)}]",
            f"kind = {json.dumps(target.kind)}",
            f"device = {json.dumps(target.device)}",
            f"slots = {target.slots}",
        ]
        if target.memory_bytes is not None:
            lines.append(f"memory = {json.dumps(memory_text(target.memory_bytes))}")
    with explained(settings.targets):
        settings.targets.parent.mkdir(parents=True, exist_ok=True)
    write_file(settings.targets, ("\n".join(lines) + "\n").encode())


def _parsed(data: bytes) -> Targets:
    import tomllib

    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"this is no TOML: {error}.", "Mend it, or delete it.") from error
    unknown = sorted(set(document) - {"default", "targets"})
    if unknown:
        raise UsageError(f"{unknown[0]!r} is not known.", "Known: default and targets.")
    tables = document.get("targets", {})
    if not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
        raise UsageError("targets is no table of targets.", 'Write [targets."NAME"].')
    targets = Targets({name: _target(name, table) for name, table in tables.items()})
    default = document.get("default", LOCAL)
    if not isinstance(default, str):
        raise UsageError("default is no text.", f'Write default = "{LOCAL}".')
    return targets.with_default(default)


def _target(name: str, table: Mapping[str, Any]) -> Target:
    unknown = sorted(set(table) - {"kind", "device", "slots", "memory"})
    if unknown:
        raise UsageError(
            f"Target {name}: {unknown[0]!r} is not known.", "Known: kind, device, slots, memory."
        )
    return make_target(name, **table)


def _memory_bytes(name: str, memory: object) -> int | None:
    if memory == "":
        return None
    found = _MEMORY.fullmatch(memory.strip()) if isinstance(memory, str) else None
    count = int(float(found["number"]) * _UNITS[found["unit"]]) if found else 0
    if count < 1:
        raise UsageError(
            f"Target {name}: memory is {memory!r}.", "Write a size, e.g. 12 GiB or 800 MiB."
        )
    return count
