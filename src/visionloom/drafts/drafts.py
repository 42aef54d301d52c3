"""All drafts of a home folder: a folder each, with its journal and, unless in place, its file."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from visionloom.artifacts.atomic import explained, remove_tree, write_file
from visionloom.artifacts.digest import sha256_of_bytes
from visionloom.artifacts.trees import newest
from visionloom.drafts.content import Content
from visionloom.drafts.disk import DraftFiles, Prints
from visionloom.drafts.draft import Draft, Told, journal_changed
from visionloom.errors import InvalidPipelineError, NotThereError
from visionloom.settings import Settings

PIPELINE_FILE = "pipeline.yml"
_CARD = "draft.json"
_FORMAT = 1
_KEPT_OPEN = 16
_AWAY = ".deleted-"
_MADE_WITHIN = 3600.0
_ID = re.compile(r"[0-9a-z][0-9a-z-]{0,63}")
_SUFFIXES = {".yml", ".yaml"}


@dataclass(frozen=True)
class DraftCard:
    """A draft in a list; nothing of its journal has been read.

    Attributes:
        id: Opaque.
        file: Its pipeline file.
        in_place: Whether that is the user's own.
        changed: When it was last changed here, seconds since 1970.
    """

    id: str
    file: Path
    in_place: bool
    changed: float


class Drafts:
    """The drafts of a home folder.

    Args:
        settings: Home folder and limits.
        clock: Seconds since 1970.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._folder = settings.home / "drafts"
        self._clock = clock
        self._lock = threading.Lock()
        self._opened: OrderedDict[str, Draft] = OrderedDict()
        self._listeners: list[Told] = []

    def create(self, make: Callable[[Path], Content]) -> Draft:
        """A new draft.

        Args:
            make: Gives what it begins with, for the folder its file will stand in.

        Raises:
            ModuleOutOfMemoryError, FailedToWriteOutputsError: It could not be written.
        """
        name = (
            f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(self._clock()))}-{secrets.token_hex(3)}"
        )
        folder = self._folder / name
        content = make(folder)
        return self._begin(name, folder / PIPELINE_FILE, content)

    def open_file(self, path: Path) -> Draft:
        """The draft of a file that is edited where it is; its journal is kept here.

        Raises:
            InvalidPipelineError: There is no such file, it is no YAML file by its name, no UTF-8,
                or too large.
            MachineError: The journal could not be written.
        """
        file = path.expanduser().resolve()
        if file.suffix.lower() not in _SUFFIXES or not file.is_file():
            raise InvalidPipelineError(
                f"{path} is no pipeline file.", "Name a file that ends in .yml or .yaml."
            )
        for card in self.cards():
            if card.file == file:
                draft = self.get(card.id)
                draft.take_what_is_there()
                return draft
        name = f"file-{sha256_of_bytes(str(file).encode('utf-8', 'surrogateescape'))[:16]}"
        files = DraftFiles(file, self._settings.limits)
        content, prints = files.read()
        return self._begin(name, file, content, prints)

    def get(self, id: str) -> Draft:  # noqa: A002 - what it is
        """The draft of an id.

        Raises:
            NotThereError: There is none.
        """
        with self._lock:
            draft = self._opened.get(id)
            if draft is not None and draft.folder.is_dir():
                self._opened.move_to_end(id)
                return draft
            self._opened.pop(id, None)
            card = self._card(id)
            if card is None:
                raise NotThereError(f"There is no draft {id[:64]}.", "It may have been deleted.")
            draft = self._draft(card.id, card.file, in_place=card.in_place)
            self._keep_open(draft)
        return draft

    def cards(self) -> list[DraftCard]:
        """All drafts, the one changed last first."""
        names = []
        with contextlib.suppress(FileNotFoundError):
            names = [path.name for path in self._folder.iterdir()]
        found = [card for name in names if (card := self._card(name)) is not None]
        return sorted(found, key=lambda card: (-card.changed, card.id))

    def delete(self, id: str) -> None:  # noqa: A002 - what it is
        """Delete a draft; a file that is edited in place stays.

        Raises:
            NotThereError: There is none.
            FailedToWriteOutputsError: It could not be removed.
        """
        draft = self.get(id)
        away = self._folder / f"{_AWAY}{id}-{secrets.token_hex(4)}"
        with self._lock:
            self._opened.pop(id, None)
            with explained(draft.folder):
                # its name goes first, so that nobody finds half of it
                draft.folder.rename(away)
        remove_tree(away)
        self._tell(id, 0)

    def sweep(self) -> None:
        """Remove what a process that was killed had begun to make, or to remove."""
        before = self._clock() - _MADE_WITHIN
        with contextlib.suppress(OSError):
            for folder in self._folder.iterdir():
                half_made = _ID.fullmatch(folder.name) and not (folder / _CARD).exists()
                if folder.name.startswith(_AWAY) or (half_made and newest(folder) < before):
                    remove_tree(folder)

    def subscribe(self, listener: Told) -> Callable[[], None]:
        """Call ``listener`` with id and revision after each change, with 0 after a deletion.

        Returns:
            Ends that.
        """
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock, contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return end

    def _begin(
        self, name: str, file: Path, content: Content, written: Prints | None = None
    ) -> Draft:
        """A new draft; ``written`` is what the file says that is edited in place."""
        folder, in_place = self._folder / name, written is not None
        with explained(folder):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=in_place)
        draft = self._draft(name, file, in_place=in_place)
        try:
            draft.begin(content, written=written)
            card = {"format": _FORMAT, "file": str(file) if in_place else None}
            # it is there from now on
            write_file(folder / _CARD, json.dumps(card).encode())
        except BaseException:
            remove_tree(folder)
            raise
        with self._lock:
            self._keep_open(draft)
        return draft

    def _keep_open(self, draft: Draft) -> None:
        """Have its history at hand; of those used longest ago it is read anew."""
        self._opened[draft.id] = draft
        self._opened.move_to_end(draft.id)
        while len(self._opened) > _KEPT_OPEN:
            self._opened.popitem(last=False)

    def _draft(self, name: str, file: Path, *, in_place: bool) -> Draft:
        return Draft(
            name,
            self._folder / name,
            file,
            in_place=in_place,
            limits=self._settings.limits,
            told=self._tell,
            clock=self._clock,
        )

    def _card(self, name: str) -> DraftCard | None:
        if not _ID.fullmatch(name):
            return None
        folder = self._folder / name
        try:
            document = json.loads((folder / _CARD).read_bytes())
            named = document["file"] if document["format"] == _FORMAT else 0
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if named is not None and not isinstance(named, str):
            return None
        file = folder / PIPELINE_FILE if named is None else Path(named)
        return DraftCard(name, file, named is not None, journal_changed(folder))

    def _tell(self, id: str, revision: int) -> None:  # noqa: A002 - what it is
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener(id, revision)
