"""Pretrained weights as the page sees them: which are here, and what is being fetched."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from visionloom.artifacts.atomic import explained
from visionloom.errors import NotThereError, UsageError, VisionloomError
from visionloom.runs.trying import ModelTrier
from visionloom.server.models.machine import WeightsView
from visionloom.workspace import Workspace

_PAUSE = 0.25
_ARRIVING = ".arriving-"
_OFFLINE = (
    "Nothing is fetched from another host, since the designer was started offline. Add a file that "
    "you have: here, or with `visionloom weights add MODEL FILE`."
)
Listener = Callable[[WeightsView], None]


@dataclass
class _Fetching:
    """A download, under way or failed."""

    state: Literal["fetching", "failed"] = "fetching"
    done: int = 0
    reason: str = ""
    told_at: float = 0.0


class WeightsDesk:
    """Lists, fetches and takes weights.

    Args:
        workspace: Where they are.
        trier: The process that looks at a weights file, since the server loads no torch.
        told: Told of weights whose state has changed, from any thread.
    """

    def __init__(self, workspace: Workspace, trier: ModelTrier, told: Listener) -> None:
        self._workspace = workspace
        self._trier = trier
        self._fetching: dict[str, _Fetching] = {}
        self._told = told
        self._lock = threading.Lock()

    def list(self) -> list[WeightsView]:
        """All published weights."""
        return [self._view(row) for row in self._workspace.weights()]

    def get(self, model: str) -> WeightsView:
        """The weights of a model.

        Raises:
            NotThereError: None are published.
        """
        for row in self._workspace.weights():
            if row["model"] == model:
                return self._view(row)
        raise NotThereError(f"No pretrained weights of {model[:64]!r} are known.")

    def fetch(self, model: str) -> WeightsView:
        """Begin to fetch a model's weights; the listener is told how it goes.

        Raises:
            NotThereError: None are published.
        """
        if self.get(model).state == "here":
            return self.get(model)
        with self._lock:
            known = self._fetching.get(model)
            if known is None or known.state == "failed":
                if self._workspace.settings.offline:
                    self._fetching[model] = _Fetching("failed", reason=_OFFLINE)
                else:
                    mine = self._fetching[model] = _Fetching()
                    threading.Thread(target=self._fetch, args=(model, mine), daemon=True).start()
        self._tell(model)
        return self.get(model)

    def arriving(self, model: str) -> ArrivingWeights:
        """A place for a weights file that comes in.

        Raises:
            NotThereError: None of the model are published.
        """
        self.get(model)
        return ArrivingWeights(self._workspace)

    def add(self, model: str, arrived: ArrivingWeights) -> WeightsView:
        """Take a file that has come in, after checking that it fits the model.

        Raises:
            InvalidModelDirectoryError: It does not, or it is no weights file.
            MachineError: It could not be looked at or stored.
        """
        file = arrived.named()
        try:
            self._trier.add_weights(model, file)
        except VisionloomError as error:
            # where it lay for a moment tells nobody anything
            message = error.message.replace(str(file), "The file")
            raise type(error)(message, error.remedy) from error
        with self._lock:
            self._fetching.pop(model, None)
        self._tell(model)
        return self.get(model)

    def sweep(self) -> None:
        """Remove files that were on their way in when a server before this one was killed."""
        with contextlib.suppress(OSError):
            for file in self._workspace.settings.weights.glob(f"{_ARRIVING}*"):
                file.unlink()

    def _fetch(self, model: str, mine: _Fetching) -> None:
        def tell(done: int) -> None:
            mine.done = done
            if time.monotonic() - mine.told_at > _PAUSE:
                mine.told_at = time.monotonic()
                self._tell(model)

        try:
            self._workspace.fetch_weights(model, lambda _: None, tell)
        except VisionloomError as error:
            mine.state, mine.reason = "failed", str(error)
        except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to
            mine.state, mine.reason = "failed", f"It could not be fetched: {error}."
        else:
            with self._lock:
                self._fetching.pop(model, None)
        self._tell(model)

    def _tell(self, model: str) -> None:
        self._told(self.get(model))

    def _view(self, row: dict[str, Any]) -> WeightsView:
        fetching = self._fetching.get(row["model"])
        here = row["path"] is not None
        size = round(row["megabytes"] * 1_000_000)
        return WeightsView(
            model=row["model"],
            title=f"{row['model']}, {row['top1']:.1f} % right on ImageNet",
            bytes=size,
            licence=row["licence"],
            source=row["path"] or row["file"],
            state="here" if here else fetching.state if fetching else "absent",
            done=size if here else fetching.done if fetching else 0,
            reason=fetching.reason if fetching and not here else "",
        )


class ArrivingWeights:
    """A weights file on its way in; `remove` must follow."""

    def __init__(self, workspace: Workspace) -> None:
        self._limit = workspace.settings.limits.model_bytes
        self._path = workspace.settings.weights / f"{_ARRIVING}{secrets.token_hex(8)}"
        self._start = b""
        self._size = 0
        with explained(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = open(  # noqa: SIM115 - closed by named and remove
                os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            )

    def write(self, data: bytes) -> None:
        """Take some bytes.

        Raises:
            UsageError: More than model_bytes.
            ModuleOutOfMemoryError: The disk is full.
        """
        self._size += len(data)
        if self._size > self._limit:
            raise UsageError(f"The file is larger than model_bytes, {self._limit} bytes.")
        self._start = self._start or data[:4]
        with explained(self._path):
            self._stream.write(data)

    def named(self) -> Path:
        """The file, whole, with the ending that its content asks for."""
        with explained(self._path):
            self._stream.close()
            ending = ".pth" if self._start[:2] in {b"PK", b"\x80\x02"} else ".safetensors"
            self._path = self._path.rename(self._path.with_name(self._path.name + ending))
        return self._path

    def remove(self) -> None:
        """Leave nothing of it."""
        with contextlib.suppress(OSError):
            self._stream.close()
        self._path.unlink(missing_ok=True)
