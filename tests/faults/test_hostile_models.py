"""Model files that attack: recognised by content, refused before memory is taken, never run."""

from __future__ import annotations

import os
import socket
import sys
import textwrap
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.faults.hostile_models import (
    Canary,
    entry,
    hostile_headers,
    of_other_programs,
    safetensors,
    torch_files,
    torch_zip,
)
from visionloom.errors import InvalidModelDirectoryError, UsageError
from visionloom.limits import MIB
from visionloom.models import weights
from visionloom.models.build import Architecture, architecture_from_json, build, build_empty
from visionloom.models.directory import UntrainedSpec, read_untrained, write_untrained
from visionloom.models.normalisation import CENTRED
from visionloom.models.start import untrained_model
from visionloom.models.tensors import check_fit, header_shapes, read_tensors
from visionloom.settings import load_settings

RESNET = Architecture("resnet18")


def refused(path: Path) -> str:
    with pytest.raises(InvalidModelDirectoryError) as caught:
        read_tensors(path)
    assert str(path) in caught.value.message
    return str(caught.value)


@pytest.mark.parametrize("case", torch_files(Path("/nowhere")))
def test_pickles_are_refused_whatever_their_names(tmp_path: Path, case: str) -> None:
    """A14."""
    canary = tmp_path / "canary-was-run"
    data = torch_files(canary)[case]
    for name in ("a.safetensors", "a.pth", "a.onnx", "a.bin"):
        (tmp_path / name).write_bytes(data)
    refused(tmp_path / "a.safetensors")
    refused(tmp_path / "a.bin")
    assert not canary.exists()


def test_tensors_alone_are_read_from_both_kinds_of_torch_file(tmp_path: Path) -> None:
    values = {"x": torch.arange(6.0).reshape(2, 3).t(), "y": torch.ones(2, dtype=torch.bfloat16)}
    values["z"] = values["x"]  # shares memory
    for in_zip in (True, False):
        torch.save(
            {"state_dict": values}, tmp_path / "a.pth", _use_new_zipfile_serialization=in_zip
        )
        found = read_tensors(tmp_path / "a.pth")
        assert {n: t.tolist() for n, t in found.items()} == {
            n: t.tolist() for n, t in values.items()
        }


@pytest.fixture
def in_the_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Runs code in the process that reads torch files, before anything else there."""

    def put(code: str) -> None:
        folder = tmp_path / "hook"
        folder.mkdir(exist_ok=True)
        start = 'import sys\nif "visionloom.models.torch_child" in sys.orig_argv:\n'
        body = textwrap.indent(textwrap.dedent(code), "    ")
        (folder / "sitecustomize.py").write_text(start + body)
        # what else changes the child comes first
        others = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
        for other in others:
            if (Path(other) / "sitecustomize.py").is_file():
                text = (Path(other) / "sitecustomize.py").read_text()
                (folder / "sitecustomize.py").write_text(text + "\n" + start + body)
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *others]))

    return put


UNSAFE = """
    import torch
    safe = torch.load
    torch.load = lambda stream, **options: safe(stream, **{**options, "weights_only": False})
"""


def test_a_loader_that_fails_is_the_end(
    tmp_path: Path, in_the_child: Callable[[str], None]
) -> None:
    """A15."""
    path = tmp_path / "a.pt"
    path.write_bytes(torch_zip({"x": torch.ones(3)}))
    assert list(read_tensors(path)) == ["x"]
    in_the_child(
        """
        import torch
        tries = []
        safe = torch.load

        def load(stream, **options):
            if hasattr(stream, "fileno") and stream.__class__.__name__ != "BytesIO":
                raise RuntimeError("the loader has a fault")
            return safe(stream, **options)

        torch.load = load
        """
    )
    assert "is not opened" in refused(path)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are shut in on Linux only")
def test_a_loader_with_a_hole_reaches_nothing(
    tmp_path: Path, in_the_child: Callable[[str], None]
) -> None:
    """A15."""
    in_the_child(UNSAFE)
    canary = tmp_path / "canary-was-run"
    path = tmp_path / "a.pt"
    path.write_bytes(torch_zip({"x": Canary(canary)}))
    refused(path)
    assert not canary.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="processes are shut in on Linux only")
def test_the_process_has_no_network_no_home_and_no_files(
    tmp_path: Path, in_the_child: Callable[[str], None]
) -> None:
    """A15."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        in_the_child(
            f"""
            import os, socket, torch
            safe = torch.load

            def reached(what):
                try:
                    what()
                except OSError:
                    return 0.0
                return 1.0

            def load(stream, **options):
                if stream.__class__.__name__ == "BytesIO":
                    return safe(stream, **options)
                return {{
                    "a file": torch.tensor(reached(lambda: open({str(secret)!r}))),
                    "writing": torch.tensor(reached(lambda: open({str(tmp_path / "w")!r}, "w"))),
                    "removing": torch.tensor(reached(lambda: os.unlink({str(secret)!r}))),
                    "network": torch.tensor(reached(
                        lambda: socket.create_connection(("127.0.0.1", {port})))),
                    "program": torch.tensor(reached(lambda: os.execv("/bin/true", ["true"]))),
                    "variables": torch.tensor(float(any(
                        "VISIONLOOM_HOME" == n or n == "LOGNAME" for n in os.environ))),
                    "home": torch.tensor(float(os.environ["HOME"] == {os.environ.get("HOME")!r})),
                }}

            torch.load = load
            """
        )
        path = tmp_path / "a.pt"
        path.write_bytes(torch_zip({"x": torch.ones(3)}))
        reached = {name: value.item() for name, value in read_tensors(path).items()}
    assert set(reached.values()) == {0.0}, reached
    assert len(reached) == 7
    assert secret.exists()


def test_a_shape_far_larger_than_what_is_stored_is_not_unfolded(tmp_path: Path) -> None:
    """A15."""
    path = tmp_path / "a.pt"
    path.write_bytes(torch_zip({"x": torch.ones(1).expand(100_000, 100_000)}))
    begun = time.perf_counter()
    assert "import_memory_bytes" in refused(path)
    assert time.perf_counter() - begun < 30


def test_a_process_that_takes_too_long_is_ended(
    tmp_path: Path, in_the_child: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A15."""
    monkeypatch.setenv("VISIONLOOM_LIMIT_IMPORT_SECONDS", "3")
    in_the_child("import time; time.sleep(600)")
    path = tmp_path / "a.pt"
    path.write_bytes(torch_zip({"x": torch.ones(3)}))
    assert "VISIONLOOM_LIMIT_IMPORT_SECONDS" in refused(path)


@pytest.mark.parametrize("case", hostile_headers())
def test_headers_that_lie_are_refused_before_memory_is_taken(tmp_path: Path, case: str) -> None:
    """A16."""
    path = tmp_path / "a.safetensors"
    path.write_bytes(hostile_headers()[case])
    tracemalloc.start()
    try:
        with pytest.raises(InvalidModelDirectoryError):
            header_shapes(path)
        assert tracemalloc.get_traced_memory()[1] < 40 * MIB
    finally:
        tracemalloc.stop()
    refused(path)


def test_a_header_of_200_mb_is_not_read(tmp_path: Path) -> None:
    """A16."""
    path = tmp_path / "a.safetensors"
    with open(path, "wb") as stream:
        stream.write((200 * MIB).to_bytes(8, "little"))
        stream.truncate(201 * MIB)
    tracemalloc.start()
    try:
        assert "VISIONLOOM_LIMIT_SAFETENSORS_HEADER_BYTES" in refused(path)
        assert tracemalloc.get_traced_memory()[1] < MIB
    finally:
        tracemalloc.stop()


def large(path: Path) -> Path:
    """Weights with the right names, one of them 4 GB (of holes) large."""
    shapes = {n: list(t.shape) for n, t in build_empty(RESNET, 1000).state_dict().items()}
    shapes["conv1.weight"] = [1_000_000_000]
    header, at = {}, 0
    for name, shape in shapes.items():
        size = 4 * torch.Size(shape).numel()
        header[name] = entry(shape, at, at + size)
        at += size
    head = safetensors(header)
    with open(path, "wb") as stream:
        stream.write(head)
        stream.truncate(len(head) + at)
    return path


def test_shapes_are_compared_before_memory_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A17."""
    path = large(tmp_path / "a.safetensors")
    taken: list[object] = []
    monkeypatch.setattr("safetensors.torch.load_file", taken.append)
    with pytest.raises(InvalidModelDirectoryError, match=r"conv1.weight: \[1000000000\]"):
        weights.add(path, "resnet18", load_settings())
    with pytest.raises(InvalidModelDirectoryError, match=r"conv1.weight: \[1000000000\]"):
        untrained_model(
            RESNET, tmp_path / "model", pretrained=True, weights=str(path),
            settings=load_settings(), say=print,
        )  # fmt: skip
    assert taken == []
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_named_before_they_are_used(
    tmp_path: Path, value: float
) -> None:
    """A17."""
    tensors = dict(build(RESNET, 1000).state_dict())
    check_fit({n: tuple(t.shape) for n, t in tensors.items()}, build_empty(RESNET, 1000), "These")
    tensors["layer1.0.conv1.weight"][0, 0, 0, 0] = value
    save_file(tensors, tmp_path / "a.safetensors")
    with pytest.raises(InvalidModelDirectoryError, match=r"finite, in layer1\.0\.conv1\.weight"):
        weights.add(tmp_path / "a.safetensors", "resnet18", load_settings())
    assert weights.find("resnet18", load_settings()) is None
    spec = UntrainedSpec(RESNET, CENTRED, 224, "a stranger")
    model = write_untrained(spec, tensors, tmp_path / "model")
    with pytest.raises(InvalidModelDirectoryError, match=r"finite, in layer1\.0\.conv1\.weight"):
        read_untrained(model)


@pytest.mark.parametrize("name", of_other_programs())
def test_models_of_other_programs_are_recognised_and_refused_unread(
    tmp_path: Path, name: str
) -> None:
    """A19."""
    for called in (name, "weights.safetensors", "weights.pth"):
        path = tmp_path / called
        path.write_bytes(of_other_programs()[name])
        reason = refused(path)
        assert "it is not opened" in reason
        assert "safetensors" in reason
    kinds = {"h5": "HDF5", "keras": "Keras", "pt": "TorchScript", "onnx": "ONNX", "gguf": "GGUF"}
    assert kinds[name.rpartition(".")[2]] in reason
    assert "h5py" not in sys.modules
    assert "keras" not in sys.modules


@pytest.mark.parametrize(
    "name", ["os.system", "torch.nn.Linear", "evil:Model", "../evil", "timm:hf-hub:a/b",
             "timm:local-dir:/tmp/x", "timm:../evil", "timm:evil.Model"],
)  # fmt: skip
def test_names_in_a_model_file_import_nothing(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evil.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises((InvalidModelDirectoryError, UsageError)):
        build_empty(architecture_from_json({"name": name}), 2)
    assert "evil" not in sys.modules
