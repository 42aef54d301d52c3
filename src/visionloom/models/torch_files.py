"""Files that torch wrote, turned into safetensors by an isolated process; there is no other way in.

A torch file is a pickle, and what reads it may have holes. So it is read weights-only, in a process
that may then open no file, no connection and no program, under limits of time and memory. What it
gives back is safetensors, checked like any other. Whatever fails there is final.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from visionloom.artifacts.zip_structure import (
    TooManyEntriesError,
    ZipStructureError,
    read_zip_index,
)
from visionloom.errors import InvalidModelDirectoryError
from visionloom.limits import MIB, Limits
from visionloom.models.foreign import foreign_zip

OLD_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How files begin that torch wrote before 1.6, the published DenseNets among them."""
ZIP = b"PK\3\4"

NOT_TENSORS, NO_STATE_DICT, NO_MEMORY = 3, 4, 5
"""How the isolated process ends when it gives nothing back."""

_MEMBERS = frozenset(
    {
        "data.pkl", "version", "byteorder", ".format_version", ".storage_alignment",
        ".data/serialization_id",
    }
)  # fmt: skip
# nothing of the user's but where programs and libraries are
_VARIABLES = frozenset(
    {
        "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "SYSTEMROOT",
        "WINDIR", "PATHEXT", "COMSPEC",
    }
)  # fmt: skip
_SAVE = "Save the weights as safetensors, or with torch.save of a state dict."


def is_torch_file(path: Path) -> bool:
    """Whether a file begins as torch's do; the name does not count."""
    with open(path, "rb") as stream:
        start = stream.read(len(OLD_TORCH))
    return start == OLD_TORCH or start.startswith(ZIP)


@contextlib.contextmanager
def as_safetensors(path: Path, limits: Limits) -> Iterator[Path]:
    """Yield a safetensors file with the tensors of a torch file; it is gone when the block ends.

    Raises:
        InvalidModelDirectoryError: It holds anything but tensors, is damaged, or is beyond a limit.
    """
    with open(path, "rb") as stream:
        if stream.read(len(ZIP)) == ZIP:
            _check_zip(path, limits)
    with tempfile.TemporaryDirectory(prefix="visionloom-", ignore_cleanup_errors=True) as folder:
        target = Path(folder) / "weights.safetensors"
        _convert(path, target, limits)
        yield target


def _convert(path: Path, target: Path, limits: Limits) -> None:
    variables = {name: text for name, text in os.environ.items() if name.upper() in _VARIABLES}
    home = str(target.parent)
    try:
        with open(path, "rb") as source, open(target, "xb") as result:
            ended = subprocess.run(
                # -P: what lies in the working folder is not imported
                [sys.executable, "-P", "-m", "visionloom.models.torch_child", limits.to_json()],
                stdin=source,
                stdout=result,
                stderr=subprocess.DEVNULL,
                cwd=home,
                env={**variables, "HOME": home, "TMPDIR": home, "OMP_NUM_THREADS": "1"},
                timeout=limits.import_seconds,
                start_new_session=True,
                check=False,
            )
    except subprocess.TimeoutExpired as error:
        raise InvalidModelDirectoryError(
            f"{path} took longer to read than {limits.named('import_seconds')}.", _SAVE
        ) from error
    if ended.returncode == NO_STATE_DICT:
        raise InvalidModelDirectoryError(f"{path} is no state dict: a name for each tensor.", _SAVE)
    if ended.returncode == NO_MEMORY:
        raise InvalidModelDirectoryError(
            f"{path} needs more memory to read than twice its size and "
            f"{limits.named('import_memory_bytes')}.",
            _SAVE,
        )
    if ended.returncode != 0:
        raise InvalidModelDirectoryError(
            f"{path} holds something else than tensors, or is damaged: it is not opened.", _SAVE
        )


def _check_zip(path: Path, limits: Limits) -> None:
    """Torch skips what it does not look for; a file it wrote has nothing of that."""
    try:
        entries = read_zip_index(path, 2 * limits.model_tensors)
        names = [entry.filename for entry in entries]
        if not all(_is_expected(name) for name in names) or len(set(names)) != len(names):
            raise foreign_zip(path, names)
        if any(
            entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 for entry in entries
        ):
            raise foreign_zip(path, names)
        with zipfile.ZipFile(path) as archive:
            for name in names:
                with archive.open(name) as member:
                    while member.read(MIB):
                        pass
    except TooManyEntriesError as error:
        raise InvalidModelDirectoryError(
            f"{path} holds more tensors than {limits.named('model_tensors')}."
        ) from error
    except (
        ZipStructureError, zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError,
    ) as error:  # fmt: skip
        raise InvalidModelDirectoryError(f"{path} is damaged: {error}.", _SAVE) from error


def _is_expected(name: str) -> bool:
    """``TOP/data.pkl``, ``TOP/data/17`` and the like."""
    inner = name.partition("/")[2]
    return inner in _MEMBERS or (inner.startswith("data/") and inner[5:].isdecimal())
