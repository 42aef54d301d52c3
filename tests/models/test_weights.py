"""Weight files: found, fetched, checked; nothing is run."""

from __future__ import annotations

import hashlib
import http.server
import os
import pickle
import socketserver
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from visionloom.artifacts.atomic import new_folder
from visionloom.errors import FailedToDownloadFilesError, InvalidModelDirectoryError, UsageError
from visionloom.models import weights
from visionloom.models.tensors import check_finite, header_shapes, read_tensors, weights_digest
from visionloom.settings import Settings, load_settings


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "served"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    monkeypatch.setenv("VISIONLOOM_WEIGHTS_URL", f"http://127.0.0.1:{running.server_port}/")
    monkeypatch.setattr(weights, "_SECONDS_BETWEEN", 0.01)
    yield folder
    running.shutdown()
    running.server_close()


def test_weights_that_are_fetched_are_found_and_have_the_right_digest(
    server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(1000)
    name = f"resnet18-{hashlib.sha256(data).hexdigest()[:8]}.pth"
    entry = weights.Weights("resnet18", name, 0.1, 0.0)
    monkeypatch.setattr(weights, "CATALOG", {"resnet18": entry})
    (server / name).write_bytes(data)
    settings = load_settings(offline=False)
    said: list[str] = []
    path = weights.obtain("resnet18", settings, said.append)
    assert path.read_bytes() == data
    assert "0.1 MB" in said[0]
    assert weights.obtain("resnet18", settings, said.append) == path


@pytest.mark.parametrize("stray", [False, True])
def test_a_file_that_is_given_while_another_comes_is_kept(
    server: Path, monkeypatch: pytest.MonkeyPatch, stray: bool
) -> None:
    data = os.urandom(1000)
    name = f"resnet18-{hashlib.sha256(data).hexdigest()[:8]}.pth"
    monkeypatch.setattr(
        weights, "CATALOG", {"resnet18": weights.Weights("resnet18", name, 0.1, 0.0)}
    )
    (server / name).write_bytes(data)
    settings = load_settings(offline=False)
    place = settings.weights / "resnet18"
    if stray:
        place.mkdir(parents=True)
        (place / "notes.txt").write_text("where it came from")

    def give(_: int) -> None:
        with new_folder(place, replace=True) as scratch:
            (scratch / "resnet18.safetensors").write_bytes(b"mine")

    path = weights.fetch("resnet18", settings, lambda _: None, give)
    assert path == place / "resnet18.safetensors"
    assert path.read_bytes() == b"mine"


def test_a_wrong_checksum_is_refused_and_nothing_is_kept(server: Path) -> None:
    (server / weights.CATALOG["resnet18"].file).write_bytes(b"not the weights")
    settings = load_settings(offline=False)
    with pytest.raises(FailedToDownloadFilesError, match="SHA-256"):
        weights.fetch("resnet18", settings, lambda _: None)
    assert weights.find("resnet18", settings) is None


def test_offline_gives_the_three_ways_on() -> None:
    with pytest.raises(FailedToDownloadFilesError) as caught:
        weights.obtain("resnet18", load_settings(), lambda _: None)
    text = str(caught.value)
    for way in ("visionloom weights fetch resnet18", "--weights FILE", "--no-pretrained"):
        assert way in text
    assert caught.value.exit_status == 5


def test_own_weights_are_added_only_when_they_fit(shared_data: Path) -> None:
    settings = load_settings()
    file = shared_data / "weights" / "densenet121.safetensors"
    weights.add(file, "densenet121", settings)
    assert weights.find("densenet121", settings) is not None
    with pytest.raises(InvalidModelDirectoryError, match="do not fit"):
        weights.add(file, "resnet18", settings)
    with pytest.raises(UsageError, match="Did you mean resnet18"):
        weights.add(file, "resnet81", settings)


@pytest.mark.parametrize("answer", [b"no such protocol\r\n\r\n", b""])
def test_a_host_that_does_not_speak_http_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1000)
            self.request.sendall(answer)

    monkeypatch.setattr(weights, "_SECONDS_BETWEEN", 0.01)
    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        monkeypatch.setenv(
            "VISIONLOOM_WEIGHTS_URL", f"http://127.0.0.1:{running.server_address[1]}"
        )
        with pytest.raises(FailedToDownloadFilesError, match="could not be read"):
            weights.fetch("resnet18", Settings(tmp_path), print)
        monkeypatch.setenv("VISIONLOOM_WEIGHTS_URL", "http://127.0.0.1:1/a b")
        with pytest.raises(FailedToDownloadFilesError, match="could not be read"):
            weights.fetch("resnet18", Settings(tmp_path), print)
        running.shutdown()


class Canary:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch canary-was-run",)


@pytest.mark.parametrize("name", ["a.pth", "a.safetensors", "a.bin"])
def test_c46_pickles_are_refused_by_content_and_never_run(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    path.write_bytes(pickle.dumps(Canary()))
    with pytest.raises(InvalidModelDirectoryError):
        read_tensors(path)
    for in_zip in (True, False):
        torch.save({"x": Canary()}, path, _use_new_zipfile_serialization=in_zip)
        with pytest.raises(InvalidModelDirectoryError, match="not opened"):
            read_tensors(path)
    assert not (tmp_path / "canary-was-run").exists()


def test_a_torch_file_of_tensors_is_read_with_old_densenet_names(tmp_path: Path) -> None:
    old = "features.denseblock1.denselayer1.norm.1.weight"
    torch.save({old: torch.ones(2, dtype=torch.float16)}, tmp_path / "a.pth")
    tensors = read_tensors(tmp_path / "a.pth")
    assert list(tensors) == ["features.denseblock1.denselayer1.norm1.weight"]
    assert tensors["features.denseblock1.denselayer1.norm1.weight"].dtype == torch.float32


def test_the_format_of_the_published_densenets_is_read(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "a.pth", _use_new_zipfile_serialization=False)
    assert read_tensors(tmp_path / "a.pth")["a"].tolist() == [1.0, 1.0]


def test_a_safetensors_header_of_any_length_is_no_pickle(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    starts = set()
    for length in range(1, 300):
        save_file({"x" * length: torch.zeros(1)}, path)
        starts.add(path.read_bytes()[:1])
        assert header_shapes(path) == {"x" * length: (1,)}
    assert b"\x80" in starts


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 8,
        struct.pack("<Q", 2**63),
        struct.pack("<Q", 4) + b"{{{{",
        b"plain text here",
        struct.pack("<Q", 40) + b'{"x": {"shape": [Infinity]}}'.ljust(40),
        struct.pack("<Q", 40) + b'{"x": {"shape": [1], "data_offsets":[]}}',
    ],
)
def test_damaged_safetensors_headers_are_one_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.safetensors").write_bytes(data)
    with pytest.raises(InvalidModelDirectoryError):
        header_shapes(tmp_path / "a.safetensors")


def test_a_cut_off_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file({"x": torch.zeros(100)}, path)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(InvalidModelDirectoryError, match="cut off"):
        read_tensors(path)


def test_the_digest_is_of_names_shapes_types_and_values() -> None:
    base = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.zeros(1)}
    digest = weights_digest(base)
    assert digest == weights_digest(dict(reversed(base.items())))
    assert digest == weights_digest({**base, "a": base["a"].t().contiguous().t()})
    for other in (
        {**base, "a": base["a"].reshape(3, 2)},
        {**base, "a": base["a"].double()},
        {**base, "b": torch.ones(1)},
        {"c": base["b"], "a": base["a"]},
    ):
        assert weights_digest(other) != digest


def test_values_that_are_not_finite_are_named() -> None:
    with pytest.raises(InvalidModelDirectoryError, match="in b"):
        check_finite({"a": torch.zeros(2), "b": torch.tensor([float("nan")])}, "The weights")


def test_settings_read_the_environment() -> None:
    settings = load_settings({"VISIONLOOM_HOME": "/x", "VISIONLOOM_OFFLINE": "1"})
    assert settings == Settings(Path("/x"), offline=True)
    assert not load_settings({"VISIONLOOM_HOME": "/x"}).offline
