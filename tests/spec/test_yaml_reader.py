"""The strict reader: places, one meaning for every text, and attacks that end at once."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visionloom.settings import MIB, Limits
from visionloom.spec.problems import Problem
from visionloom.spec.yaml_nodes import Map, Scalar, plain_data
from visionloom.spec.yaml_reader import YamlText, read_yaml

LIMITS = Limits()


def read(text: str | bytes) -> YamlText:
    return read_yaml(text.encode() if isinstance(text, str) else text, "x.yml", LIMITS)


def faults(text: str | bytes) -> list[Problem]:
    return list(read(text).problems)


def values(text: str) -> object:
    found = read(text)
    assert not found.problems.items
    return plain_data(found.root)


def test_keys_and_values_have_places_from_one() -> None:
    found = read("a: 1\nb:\n  c: 'x'\n")
    assert isinstance(found.root, Map)
    b = found.root.entries["b"]
    assert isinstance(b.node, Map)
    c = b.node.entries["c"]
    assert (b.place.line, b.place.column) == (2, 1)
    assert (c.place.line, c.place.column) == (3, 3)
    assert (c.node.place.line, c.node.place.column) == (3, 6)
    assert found.text[c.node.start : c.node.end] == "'x'"


def test_an_empty_value_stands_behind_its_key() -> None:
    found = read("a:\n\n# comment\nb: 1\n")
    assert isinstance(found.root, Map)
    place = found.root.entries["a"].node.place
    assert (place.line, place.column) == (1, 2)


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    text = "a: 1\nb:\n  - x\n  - y\n"
    marked = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    assert plain_data(read(marked).root) == values(text)
    found = read(marked).root
    assert isinstance(found, Map)
    assert found.entries["b"].place.line == 2


def test_values_have_one_meaning() -> None:
    text = """
yes: yes
on: on
no: No
date: 2026-01-31
time: 12:30:00
thousand: 1_000
true: true
upper: TRUE
number: 1.5
exponent: 1e-3
integer: -12
null: null
tilde: ~
quoted: '5'
infinite: .inf
"""
    assert values(text) == {
        "yes": "yes", "on": "on", "no": "No", "date": "2026-01-31", "time": "12:30:00",
        "thousand": "1_000", "true": True, "upper": True, "number": 1.5, "exponent": 0.001,
        "integer": -12, "null": None, "tilde": None, "quoted": "5", "infinite": float("inf"),
    }  # fmt: skip


@pytest.mark.parametrize("text", ["0o17", "017", "0x1F", "0b11", "08", "-0o7"])
def test_numbers_that_programs_read_differently_are_refused(text: str) -> None:
    (problem,) = faults(f"a: {text}\n")
    assert (problem.code, problem.place.line, problem.place.column) == ("Y1", 1, 4)
    assert f"'{text}' in quotes" in problem.remedy
    assert values(f"a: '{text}'\n") == {"a": text}


def test_a_key_that_is_given_twice_names_both_lines_at_any_level() -> None:
    problems = faults("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 2\n")
    assert [(p.code, p.place.line, p.name) for p in problems] == [("Y2", 5, "c"), ("Y2", 6, "a")]
    assert "in line 3 and here, in line 5" in problems[0].message
    assert "in line 1 and here, in line 6" in problems[1].message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: &x 1\nb: 2\n", 1),
        ("b: 2\na: *x\n", 2),
        ("b: 2\na: !!str 5\n", 2),
        ("a: !thing {b: 1}\n", 1),
        ("a: 1\n<<: {b: 1}\n", 2),
        ("%YAML 1.1\n---\na: yes\n", 2),
        ("? [a]\n: 1\n", 1),
        ("a:\n  ? {b: 1}\n  : 1\n", 2),
    ],
)
def test_what_makes_files_hard_to_follow_is_refused(text: str, line: int) -> None:
    (problem,) = faults(text)
    assert (problem.code, problem.place.line) == ("Y3", line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\n---\nb: 2\n", 2),
        ("a: 1\n b: 2\n", 2),
        ("a: [1, 2\n", 2),
        ("a: 'open\n", 1),
        ("a:\n\t- b\n", 2),
        (b"a: 1\nb: \xff\n", 2),
        (b"a: 1\nb: \x00\n", 2),
        ("a: 1\nb: \x07\n", 2),
        (b"\xff\xfea\x00:\x00", 1),
        ('a: "\\UFFFFFFFF"\n', 1),
        ("a: @x\n", 1),
    ],
)
def test_what_is_no_yaml_is_one_fault_with_its_line(text: str | bytes, line: int) -> None:
    found = read(text)
    (problem,) = found.problems
    assert problem.code == "Y1"
    assert abs(problem.place.line - line) <= 1
    assert found.root is None
    assert not found.readable


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("a: 1\n b: 2\n", 2, 3, "A colon stands where no key can be"),
        ("a: b: c\n", 1, 5, "A colon stands where no key can be"),
        ("a:\n\tb: 1\n", 2, 1, "A tab stands where a line begins"),
        ("a: 'x\nb: 2\n", 1, 4, "The quote that opens here is not closed"),
        ("a: [1, 2\nb: 3\n", 1, 4, "This has no ] at its end"),
        ("a: {b: 1\n", 1, 4, "This has no } at its end"),
        ("a: @x\n", 1, 4, "cannot begin with @"),
        ("a: *\n", 1, 5, "cannot begin with * or &"),
        ("jobs:\n  a:\n    x: 1\n   b: 2\n", 4, 4, "not indented as the others"),
        ('a: "\\q"\n', 1, 6, "followed by q"),
        ("a: 1\nb\nc: 2\n", 2, 1, "no colon"),
    ],
)
def test_common_slips_are_named_in_plain_words(
    text: str, line: int, column: int, says: str
) -> None:
    (problem,) = faults(text)
    assert says in problem.message
    assert problem.remedy
    assert (problem.place.line, problem.place.column) == (line, column)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "---\n...\n"])
def test_an_empty_document_is_none(text: str) -> None:
    found = read(text)
    assert found.root is None
    assert found.readable
    assert not found.problems.items


ATTACKS = {
    "code": b"a: !!python/object/apply:os.system ['touch hacked']\n",
    "unknown tag": b"a: !evil {x: 1}\n",
    "billion laughs": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(
        b"%c: &%c [%s]\n" % (n, n, b",".join([b"*%c" % (n - 1)] * 9)) for n in range(98, 106)
    ),
    "merge loop": b"a: &a\n  <<: *a\n  b: 1\n",
    "deep lists": b"[" * 10_000,
    "deep lists on lines": b"[\n" * 10_000,
    "deep maps": b"{a: " * 10_000,
    "deep block": b"".join(b" " * n + b"a:\n" for n in range(1_000)),
    "deep dashes": b"- " * 10_000,
    "deep questions": b"? " * 10_000,
    "a long scalar": b"a: " + b"b" * (MIB - 10),
    "a long scalar on lines": b"a: |\n" + b" x\n" * (MIB // 3 - 10),
    "a large file": b"a: " + b"b" * (100 * MIB),
    "a long tag": b"!" * (MIB - 10),
    "long tags": (b"!" * 60_000 + b"\n") * 17,
    "many keys": b"".join(b"k%d: 1\n" % n for n in range(60_000)),
    "duplicate keys": b"a: 1\n" * 60_000,
    "many anchors": b"".join(b"k%d: &a%d 1\n" % (n, n) for n in range(40_000)),
    "many comments": b"# a\n" * (MIB // 4),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_ends_with_a_line_and_without_running_anything(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    problems = faults(ATTACKS[name])
    assert problems
    assert all(p.code in {"Y1", "Y2", "Y3"} and p.place.line >= 1 for p in problems)
    assert all(len(p.message) < 400 for p in problems)
    assert list(tmp_path.iterdir()) == []


def test_attacks_cost_little_time_and_memory() -> None:
    """All of them in one process under an address limit; the slowest alone must take seconds."""
    script = (
        "import resource, time\n"
        "from tests.spec.test_yaml_reader import ATTACKS, faults\n"
        "faults(b'a: 1')\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "slowest = 0.0\n"
        "for name, data in ATTACKS.items():\n"
        "    start = time.process_time()\n"
        "    faults(data)\n"
        "    slowest = max(slowest, time.process_time() - start)\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(slowest, (after - before) / 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[2], timeout=120,
    )  # fmt: skip
    slowest, megabytes = map(float, done.stdout.split())
    assert megabytes < 100
    assert slowest < 20


@given(st.binary(max_size=400))
def test_no_bytes_raise(data: bytes) -> None:
    start = time.monotonic()
    found = read_yaml(data, "x.yml", LIMITS)
    assert found.root is not None or not found.readable or not found.problems.items
    assert time.monotonic() - start < 60


@given(st.text(alphabet="ab:-?[]{},&*!|>'\"%@#\n \t\\~<=1.0\r\u2028\x85é", max_size=80))
def test_no_text_raises_and_offsets_point_into_it(text: str) -> None:
    found = read_yaml(text.encode(), "x.yml", LIMITS)

    def look(node: object) -> None:
        if isinstance(node, Map):
            for entry in node.entries.values():
                assert 0 <= entry.start <= entry.end <= len(found.text)
                look(entry.node)
        elif (
            isinstance(node, Scalar)
            and not found.problems.items
            and node.plain
            and node.text
            and "\n" not in node.text
        ):
            part = found.text[node.start : node.end]
            assert " ".join(part.split()) == " ".join(node.text.split())

    look(found.root)
