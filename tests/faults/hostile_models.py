"""Model files that nobody should open, made byte by byte."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path

import torch


class Canary:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch '{self.path}'",)


def torch_zip(value: object) -> bytes:
    """What torch.save writes now."""
    stream = io.BytesIO()
    torch.save(value, stream)
    return stream.getvalue()


def torch_files(canary: Path) -> dict[str, bytes]:
    """Files that torch, or something like it, wrote, with a canary in each."""
    evil = Canary(canary)
    good = torch_zip({"x": torch.ones(3)})
    old = io.BytesIO()
    torch.save({"x": evil}, old, _use_new_zipfile_serialization=False)
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for name in ("sys_info", "pickle", "tensors", "storages"):
            data = pickle.dumps(evil)
            header = tarfile.TarInfo(name)
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
    extra = io.BytesIO(good)
    with zipfile.ZipFile(extra, "a") as zipped:
        zipped.writestr(zipped.namelist()[0].partition("/")[0] + "/evil.pkl", pickle.dumps(evil))
    place = torch_zip({"x": evil}).index(b"PK\1\2")
    flags = bytearray(torch_zip({"x": evil}))
    flags[place + 8] |= 1
    checks = bytearray(torch_zip({"x": evil}))
    checks[place + 16] ^= 0xFF
    turned = bytearray(good)
    turned[turned.index(struct.pack("<f", 1.0) * 3)] ^= 1
    return {
        "pickle": pickle.dumps(evil),
        "pickle of protocol 0": pickle.dumps(evil, 0),
        "zip with a canary": torch_zip({"x": evil}),
        "old file with a canary": old.getvalue(),
        "tar": tar.getvalue(),
        "extra pickle": extra.getvalue(),
        "flag bits": bytes(flags),
        "checksum in the index": bytes(checks),
        "checksum of a tensor": bytes(turned),
        "data before": b"#!/bin/sh\n" + good,
        "a module": torch_zip(torch.nn.Linear(2, 2)),
        "no tensors": torch_zip({"x": [1, 2]}),
    }


def safetensors(header: object, data: bytes = b"", *, text: bytes | None = None) -> bytes:
    """A safetensors file with whatever header."""
    written = json.dumps(header).encode() if text is None else text
    return struct.pack("<Q", len(written)) + written + data


def entry(shape: list[int], start: int, end: int, kind: str = "F32") -> dict[str, object]:
    """A tensor in a header."""
    return {"dtype": kind, "shape": shape, "data_offsets": [start, end]}


def hostile_headers() -> dict[str, bytes]:
    """Safetensors files whose headers lie."""
    one = json.dumps(entry([1], 0, 4))
    good = safetensors({"a": entry([1], 0, 4)}, bytes(4))
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(1))
    return {
        "header of 2**63": struct.pack("<Q", 2**63) + bytes(100),
        "no header": struct.pack("<Q", 0),
        "overlapping": safetensors({"a": entry([2], 0, 8), "b": entry([2], 4, 12)}, bytes(12)),
        "the same bytes": safetensors({"a": entry([1], 0, 4), "b": entry([1], 0, 4)}, bytes(4)),
        "past the end": safetensors({"a": entry([4], 0, 16)}, bytes(8)),
        "a gap": safetensors({"a": entry([1], 0, 4), "b": entry([1], 8, 12)}, bytes(12)),
        "backwards": safetensors({"a": entry([1], 4, 0)}, bytes(4)),
        "product beyond 64 bits": safetensors({"a": entry([2**32, 2**32, 4], 0, 0)}),
        "product beyond 64 bits of nothing": safetensors({"a": entry([2**62, 8], 0, 4)}, bytes(4)),
        "negative side": safetensors({"a": entry([-1, -1], 0, 4)}, bytes(4)),
        "negative place": safetensors({"a": entry([1], -4, 0)}, b""),
        "a side that is a fraction": safetensors({"a": entry([1.5], 0, 4)}, bytes(4)),  # type: ignore[list-item]
        "unknown type": safetensors({"a": entry([1], 0, 4, "F33")}, bytes(4)),
        "a name twice": safetensors(None, bytes(4), text=f'{{"a":{one},"a":{one}}}'.encode()),
        "a key twice": safetensors(
            None,
            bytes(4),
            text=b'{"a":{"dtype":"F32","shape":[9],"shape":[1],"data_offsets":[0,4]}}',
        ),
        "a list": safetensors([], b""),
        "deep": safetensors(None, text=b"[" * 30_000 + b"]" * 30_000),
        "very many lists": safetensors(None, text=b"[" + b"[]," * 4_000_000 + b"[]]"),
        "bytes left over": good + b"more",
        "a zip behind": good + zipped.getvalue(),
        "cut off": good[:-1],
    }


def of_other_programs() -> dict[str, bytes]:
    """Model files of programs that are not read."""
    keras = io.BytesIO()
    layer = {"class_name": "Lambda", "config": {"function": "import os"}}
    with zipfile.ZipFile(keras, "w") as archive:
        archive.writestr("config.json", json.dumps(layer))
        archive.writestr("metadata.json", "{}")
        archive.writestr("model.weights.h5", b"\x89HDF\r\n\x1a\n" + bytes(100))
    script = io.BytesIO()
    with zipfile.ZipFile(script, "w") as archive:
        archive.writestr("m/data.pkl", pickle.dumps(1))
        archive.writestr("m/code/__torch__.py", "def forward(self): ...")
        archive.writestr("m/constants.pkl", pickle.dumps(1))
    return {
        "model.h5": b"\x89HDF\r\n\x1a\n" + bytes(8) + b"\xff" * 500,
        "model.keras": keras.getvalue(),
        "script.pt": script.getvalue(),
        "model.onnx": b"\x08\x08\x12\x07pytorch" + bytes(100),
        "model.gguf": b"GGUF" + bytes(100),
    }
