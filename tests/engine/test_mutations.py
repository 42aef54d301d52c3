"""Files that were damaged at random: only problems, never an exception but ours, never a run."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.pipelines import CANONICAL, REGISTRY, photos_at, settings_of
from visionloom.engine.check import check_pipeline
from visionloom.engine.resolve import resolve
from visionloom.engine.targets import Targets
from visionloom.spec.component_file import write_component
from visionloom.spec.component_files import read_component
from visionloom.spec.pipeline_file import pipeline_from_text, read_pipeline, write_pipeline
from visionloom.spec.problems import ProblemList, errors_among

LINES = CANONICAL.splitlines(keepends=True)
COMPONENT = write_component(
    REGISTRY.components["train_pytorch_model"], environment="azureml:e:1"
).encode()
RUNNING = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    deadline=None,
    max_examples=150,
)

BYTES = st.lists(
    st.tuples(
        st.sampled_from(["replace", "insert", "delete"]),
        st.integers(0, len(CANONICAL.encode()) - 1),
        st.binary(min_size=1, max_size=3)
        | st.sampled_from([b"${{", b"}}", b": ", b"- ", b"\t", b"&a ", b"*a", b"'", b'"', b"\n"]),
    ),
    min_size=1,
    max_size=4,
)
WORDS = st.sampled_from(
    ["null", "5", "-1", "yes", "{}", "[]", "[1, {a: b}]", "{a: b}", "''", "1e400", "x" * 300,
     "${{parent.inputs.epochs}}", "${{parent.jobs.train.outputs.trained_model}}", "azureml:x:1",
     "./no.yml", "../../etc/passwd", "/etc", "https://x", "azureml:", "azureml:a b", "cuda:99",
     "9" * 400, "0x10", "2026-01-01", "~", "\u0000", "\U0001f600", ".nan"]
)  # fmt: skip
LINE_EDITS = st.lists(
    st.tuples(
        st.sampled_from(["delete", "twice", "swap", "indent", "dedent", "value", "key"]),
        st.integers(0, len(LINES) - 1),
        st.integers(0, len(LINES) - 1),
        WORDS,
    ),
    min_size=1,
    max_size=4,
)


def mutated_bytes(data: bytes, edits: list[tuple[str, int, bytes]]) -> bytes:
    for kind, place, new in edits:
        at = place % max(1, len(data))
        cut = at + (0 if kind == "insert" else len(new))
        data = data[:at] + (b"" if kind == "delete" else new) + data[cut:]
    return data


def mutated_lines(edits: list[tuple[str, int, int, str]]) -> str:
    lines = list(LINES)
    for kind, first, second, word in edits:
        i, j = first % len(lines), second % len(lines)
        if kind == "delete" and len(lines) > 1:
            del lines[i]
        elif kind == "twice":
            lines.insert(j, lines[i])
        elif kind == "swap":
            lines[i], lines[j] = lines[j], lines[i]
        elif kind == "indent":
            lines[i] = "  " + lines[i]
        elif kind == "dedent":
            lines[i] = lines[i].removeprefix("  ")
        elif kind == "value" and ":" in lines[i]:
            lines[i] = lines[i].partition(":")[0] + f": {word}\n"
        elif kind == "key" and ":" in lines[i]:
            key, _, rest = lines[i].partition(":")
            lines[i] = key[: len(key) - len(key.lstrip())] + f"{word}:{rest}"
    return "".join(lines)


def judge(text: bytes, folder: Path) -> None:
    """Check a file as `validate` and `run` do."""
    path = folder / "pipeline.yml"
    path.write_bytes(text)
    read = read_pipeline(path)
    arguments = {"targets": Targets(), "settings": settings_of(folder), "gpus": lambda: 0}
    problems = check_pipeline(read, REGISTRY, **arguments)  # type: ignore[arg-type]
    assert problems == sorted(problems, key=lambda p: (p.place, p.code, p.message))
    for problem in problems:
        assert problem.place.line >= 1 or problem.place.file.startswith("--")
        assert problem.message.isprintable()
        assert len(str(problem)) < 3_000
        problem.to_json()
    resolved, found = resolve(
        read.pipeline,
        REGISTRY,
        values={},
        target=None,
        **arguments,  # type: ignore[arg-type]
    )
    if not errors_among([*read.problems, *found]):
        assert resolved is not None
        assert {step.name for step in resolved.steps} == set(read.pipeline.steps)
        # what is right stays right when it is written anew
        again = pipeline_from_text(write_pipeline(read.pipeline), folder)
        assert not errors_among(again.problems)
        assert again.pipeline == read.pipeline


@RUNNING
@given(BYTES)
def test_bytes_changed_at_random_give_problems_only(
    tmp_path: Path, edits: list[tuple[str, int, bytes]]
) -> None:
    photos_at(tmp_path / "photos")
    judge(mutated_bytes(CANONICAL.encode(), edits), tmp_path)


@RUNNING
@given(LINE_EDITS)
def test_lines_changed_at_random_give_problems_only(
    tmp_path: Path, edits: list[tuple[str, int, int, str]]
) -> None:
    photos_at(tmp_path / "photos")
    judge(mutated_lines(edits).encode("utf-8", errors="surrogatepass"), tmp_path)


@RUNNING
@given(BYTES)
def test_component_files_changed_at_random_give_problems_only(
    tmp_path: Path, edits: list[tuple[str, int, bytes]]
) -> None:
    problems = ProblemList()
    data = mutated_bytes(COMPONENT, edits)
    document = read_component(data, "c.yml", problems, settings_of(tmp_path).limits)
    assert (document is None) == bool(problems.items)
    (tmp_path / "c.yml").write_bytes(data)
    photos_at(tmp_path / "photos")
    text = CANONICAL.replace("azureml:train_pytorch_model:1", "./c.yml")
    judge(text.encode(), tmp_path)


VALUES = st.dictionaries(
    st.sampled_from(["photos", "epochs", "nothing", ""]),
    WORDS | st.text(max_size=8) | st.integers() | st.booleans() | st.floats(),
)


@RUNNING
@given(VALUES, st.none() | WORDS)
def test_any_value_set_by_hand_gives_problems_only(
    tmp_path: Path, values: dict[str, str | int | bool | float], target: str | None
) -> None:
    photos_at(tmp_path / "photos")
    read = pipeline_from_text(CANONICAL, tmp_path, "pipeline.yml")
    check_pipeline(
        read, REGISTRY, values=values, target=target, targets=Targets(),
        settings=settings_of(tmp_path), gpus=lambda: 0,
    )  # fmt: skip
