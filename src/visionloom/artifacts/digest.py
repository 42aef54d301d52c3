"""SHA-256 of files and of logical content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path


def sha256_of_file(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of_bytes(data: bytes | bytearray | memoryview) -> str:
    """Hexadecimal SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_json(value: object) -> str:
    """Hexadecimal SHA-256 of a JSON value in canonical form (sorted keys, no blanks, UTF-8)."""
    return sha256_of_bytes(canonical_json(value).encode())


def sha256_of_rows(rows: Iterable[object]) -> str:
    """Hexadecimal SHA-256 of a sequence of JSON values, one canonical line each."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(canonical_json(row).encode())
        digest.update(b"\n")
    return digest.hexdigest()


def canonical_json(value: object) -> str:
    """JSON text that is equal for equal values; NaN and infinity are refused (ValueError)."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
