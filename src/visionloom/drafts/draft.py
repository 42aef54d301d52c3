"""A draft: its newest revision, every way to change it, and the files it is written to.

A change counts once its line is in the journal and its files are written; a kill at any moment
loses nothing that was answered. Whoever changes holds the draft's lock, across processes.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from visionloom.drafts.content import Content
from visionloom.drafts.disk import DraftFiles, Prints
from visionloom.drafts.history import KEPT, KEPT_BYTES, History, Revision, Version, begun
from visionloom.drafts.journal import DraftJournal
from visionloom.errors import FailedToWriteOutputsError, NotThereError, UsageError
from visionloom.settings import Limits

Where = Literal["tab", "disk"]
Told = Callable[[str, int], None]

_JOURNAL = "journal.jsonl"
_LOCK = "lock"
_PATIENCE = 10.0
_MOST_VERSIONS = 500


class DraftConflictError(UsageError):
    """Somebody else saved first; nothing was changed.

    Attributes:
        where: ``tab`` when the draft was edited elsewhere, ``disk`` when its file was.
    """

    def __init__(self, message: str, remedy: str = "", where: Where = "tab") -> None:
        super().__init__(message, remedy)
        self.where: Where = where

    def __reduce__(self) -> tuple[type[DraftConflictError], tuple[str, str, Where]]:  # type: ignore[override]
        return type(self), (self.message, self.remedy, self.where)


@dataclass(frozen=True)
class Moment:
    """A draft as it is at one moment.

    Attributes:
        revision: The newest.
        undo, redo: What the next undo or redo is about; None when there is none.
        versions: Named revisions, the newest name last.
        saved_at: When its file was written, seconds since 1970.
    """

    revision: Revision
    undo: str | None
    redo: str | None
    versions: tuple[Version, ...]
    saved_at: float

    @property
    def content(self) -> Content:
        """Text and layout."""
        return self.revision.content


class Draft:
    """One draft.

    Args:
        id: Opaque.
        folder: Holds its journal.
        file: Its pipeline file.
        in_place: Whether that is the user's own.
        limits: Of pipeline files.
        told: Called with id and revision after every change.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        id: str,  # noqa: A002 - what it is
        folder: Path,
        file: Path,
        *,
        in_place: bool,
        limits: Limits,
        told: Told,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.id = id
        self.folder = folder
        self.file = file
        self.in_place = in_place
        self._files = DraftFiles(file, limits)
        self._journal = DraftJournal(folder / _JOURNAL)
        self._told = told
        self._clock = clock
        self._threads = threading.RLock()
        self._history = History()
        self._prints = Prints("", "")
        self._saved: tuple[int, float] = (0, 0.0)
        self._stamp = (0, 0)
        self._since = 0
        self._size = 0

    def begin(self, content: Content, *, written: Prints | None = None) -> None:
        """Begin the journal of a new draft; ``written`` says that its file is there already."""
        with self._locked():
            self._history = begun(content, self._clock())
            if written is None:
                self._replace()
                self._write(content, Prints("", ""), None)
            else:
                self._prints, self._saved = written, (1, self._clock())
                self._replace()
        self._tell()

    def now(self) -> Moment:
        """The draft as it is."""
        with self._threads:
            if self._journal.stamp() != self._stamp:
                with self._locked():
                    pass
            return self._moment()

    def check_disk(self) -> None:
        """See whether the file is as it was written last.

        Raises:
            DraftConflictError: Another program changed it.
        """
        with self._locked():
            self._refuse_foreign()

    @contextlib.contextmanager
    def as_it_stands(self) -> Iterator[Moment]:
        """Read the file in here: what is read is what the moment says.

        Raises:
            DraftConflictError: The draft or its file was changed before or meanwhile.
        """
        with self._locked():
            self._refuse_foreign()
            moment = self._moment()
        yield moment
        with self._locked():
            self._refuse_old(moment.revision.number)
            self._refuse_foreign()

    def change(
        self, base: int, make: Callable[[Content], Content], label: str, merge: str = ""
    ) -> None:
        """Make the next revision of the newest; nothing happens where it is the same.

        Args:
            base: Revision that the change was made on.
            make: Gives the new content; what it raises changes nothing.
            label: What undo will say it takes back.
            merge: Word under which successive changes are one entry.

        Raises:
            DraftConflictError: The draft or its file was changed by somebody else.
            ModuleOutOfMemoryError, FailedToWriteOutputsError: It could not be written.
        """
        with self._editing(base):
            content = make(self._history.newest.content)
            if content != self._history.newest.content:
                self._commit(self._history.change("edit", content, label, merge, self._clock()))

    def undo(self, base: int) -> None:
        """Take back the newest entry.

        Raises:
            UsageError: There is none.
            DraftConflictError, MachineError: See `change`.
        """
        with self._editing(base):
            if self._history.undo is None:
                raise UsageError("There is nothing to undo.")
            self._commit(self._history.step("undo", self._clock()))

    def redo(self, base: int) -> None:
        """Do again what was taken back; errors as of `undo`."""
        with self._editing(base):
            if self._history.redo is None:
                raise UsageError("There is nothing to redo.")
            self._commit(self._history.step("redo", self._clock()))

    def restore(self, base: int, revision: int) -> None:
        """Go back to a revision, as a new one.

        Raises:
            NotThereError: It is not kept.
            DraftConflictError, MachineError: See `change`.
        """
        with self._editing(base):
            content = self._revision(revision).content
            names = [v.name for v in self._history.versions if v.revision == revision]
            label = f"Restore {names[-1] if names else f'revision {revision}'}"
            if content != self._history.newest.content:
                self._commit(self._history.change("restore", content, label, "", self._clock()))

    def reload(self, base: int) -> None:
        """Take the file as it is on disk, as a new revision.

        Raises:
            NotThereError: The file is gone.
            InvalidPipelineError: It is no UTF-8, or too large.
            DraftConflictError: The draft was changed by somebody else.
            MachineError: See `change`.
        """
        with self._locked():
            self._refuse_old(base)
            self._take_from_disk()
        self._tell()

    def overwrite(self, base: int) -> None:
        """Write the draft over what is on disk; errors as of `change`."""
        with self._locked():
            self._refuse_old(base)
            self._write(self._history.newest.content, self._files.prints(), None)
        self._tell()

    def take_what_is_there(self) -> None:
        """Reload where the file was changed while it was not open here; errors as of `reload`."""
        with self._locked():
            changed = self._files.prints() != self._prints
            if changed:
                self._take_from_disk()
        if changed:
            self._tell()

    def name_version(self, base: int, name: str) -> None:
        """Give the newest revision a name; the same name for another one moves.

        Raises:
            UsageError: There are too many.
            DraftConflictError: The draft was changed by somebody else.
            MachineError: See `change`.
        """
        with self._locked():
            self._refuse_old(base)
            others = [version for version in self._history.versions if version.name != name]
            if len(others) >= _MOST_VERSIONS:
                raise UsageError(f"There are {_MOST_VERSIONS} named versions, which is the most.")
            line = {"kind": "version", "revision": self._history.number, "name": name}
            line["at"] = self._clock()
            self._journal.append(line)
            self._take(line)
            self._stamp = self._journal.stamp()
        self._tell()

    def content_of(self, revision: int) -> Content:
        """The draft as it was in a revision.

        Raises:
            NotThereError: It is not kept.
        """
        self.now()
        with self._threads:
            return self._revision(revision).content

    def newest_that(self, fits: Callable[[Content], bool]) -> Content | None:
        """The newest content that fits, of those that are kept."""
        self.now()
        with self._threads:
            revisions = sorted(self._history.revisions.values(), key=lambda r: -r.number)
        seen: set[str] = set()
        for revision in revisions:
            if revision.content.text not in seen:
                seen.add(revision.content.text)
                if fits(revision.content):
                    return revision.content
        return None

    def _moment(self) -> Moment:
        history = self._history
        return Moment(
            history.newest, history.undo, history.redo, tuple(history.versions), self._saved[1]
        )

    @contextlib.contextmanager
    def _editing(self, base: int) -> Iterator[None]:
        with self._locked():
            self._refuse_old(base)
            self._refuse_foreign()
            before = self._history.number
            yield
            changed = self._history.number != before
        if changed:
            self._tell()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the draft, and know all that other processes did to it.

        Raises:
            FailedToWriteOutputsError: Another process does not let go of it.
            NotThereError: It was deleted.
        """
        with self._threads:
            if not self.folder.is_dir():
                raise NotThereError(f"The draft {self.id} was deleted.")
            lock = FileLock(self.folder / _LOCK, timeout=_PATIENCE, mode=0o600)
            try:
                lock.acquire()
            except Timeout:
                raise FailedToWriteOutputsError(
                    f"The draft {self.id} is held by another process.", "Try again."
                ) from None
            except OSError as error:
                raise FailedToWriteOutputsError(
                    f"{self.folder} could not be written: {error.strerror}.",
                    "See that you may write there.",
                ) from error
            try:
                self._refresh()
                yield
            finally:
                lock.release()

    def _refresh(self) -> None:
        """Read what is new in the journal, and finish what a killed process had begun."""
        stamp = self._journal.stamp()
        if stamp == self._stamp or not stamp[1]:
            return
        grown = stamp[0] == self._stamp[0] and stamp[1] > self._stamp[1]
        if not grown:
            self._history, self._since, self._size = History(), 0, 0
        for line in self._journal.lines(self._stamp[1] if grown else 0):
            self._take(line)
        self._stamp = stamp
        if self._saved[0] != self._history.number:
            self._finish()

    def _finish(self) -> None:
        """Write the files of a revision that was begun, unless somebody else wrote there since."""
        newest = self._history.newest.content
        old = self._history.revisions.get(self._saved[0])
        there = self._files.prints()
        before = self._prints
        after = self._files.after(newest, before, old.content if old else None)
        if there.text in {before.text, after.text} and there.layout in {
            before.layout,
            after.layout,
        }:
            self._write(newest, there, None)

    def _take(self, line: Any) -> None:
        if line["kind"] == "saved":
            self._prints = Prints(line["text"], line["layout"])
            self._saved = (line["revision"], line["at"])
        else:
            self._history.take(line)
            if line["kind"] == "snapshot":
                self._take({**line["saved"], "kind": "saved"})
        self._since += 1

    def _commit(self, line: Any) -> None:
        """Write a line and the files; where these cannot be written, nothing has happened."""
        old = self._history.newest.content
        start = self._journal.append(line)
        try:
            probe = _with(self._history, line)
            # an editor may have saved since it was looked at first
            self._refuse_foreign()
            prints = self._files.write(probe.newest.content, self._prints, old)
        except BaseException:
            self._journal.take_back(start)
            raise
        self._history = probe
        self._since += 1
        self._mark(prints)

    def _write(self, content: Content, before: Prints, old: Content | None) -> None:
        self._mark(self._files.write(content, before, old))

    def _take_from_disk(self) -> None:
        content, prints = self._files.read()
        if content != self._history.newest.content:
            line = self._history.change(
                "reload", content, f"Reload {self.file.name}", "", self._clock()
            )
            self._journal.append(line)
            self._take(line)
        self._mark(prints)

    def _mark(self, prints: Prints) -> None:
        """Note what is on disk; where even that cannot be written, the next one finds out."""
        self._prints, self._saved = prints, (self._history.number, self._clock())
        with contextlib.suppress(Exception):
            self._journal.append({"kind": "saved", **self._marker()}, durable=False)
            self._since += 1
            grown = self._journal.stamp()[1] - self._size
            if self._since > 4 * KEPT or grown > 2 * KEPT_BYTES:
                self._replace()
        self._stamp = self._journal.stamp()

    def _replace(self) -> None:
        self._history = self._history.trimmed()
        self._journal.replace({**self._history.snapshot(), "saved": self._marker()})
        self._since = 0
        self._stamp = self._journal.stamp()
        self._size = self._stamp[1]

    def _marker(self) -> dict[str, Any]:
        number, at = self._saved
        return {"revision": number, "at": at, **vars(self._prints)}

    def _refuse_old(self, base: int) -> None:
        if base != self._history.number:
            raise DraftConflictError(
                "This draft was changed in another tab.",
                "Look at what is there now, and make the change again.",
            )

    def _refuse_foreign(self) -> None:
        if self._files.prints() != self._prints:
            raise DraftConflictError(
                f"{self.file.name} was changed on disk since it was last written here.",
                "Reload it, or overwrite it with what is shown here.",
                "disk",
            )

    def _revision(self, number: int) -> Revision:
        found = self._history.revisions.get(number)
        if found is None:
            raise NotThereError(
                f"Revision {number} is not kept any more.",
                "Named versions are kept for ever; of the others the newest ones.",
            )
        return found

    def _tell(self) -> None:
        self._told(self.id, self._history.number)


def _with(history: History, line: Any) -> History:
    """The history with a line more; the one given stays as it is."""
    copy = History(
        dict(history.revisions),
        history.number,
        list(history.states),
        list(history.labels),
        history.pointer,
        list(history.versions),
    )
    copy.take(line)
    return copy


def journal_changed(folder: Path) -> float:
    """When the journal of a draft was last written, seconds since 1970; 0 for none."""
    try:
        return (folder / _JOURNAL).stat().st_mtime
    except OSError:
        return 0.0
