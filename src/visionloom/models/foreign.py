"""Model files of other kinds: recognised by how they begin, refused unread, with the way on."""

from __future__ import annotations

from pathlib import Path

from visionloom.errors import InvalidModelDirectoryError

_START = 512
_TORCH = "Save the weights as safetensors, or with torch.save of a state dict."
_KERAS = (
    "It may hold code, and its weights are laid out otherwise: train here, or convert the weights "
    "with the program that wrote it and save them as safetensors."
)


def foreign_file(path: Path) -> InvalidModelDirectoryError:
    """The refusal of a file that is neither safetensors nor a torch file of tensors."""
    with open(path, "rb") as stream:
        start = stream.read(_START)
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return _refused(path, "an HDF5 file, as Keras writes them", _KERAS)
    if start.startswith(b"PK"):
        return _refused(path, "a zip, but not of tensors alone", _TORCH)
    if start[257:262] == b"ustar":
        return _refused(path, "a tar, perhaps a torch file of the oldest kind", _TORCH)
    # the number of a protocol follows
    if start[:1] == b"\x80" and start[1:2] in {b"\x02", b"\x03", b"\x04", b"\x05"}:
        return _refused(path, "a Python pickle, which can run code", _TORCH)
    if start[:1] == b"\x08" and start[2:3] in {b"\x12", b":", b"B"}:
        return _refused(path, "an ONNX model or another protocol buffer", _TORCH)
    if start.startswith(b"GGUF"):
        return _refused(path, "a GGUF file", _TORCH)
    return InvalidModelDirectoryError(f"{path} is no safetensors file and no torch weights file.")


def foreign_zip(path: Path, names: list[str]) -> InvalidModelDirectoryError:
    """The refusal of a zip that torch does not write for tensors alone."""
    inside = {name.rpartition("/")[2] for name in names}
    if {"config.json", "model.weights.h5"} <= inside:
        return _refused(path, "a Keras model", _KERAS)
    if "constants.pkl" in inside or any("/code/" in name for name in names):
        return _refused(path, "a TorchScript program", _TORCH)
    return _refused(path, "a zip, but not of tensors alone", _TORCH)


def _refused(path: Path, what: str, remedy: str) -> InvalidModelDirectoryError:
    return InvalidModelDirectoryError(f"{path} is {what}: it is not opened.", remedy)
