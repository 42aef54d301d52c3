"""The catalog: components of a package and of installed entry points, by name, title or alias."""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from visionloom.errors import UsageError
from visionloom.spec.component import Component
from visionloom.spec.ports import nearest

ENTRY_POINT_GROUP = "visionloom.components"

CATEGORIES = (
    "Image data transformation",
    "Image classification models",
    "Model training",
    "Model scoring and evaluation",
    "Output",
)


@dataclass(frozen=True)
class Registry:
    """All known components.

    Attributes:
        components: Name -> component, in catalog order (category, then title).
        problems: Entry points that could not be loaded, each with the reason.
    """

    components: Mapping[str, Component] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Component]:
        return iter(self.components.values())

    def find(self, name: str) -> Component:
        """The component of this name, title or alias, whatever its case and separators.

        Raises:
            UsageError: There is none; the nearest title is given.
        """
        names = {}
        for item in self:
            for word in (item.name, item.title, *item.aliases):
                names[_plain(word)] = item
        found = names.get(_plain(name))
        if found is not None:
            return found
        near = nearest(_plain(name), names)
        hint = f"Did you mean {names[near].title}? " if near else ""
        raise UsageError(
            f"There is no component {name!r}.", f"{hint}`visionloom components` lists them."
        )


def load_registry(package: str) -> Registry:
    """Components found in the modules of ``package`` and in the entry-point group.

    A module is searched for values made by ``@component``. An entry point names one component
    or a module of them; one that fails to load is reported in ``problems``, not raised.
    """
    found: dict[str, Component] = {}
    problems: list[str] = []
    root = importlib.import_module(package)
    for module in pkgutil.iter_modules(root.__path__, package + "."):
        for item in _components_of(importlib.import_module(module.name)):
            found[item.name] = item
    for entry in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
        try:
            loaded = entry.load()
        except Exception as error:  # noqa: BLE001 - a stranger's package must not break the catalog
            problems.append(f"{entry.name} ({entry.value}): {error}")
            continue
        for item in _components_of(loaded):
            if item.name in found and found[item.name] is not item:
                problems.append(f"{entry.name} ({entry.value}): the name {item.name} is taken")
            else:
                found[item.name] = item
    ordered = sorted(found.values(), key=_catalog_order)
    return Registry({item.name: item for item in ordered}, tuple(problems))


def _components_of(value: object) -> list[Component]:
    if isinstance(value, Component):
        return [value]
    return [item for item in vars(value).values() if isinstance(item, Component)]


def _catalog_order(item: Component) -> tuple[int, str, str]:
    known = item.category in CATEGORIES
    place = CATEGORIES.index(item.category) if known else len(CATEGORIES)
    return place, item.category, item.title


def _plain(word: str) -> str:
    return "".join(c for c in word.lower() if c.isalnum())
