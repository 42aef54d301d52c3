"""What is written is read back as what it was, by this reader and by the older rules of YAML."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from visionloom.settings import Limits
from visionloom.spec.yaml_nodes import plain_data
from visionloom.spec.yaml_reader import read_yaml
from visionloom.spec.yaml_writer import is_plain, scalar_text, write_yaml

TEXTS = st.text(max_size=40) | st.sampled_from(
    ["yes", "No", "on", "null", "~", "1", "1.5", "0o17", "017", "1e5", "12:30", "2026-01-31",
     "1_000", "a: b", "a #b", "- a", "? a", ": a", "a:", "'", '"', "''", "{a}", "[a]", "a, b",
     "<<", "=", ".5", "+1", ".inf", "${{parent.inputs.x}}", "azureml:a:1", "./a.yml", "a\nb",
     "a\nb\n", " a\nb", "a \nb", "\n", "a\n\nb", "a\n\n", "---", "... a", "\ud800", "é", "@a", "%a"]
)  # fmt: skip
SCALARS = st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
KEYS = st.text(max_size=20)
VALUES = st.recursive(
    SCALARS | st.none(),
    lambda inner: st.dictionaries(KEYS, inner, max_size=4) | st.lists(SCALARS, max_size=4),
    max_leaves=12,
)


def back(text: str) -> object:
    found = read_yaml(text.encode("utf-8", errors="surrogatepass"), "x.yml", Limits())
    assert not found.problems.items, (text, found.problems.items)
    return plain_data(found.root)


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=5))
def test_what_is_written_is_read_back(value: dict[str, object]) -> None:
    assert back(write_yaml(value)) == value


@given(SCALARS)
def test_a_value_on_one_line_is_read_back_in_braces_too(value: object) -> None:
    assert isinstance(value, bool | int | float | str)
    assert back(f"a: {scalar_text(value)}\n") == {"a": value}
    assert back(f"a: {{b: {scalar_text(value, flow=True)}}}\n") == {"a": {"b": value}}


def test_numbers_are_written_so_that_every_reader_takes_them_for_numbers() -> None:
    assert scalar_text(1e-5) == "1.0e-05"
    assert scalar_text(1e20) == "1.0e+20"
    assert scalar_text(0.1) == "0.1"
    assert scalar_text(3.0) == "3.0"
    assert scalar_text(math.inf) == ".inf"


def test_texts_that_older_readers_take_for_something_else_are_quoted() -> None:
    for text in ("yes", "off", "y", "1_000", "12:30:00", "2026-01-31", "0o17", "~", "Null"):
        assert not is_plain(text)
        assert scalar_text(text) == f"'{text}'"
    for text in ("For training", "${{parent.inputs.x}}", "azureml:densenet:1", "./a.yml", "résumé"):
        assert scalar_text(text) == text


def test_a_text_of_several_lines_is_a_block() -> None:
    assert write_yaml({"a": "one\n\ntwo\n"}) == "a: |\n  one\n\n  two\n"
    assert write_yaml({"a": {"b": "one\ntwo"}}) == "a:\n  b: |-\n    one\n    two\n"
