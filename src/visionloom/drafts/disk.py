"""The files of a draft: its pipeline and layout, told apart from what others write there."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from visionloom.artifacts.atomic import explained, new_file
from visionloom.artifacts.digest import sha256_of_bytes
from visionloom.drafts.content import Content, content_of
from visionloom.errors import InvalidPipelineError, NotThereError, UsageError
from visionloom.settings import Limits
from visionloom.spec.layout import Layout, layout_bytes, layout_from_bytes, layout_path


@dataclass(frozen=True)
class Prints:
    """Digests of both files; empty for one that is not there.

    Attributes:
        text: Of the pipeline's.
        layout: Of its layout's.
    """

    text: str
    layout: str


class DraftFiles:
    """Both files.

    Args:
        file: The pipeline's.
        limits: How large it may be.
    """

    def __init__(self, file: Path, limits: Limits) -> None:
        self.file = file
        self._layout = layout_path(file)
        self._limits = limits

    def prints(self) -> Prints:
        """What is on disk now."""
        return Prints(*(_digest(self._read(path)) for path in (self.file, self._layout)))

    def read(self) -> tuple[Content, Prints]:
        """What somebody else wrote, and the digests of just that.

        Raises:
            NotThereError: The file is gone.
            InvalidPipelineError: It is no UTF-8, or too large.
        """
        data = self._read(self.file)
        if data is None:
            raise NotThereError(
                f"{self.file} is not there any more.", "Overwrite it to have it again."
            )
        if len(data) > self._limits.yaml_bytes:
            raise InvalidPipelineError(
                f"{self.file} has more bytes than {self._limits.named('yaml_bytes')}.",
                "Open a smaller file.",
            )
        layout = self._read(self._layout)
        prints = Prints(_digest(data), _digest(layout))
        drawn = Layout() if layout is None else layout_from_bytes(layout)
        try:
            return content_of(data, drawn), prints
        except UnicodeDecodeError:
            raise InvalidPipelineError(
                f"{self.file} is not UTF-8.", "Save it as UTF-8 first."
            ) from None

    def write(self, content: Content, before: Prints, old: Content | None) -> Prints:
        """Write what is not there yet: each file whole, or as it was.

        Args:
            content: What to write.
            before: What is there.
            old: What that says; what is the same stays as it is. None: both files are written.

        Returns:
            What is there then.

        Raises:
            UsageError: More than could be read again.
            ModuleOutOfMemoryError: The disk is full.
            FailedToWriteOutputsError: The folder cannot be written to.
        """
        after = self.after(content, before, old)
        if after.text != before.text:
            self._refuse_large("pipeline", content.to_bytes(), "yaml_bytes")
        if after.layout != before.layout:
            drawn = layout_bytes(content.layout)
            self._refuse_large("layout with its notes", drawn, "layout_bytes")
        earlier = None
        if after.layout != before.layout:
            earlier = self._read(self._layout)
            _write(self._layout, layout_bytes(content.layout))
        try:
            if after.text != before.text:
                _write(self.file, content.to_bytes())
        except BaseException:
            if after.layout != before.layout:
                with contextlib.suppress(Exception):
                    self._put_back(earlier)
            raise
        return after

    @staticmethod
    def after(content: Content, before: Prints, old: Content | None) -> Prints:
        """What `write` will leave on disk."""
        text, layout = before.text, before.layout
        if old is None or content.to_bytes() != old.to_bytes():
            text = _digest(content.to_bytes())
        drawn = layout or content.layout.positions or content.layout.notes
        if drawn and (old is None or content.layout != old.layout):
            layout = _digest(layout_bytes(content.layout))
        return Prints(text, layout)

    def remove(self) -> None:
        """Remove both files."""
        for path in (self.file, self._layout):
            path.unlink(missing_ok=True)

    def _read(self, path: Path) -> bytes | None:
        return _read(path, max(self._limits.layout_bytes, self._limits.yaml_bytes) + 1)

    def _refuse_large(self, what: str, data: bytes, name: str) -> None:
        if len(data) > getattr(self._limits, name):
            raise UsageError(
                f"The {what} would have {len(data)} bytes, more than {self._limits.named(name)}.",
                "Leave something out.",
            )

    def _put_back(self, layout: bytes | None) -> None:
        if layout is None:
            self._layout.unlink(missing_ok=True)
        else:
            _write(self._layout, layout)


def _read(path: Path, most: int) -> bytes | None:
    try:
        with open(path, "rb") as stream:
            return stream.read(most)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise InvalidPipelineError(
            f"{path} cannot be read: {error.strerror}.", "See that you may read it."
        ) from error


def _digest(data: bytes | None) -> str:
    return "" if data is None else sha256_of_bytes(data)


def _write(path: Path, data: bytes) -> None:
    """Replace a file; its permissions stay."""
    with new_file(path) as temporary, explained(path):
        with open(temporary, "xb") as stream:
            stream.write(data)
        with contextlib.suppress(FileNotFoundError, NotImplementedError):
            os.chmod(temporary, stat.S_IMODE(path.stat().st_mode))
