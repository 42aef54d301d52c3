"""What the YAML parser complains about, in the words of somebody who writes pipelines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Explained:
    """A fault of the text.

    Attributes:
        message: What is wrong.
        remedy: What to do.
        offset: Where, as an offset in the text; None when the parser does not say.
    """

    message: str
    remedy: str
    offset: int | None


@dataclass(frozen=True)
class _Rule:
    """A complaint of the parser: pattern, our words, the remedy, whether its beginning counts."""

    pattern: re.Pattern[str]
    message: str
    remedy: str
    at_beginning: bool = False


_RULES = tuple(
    _Rule(re.compile(pattern), message, remedy, begins)
    for pattern, message, remedy, begins in (
        (r"character '\\t'", "A tab stands where a line begins.", "Indent with blanks.", False),
        (
            r"character '(?P<sign>.)' that cannot start",
            "A text without quotes cannot begin with {sign}.",
            "Put it in quotes.",
            False,
        ),
        (
            r"mapping values are not allowed",
            "A colon stands where no key can be.",
            "Indent the line as its neighbours are, or put a text that holds a colon in quotes.",
            False,
        ),
        (
            r"expected <block end>",
            "This line is not indented as the others around it.",
            "Indent it as its neighbours are.",
            False,
        ),
        (
            r"could not find expected ':'",
            "A key has no colon behind it.",
            "Write key: value.",
            True,
        ),
        (
            r"unexpected (end of stream|document separator)",
            "The quote that opens here is not closed.",
            "Close it.",
            True,
        ),
        (r"expected ',' or '(?P<sign>[\]}])'", "This has no {sign} at its end.", "Close it.", True),
        (
            r"expected alphabetic or numeric",
            "A text without quotes cannot begin with * or &.",
            "Put it in quotes.",
            False,
        ),
        (
            r"unknown escape character '(?P<sign>.)'",
            "A backslash in double quotes is followed by {sign}, which means nothing.",
            "Use single quotes, or write the backslash twice.",
            False,
        ),
    )
)


def explain(error: Any) -> Explained:
    """The parser's error in our words; its own where it is a rare one."""
    problem = " ".join(str(error.problem or error.context or "not YAML").split())
    mark = error.problem_mark or error.context_mark
    for rule in _RULES:
        found = rule.pattern.search(problem)
        if found is None:
            continue
        if rule.at_beginning and error.context_mark is not None:
            mark = error.context_mark
        signs = {key: value or "" for key, value in found.groupdict().items()}
        message = rule.message.format(**signs)
        return Explained(message, rule.remedy, _offset(mark))
    return Explained(f"This is not YAML: {problem}.", "", _offset(mark))


def _offset(mark: Any) -> int | None:
    return None if mark is None else int(mark.index)
