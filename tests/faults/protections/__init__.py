"""Each protection, how to switch it off, and the test that then fails.

One file for each group of rows, with a tuple ``PROTECTIONS``; `find_all` finds them all.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass


@dataclass(frozen=True)
class Protection:
    """One line of the program that keeps a promise.

    Attributes:
        name: Of the protection, as `tests.faults.without_protection` is told it.
        row: Of the table of faults it belongs to: ``R7``.
        test: Id of a test that fails without it, as pytest takes it.
        file: The file it is in, seen from the root of the repository.
        line: What is there, exactly once.
        without: What stands there when it is off.
    """

    name: str
    row: str
    test: str
    file: str
    line: str
    without: str


def find_all() -> dict[str, Protection]:
    """Name -> protection, of every file here.

    Raises:
        ValueError: Two have the same name.
    """
    found: dict[str, Protection] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda item: item.name):
        for one in importlib.import_module(f"{__name__}.{module.name}").PROTECTIONS:
            if one.name in found:
                raise ValueError(f"two protections are called {one.name}")
            found[one.name] = one
    return found
