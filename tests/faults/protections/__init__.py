"""Each protection, how to switch it off, and the test that then fails.

One file for each group of rows, with a tuple ``PROTECTIONS``; `find_all` finds them all.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

import pytest

Patch = Callable[[pytest.MonkeyPatch], None]
"""Puts something else in the place of what protects, in this process."""


@dataclass(frozen=True)
class Line:
    """A line of the program that keeps a promise.

    Attributes:
        file: The file it is in, seen from the root of the repository.
        line: What is there, exactly once.
        without: What stands there when it is off.
    """

    file: str
    line: str
    without: str


@dataclass(frozen=True)
class Protection:
    """What a test is about.

    Attributes:
        row: Of the table of faults and attacks it belongs to: ``R7``, ``A5``.
        test: Id of a test that fails without it, as pytest takes it.
        off: The line to change, or what to patch; processes that the test starts see both.
        name: What it is called; the name of the test where none is given.
    """

    row: str
    test: str
    off: Line | Patch
    name: str = ""

    @property
    def title(self) -> str:
        """What it is called."""
        return self.name or self.test.rpartition("::")[2].removeprefix("test_")


def find_all() -> list[Protection]:
    """The protections of every file here, in order of the files."""
    found: list[Protection] = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda item: item.name):
        found += importlib.import_module(f"{__name__}.{module.name}").PROTECTIONS
    return found
