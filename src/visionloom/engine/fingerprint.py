"""What identifies a step's result: the parts of its key, and how two sets of parts differ.

A key holds what decides the result and nothing else: component and version, the parameters that
affect it and are not at their default, the content of the inputs and of files that parameters name,
the code of components from other packages, and, where a component computes, what changes bits:
device, precision, layout, threads, torch. Never a path, a time, a name or a place.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visionloom.artifacts.digest import canonical_json, sha256_of_json
from visionloom.engine.reuse import Reason, ReasonKind
from visionloom.spec.component import Component
from visionloom.spec.foresight import Facts
from visionloom.spec.ports import Value

_FORMAT = 1
_OWN_PACKAGE = "visionloom"


@dataclass(frozen=True)
class Fingerprint:
    """A step's key and what it is made of.

    Attributes:
        key: SHA-256 of `parts`, hexadecimal.
        parts: What decides the result.
        shown: All parameters that count, for explanations; not part of the key.
    """

    key: str
    parts: Mapping[str, Any]
    shown: Mapping[str, Value]

    def to_json(self) -> dict[str, Any]:
        """As it is remembered with the result."""
        return {**self.parts, "shown": dict(self.shown)}


def fingerprint(
    component: Component,
    parameters: Mapping[str, Value],
    inputs: Mapping[str, str],
    files: Mapping[str, str],
    environment: Mapping[str, Value],
    facts: Mapping[str, Facts] | None = None,
) -> Fingerprint:
    """The key of a step.

    Args:
        component: What runs.
        parameters: Every parameter's value.
        inputs: Input port -> digest of the content.
        files: Parameter -> digest of the file it names; such a value's name does not count.
        environment: What changes bits where the component computes; empty otherwise.
        facts: Input port -> what was known of it before the run.
    """
    shown = {
        p.name: parameters[p.name]
        for p in component.parameters
        if _counts(component, p, parameters)
    }
    deciding: Mapping[str, Any] = (
        component.effective(parameters, facts or {})
        if component.effective is not None
        else _not_default(component, shown)
    )
    parts: dict[str, Any] = {
        "format": _FORMAT,
        "component": component.name,
        "version": component.version,
        "parameters": {k: v for k, v in sorted(deciding.items()) if k not in files},
        "inputs": dict(sorted(inputs.items())),
    }
    if files:
        parts["files"] = dict(sorted(files.items()))
    if environment:
        parts["environment"] = dict(sorted(environment.items()))
    source = source_digest(component)
    if source:
        parts["source"] = source
    return Fingerprint(
        sha256_of_json(parts), parts, {k: v for k, v in shown.items() if k not in files}
    )


def source_digest(component: Component) -> str:
    """SHA-256 of the code of the package a component comes from, comments and layout apart.

    Empty for our own components, whose version decides, and for those declared ``version_only``.
    """
    module = component.function.__module__
    if component.version_only or module.partition(".")[0] == _OWN_PACKAGE:
        return ""
    return _module_digest(module)


def drawn_parameters(component: Component, parameters: Mapping[str, Value]) -> list[str]:
    """Parameters without a value for which one is drawn, so that two runs differ."""
    return [
        p.name
        for p in component.parameters
        if p.setting.draws_when_empty and parameters.get(p.name) is None
    ]


def differences(
    component: Component, old: Mapping[str, Any], new: Fingerprint
) -> tuple[Reason, ...]:
    """Why a key is not the earlier one, by comparing what they are made of."""
    reasons = list(_differences(component, old, new))
    if not reasons and canonical_json({**old, "shown": None}) != canonical_json(
        {**new.parts, "shown": None}
    ):
        reasons.append(Reason("version", "of the key", str(old.get("format")), str(_FORMAT)))
    return tuple(reasons)


def _differences(
    component: Component, old: Mapping[str, Any], new: Fingerprint
) -> Iterator[Reason]:
    if old.get("component") != component.name:
        yield Reason("component", "", str(old.get("component")), component.name)
        return
    if old.get("version") != component.version:
        yield Reason("version", "", str(old.get("version")), component.version)
    if old.get("source", "") != new.parts.get("source", ""):
        yield Reason("source", _file_of(component))
    if old.get("parameters") != new.parts["parameters"]:
        if component.effective is not None:
            yield from _effective(old.get("parameters", {}), new.parts["parameters"])
        else:
            yield from _parameters(component, old.get("shown", {}), new.shown)
    kinds: tuple[tuple[ReasonKind, str], ...] = (
        ("input", "inputs"), ("file", "files"), ("environment", "environment"),
    )  # fmt: skip
    for kind, section in kinds:
        before, now = old.get(section, {}), new.parts.get(section, {})
        for name in sorted({*before, *now}):
            if before.get(name) != now.get(name):
                yield Reason(kind, name, _short(before.get(name)), _short(now.get(name)))


def _effective(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Reason]:
    """What presets and values came to; a value that differs by how training starts is told once."""
    told: set[str] = set()
    for name in sorted({*old, *new}, key=len):
        base = name.partition(" ")[0]
        if old.get(name) != new.get(name) and base not in told:
            told.add(base)
            yield Reason("parameter", name, _plain(old.get(name)), _plain(new.get(name)))


def _parameters(
    component: Component, old: Mapping[str, Any], new: Mapping[str, Value]
) -> Iterator[Reason]:
    defaults = {p.name: p.default for p in component.parameters}
    for name in sorted({*old, *new}):
        before, now = old.get(name, defaults.get(name)), new.get(name, defaults.get(name))
        if before != now:
            yield Reason("parameter", name, _plain(before), _plain(now))


def _counts(component: Component, parameter: Any, values: Mapping[str, Value]) -> bool:
    return bool(parameter.setting.affects_result and component.is_shown(parameter, values))


def _not_default(component: Component, shown: Mapping[str, Value]) -> dict[str, Value]:
    """Values at their default do not count, so that a new parameter keeps old keys."""
    kept = {}
    for parameter in component.parameters:
        if parameter.name not in shown:
            continue
        value = shown[parameter.name]
        if parameter.required or value != parameter.default:
            kept[parameter.name] = value
    return kept


@functools.lru_cache(maxsize=256)
def _module_digest(module: str) -> str:
    """Of every file of the top-level package, since a component may call any of them."""
    top = sys.modules.get(module.partition(".")[0])
    folder = getattr(top, "__path__", None)
    if folder is not None:
        files = sorted(Path(next(iter(folder))).rglob("*.py"))
    else:
        files = [Path(str(getattr(top, "__file__", "")))]
    digest = hashlib.sha256()
    for file in files:
        with contextlib.suppress(OSError, SyntaxError, ValueError):
            code = ast.dump(ast.parse(file.read_bytes()))
            digest.update(f"{file.name} {code}\n".encode() if len(files) > 1 else code.encode())
    return digest.hexdigest()


def _file_of(component: Component) -> str:
    return Path(inspect.getsourcefile(component.function) or component.name).name


def _plain(value: object) -> str:
    return (
        "not set"
        if value is None
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text[:12] if len(text) == 64 else text
