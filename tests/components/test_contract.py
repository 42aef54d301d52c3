"""One contract for every component: schema, help, ranges, names, pages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from visionloom.artifacts.manifest import read_manifest
from visionloom.artifacts.types import Artifact
from visionloom.errors import ParameterRangeError, UsageError
from visionloom.runs.reference import pages
from visionloom.spec.component import Component
from visionloom.spec.ports import Parameter
from visionloom.spec.schema import parameters_schema
from visionloom.workspace import Workspace

CATALOG = list(Workspace().registry)
DOCS = Path(__file__).resolve().parent.parent.parent / "docs" / "components"
PARAMETERS = [(c, p) for c in CATALOG for p in c.parameters]
TITLES = {
    "Convert to Image Directory", "Split Image Directory", "Init Image Transformation",
    "Apply Image Transformation", "DenseNet", "ResNet", "Train PyTorch Model",
    "Score Image Model", "Evaluate Model", "Materialize Image Directory", "timm Model",
    "Model Report",
}  # fmt: skip


def test_the_catalog_is_complete() -> None:
    assert {component.title for component in CATALOG} >= TITLES


@pytest.mark.parametrize("component", CATALOG, ids=lambda c: c.name)
def test_every_component_is_found_by_name_title_and_the_original_s_module(
    component: Component,
) -> None:
    registry = Workspace().registry
    for word in (component.name, component.title, component.kebab, *component.aliases):
        assert registry.find(word) is component
    assert component.summary.endswith(".")
    assert component.outputs


@pytest.mark.parametrize(("component", "parameter"), PARAMETERS, ids=lambda x: x.name)
def test_every_parameter_has_help_a_schema_and_a_range_that_is_enforced(
    component: Component, parameter: Parameter
) -> None:
    setting = parameter.setting
    assert setting.title
    assert setting.help.endswith((".", ":"))
    schema = parameters_schema(component)["properties"][parameter.name]
    assert schema["title"] == setting.title
    assert component.parameter(parameter.kebab) is parameter
    for alias in setting.aliases:
        assert component.parameter(alias) is parameter
    step = 1 if parameter.kind == "integer" else 1e-6
    if setting.minimum is not None:
        low = int(setting.minimum) if parameter.kind == "integer" else setting.minimum
        assert parameter.check(low) == low
        with pytest.raises(ParameterRangeError):
            parameter.check(low - step if low else -step)
    if setting.maximum is not None:
        high = int(setting.maximum) if parameter.kind == "integer" else setting.maximum
        assert parameter.check(high) == high
        with pytest.raises(ParameterRangeError):
            parameter.check(high + step)
    if parameter.kind in {"integer", "number"}:
        for value in (True, "1", float("nan"), float("inf")):
            with pytest.raises(ParameterRangeError):
                parameter.check(value)
    if setting.choices and not setting.open_choices:
        with pytest.raises(ParameterRangeError, match="not known"):
            parameter.check("nonsense")


@pytest.mark.parametrize("component", CATALOG, ids=lambda c: c.name)
def test_the_schema_is_valid_and_accepts_the_defaults(component: Component) -> None:
    schema = parameters_schema(component)
    Draft202012Validator.check_schema(schema)
    defaults = {p.name: p.default for p in component.parameters if not p.required}
    required = {
        name: schema["properties"][name].get("enum", ["x"])[0] for name in schema["required"]
    }
    Draft202012Validator(schema).validate(defaults | required)


def _run_everything(photos: Path, folder: Path) -> dict[str, tuple[str, ...]]:
    """Every component on real input; title -> logical digests of its outputs."""
    digests: dict[str, tuple[str, ...]] = {}

    def run(title: str, *inputs: Artifact | Path, **parameters: object) -> list[Artifact]:
        component = Workspace().registry.find(title)
        ports = [port.name for port in component.inputs]
        targets = {port.name: folder / f"{len(digests)}-{port.name}" for port in component.outputs}
        made = Workspace().run(
            component,
            inputs=dict(zip(ports, inputs, strict=False)),
            parameters=parameters,
            outputs=targets,
        )
        digests[title] = tuple(read_manifest(made[name].path).digest for name in targets)
        return [made[name] for name in targets]

    (images,) = run("Convert to Image Directory", photos)
    training, validation = run("Split Image Directory", images, fraction=0.5, random_seed=3)
    (transformation,) = run(
        "Init Image Transformation", size=36, crop_size=32, random_horizontal_flip=True
    )
    (seen,) = run("Apply Image Transformation", transformation, training, mode="For training")
    run("Materialize Image Directory", seen, apply=True)
    run("DenseNet", pretrained=False)
    run("timm Model", model_name="resnet10t", pretrained=False)
    (start,) = run("ResNet", model_name="resnet18", pretrained=False)
    (model,) = run(
        "Train PyTorch Model", start, seen, validation, epochs=2, batch_size=4, precision="fp32"
    )
    (scores,) = run("Score Image Model", model, validation, precision="fp32")
    (evaluation,) = run("Evaluate Model", scores)
    run("Model Report", model, evaluation)
    return digests


def test_every_component_is_deterministic(photos: Callable[..., Path], tmp_path: Path) -> None:
    folder = photos(a=6, b=6)
    first = _run_everything(folder, tmp_path / "first")
    second = _run_everything(folder, tmp_path / "second")
    assert first == second
    assert set(first) == {component.title for component in CATALOG if component.deterministic}


def test_the_original_s_parameter_names_resolve() -> None:
    train = Workspace().registry.find("Train PyTorch Model")
    values = train.resolve({"epochs": 2, "num-warmup-steps": 1, "print-freq": 5, "batch-size": 4})
    assert (values["warmup_epochs"], values["print_frequency"], values["batch_size"]) == (1, 5, 4)
    with pytest.raises(UsageError, match="Did you mean epochs"):
        train.resolve({"epoch": 1})
    with pytest.raises(UsageError, match="given twice"):
        train.resolve({"warmup_epochs": 1, "num_warmup_steps": 1})


def test_ports_of_train_are_in_the_original_s_order() -> None:
    train = Workspace().registry.find("Train PyTorch Model")
    assert [(p.title, p.type.type_name) for p in train.inputs] == [
        ("Untrained model", "UntrainedModelDirectory"),
        ("Training dataset", "ImageDirectory"),
        ("Validation dataset", "ImageDirectory"),
    ]
    assert train.outputs[0].type.type_name == "ModelDirectory"


def test_no_reference_page_is_stale() -> None:
    for name, text in pages().items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, f"{name}: run `make docs`"
    assert {p.name for p in DOCS.iterdir()} == set(pages())


def test_reading_the_catalog_loads_nothing_heavy() -> None:
    program = (
        "import sys, visionloom.workspace as w; list(w.Workspace().registry);"
        "print([m for m in ('torch','numpy','duckdb','sklearn','PIL','scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


def test_a_component_of_another_package_appears_in_the_catalog(tmp_path: Path) -> None:
    example = DOCS.parent.parent / "examples" / "own_component"
    info = tmp_path / "own_component-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-component\nVersion: 1.0\n")
    text = (example / "pyproject.toml").read_text(encoding="utf-8")
    line = next(x for x in text.splitlines() if x.startswith("select_classes"))
    value = line.partition("=")[2].strip().strip('"')
    (info / "entry_points.txt").write_text(f"[visionloom.components]\nselect_classes = {value}\n")
    program = (
        "import sys; sys.path[:0] = sys.argv[1:];"
        "from visionloom.workspace import Workspace;"
        "c = Workspace().registry.find('Select Classes'); print(c.name, c.category)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path), str(example)],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert done.stdout.startswith("select_classes Image data transformation")


def test_an_entry_point_that_fails_to_load_does_not_break_the_catalog(tmp_path: Path) -> None:
    info = tmp_path / "broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[visionloom.components]\nx = no_such_module_here\n")
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from visionloom.workspace import Workspace;"
        "r = Workspace().registry; print(len(r.components), r.problems)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, check=True, text=True
    )
    assert "no_such_module_here" in done.stdout
