"""Who is let in: a token for the command line, a one-time code that becomes a cookie.

The token is 256 random bits in a file that only its owner may read. The cookie is signed with it,
so that it outlives the server, and ends with it: whoever removes the file signs everybody out.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import stat
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from visionloom.artifacts.atomic import (
    explained,
    remove_abandoned,
    sync_folder,
    temporary_beside,
)
from visionloom.limits import ServerLimits

if TYPE_CHECKING:
    from itsdangerous import URLSafeSerializer

TOKEN_NAME = "token"  # noqa: S105 - the name of the file
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_RENEW_AFTER = 600.0
_PENDING_CODES = 16
_LOOKED_AT = 4
Stamp = tuple[int, int, int] | None


@dataclass(frozen=True)
class Session:
    """Somebody who was let in.

    Attributes:
        id: The same for all requests of one browser; ``token`` for the command line.
        begun, renewed: Seconds since 1970.
    """

    id: str
    begun: float
    renewed: float


class Access:
    """Keeps the token, the codes that were given out, and tells cookies that are ours.

    May be used from several threads.

    Args:
        folder: Where the token is; made when it is first needed.
        port: Where the server listens: cookies do not tell ports apart, their names do.
        limits: How long codes and cookies hold.
        wall: Seconds since 1970.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        limits: ServerLimits = ServerLimits(),  # noqa: B008 - frozen
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._limits = limits
        self._wall = wall
        self._lock = threading.Lock()
        self._token_lock = threading.Lock()
        self._known: tuple[Stamp, str, URLSafeSerializer] | None = None
        self._codes: dict[str, tuple[float, str]] = {}
        self._wrong: list[float] = []
        self.cookie_name = f"visionloom-{port}"

    @property
    def token(self) -> str:
        """The token, made when there is none."""
        return self._current()[0]

    def prepare(self) -> None:
        """Have the token on disk, for programs that are to read it."""
        if not self.token:
            raise AssertionError("a token is never empty")

    def is_token(self, word: str) -> bool:
        """Whether this is the token; takes as long for a wrong one."""
        return hmac.compare_digest(word.encode(), self.token.encode())

    # one-time codes

    def new_code(self, address: str = "/") -> str:
        """A code for one use, soon.

        Args:
            address: Page that is shown to whoever uses it.
        """
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._codes[code] = (self._wall() + self._limits.code_seconds, address)
            while len(self._codes) > _PENDING_CODES:
                del self._codes[next(iter(self._codes))]
        return code

    def redeem(self, code: str) -> str | None:
        """The page a code leads to, or None for one that is wrong, used or old."""
        now = self._wall()
        with self._lock:
            self._codes = {c: kept for c, kept in self._codes.items() if kept[0] >= now}
            found = [c for c in self._codes if hmac.compare_digest(c.encode(), code.encode())]
            if found:
                return self._codes.pop(found[0])[1]
            self._wrong = [*(at for at in self._wrong[-1_000:] if at > now - 60), now]
            return None

    def is_guessing(self) -> bool:
        """Whether more wrong codes came within a minute than anybody mistypes.

        Right codes are taken even then, so that nobody can lock the user out; 256 bits are not
        guessed.
        """
        with self._lock:
            return len(self._wrong) > self._limits.wrong_codes_per_minute

    # cookies

    def begin(self) -> Session:
        """A new session."""
        now = self._wall()
        return Session(secrets.token_urlsafe(16), now, now)

    def cookie(self, session: Session) -> tuple[str, int]:
        """What a session's cookie holds from now on, and for how many seconds."""
        now = self._wall()
        rest = session.begun + self._limits.session_seconds - now
        value = self._current()[1].dumps([session.id, round(session.begun), round(now)])
        return str(value), max(0, int(min(self._limits.idle_session_seconds, rest)))

    def session(self, values: list[str]) -> Session | None:
        """The session of a cookie, given all values that came under its name."""
        from itsdangerous import BadData

        now = self._wall()
        for value in values[:_LOOKED_AT]:
            try:
                name, begun, renewed = self._current()[1].loads(value)
            except BadData:
                continue
            idle = now - renewed
            if idle <= self._limits.idle_session_seconds and (
                now - begun <= self._limits.session_seconds
            ):
                return Session(str(name), float(begun), float(renewed))
        return None

    def is_due(self, session: Session) -> bool:
        """Whether it is time to renew a session's cookie."""
        return self._wall() - session.renewed > _RENEW_AFTER

    def _current(self) -> tuple[str, URLSafeSerializer]:
        """The token, and what signs cookies with it; both as long as its file is the same."""
        with self._token_lock:
            known = self._known
            if known is None or known[0] != _stamp(self._folder / TOKEN_NAME):
                private_folder(self._folder)
                stamp = _stamp(self._folder / TOKEN_NAME)
                token = read_token(self._folder) or _new_token(self._folder)
                known = self._known = (stamp, token, self._signer_of(token))
        return known[1], known[2]

    def _signer_of(self, token: str) -> URLSafeSerializer:
        import hashlib

        from itsdangerous import URLSafeSerializer

        return URLSafeSerializer(
            token, salt=self.cookie_name, signer_kwargs={"digest_method": hashlib.sha256}
        )


def _stamp(file: Path) -> Stamp:
    """Tells a file from another one, and from what it was before."""
    try:
        facts = file.lstat()
    except OSError:
        return None
    return facts.st_ino, facts.st_ctime_ns, facts.st_mode


def private_folder(folder: Path) -> None:
    """Make a folder that only its owner may enter, whatever the umask; an existing one is closed.

    Raises:
        FailedToWriteOutputsError: It cannot be made.
    """
    with explained(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if os.name != "nt" and stat.S_IMODE(folder.stat().st_mode) != 0o700:
            os.chmod(folder, 0o700)


def write_private(path: Path, data: bytes, *, replace: bool = True) -> bool:
    """Write a file that only its owner may read: complete, or not at all.

    Args:
        path: The file.
        data: What it holds.
        replace: Whether an existing file is replaced.

    Returns:
        False when there was one that must not be replaced.

    Raises:
        FailedToWriteOutputsError: It cannot be written.
    """
    temporary = temporary_beside(path)
    with explained(path):
        remove_abandoned(path)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            descriptor = os.open(temporary, flags, 0o600)
            with open(descriptor, "wb") as stream:
                if os.name != "nt":
                    os.fchmod(descriptor, 0o600)
                stream.write(data)
                stream.flush()
                os.fsync(descriptor)
            if replace:
                os.replace(temporary, path)
            else:
                os.link(temporary, path)
            sync_folder(path.parent)
        except FileExistsError:
            return False
        finally:
            temporary.unlink(missing_ok=True)
    return True


def read_token(folder: Path) -> str:
    """The token in a folder; empty when there is none, or none that was kept secret."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(folder / TOKEN_NAME, flags)
    except OSError:
        return ""
    with open(descriptor, "rb") as stream:
        facts = os.fstat(descriptor)
        text = stream.read(64).decode("ascii", "replace").strip()
    kept = os.name == "nt" or (facts.st_uid == os.geteuid() and not facts.st_mode & 0o077)
    return text if kept and _TOKEN.fullmatch(text) else ""


def _new_token(folder: Path) -> str:
    path = folder / TOKEN_NAME
    token = secrets.token_urlsafe(32)
    # what is there is no token that was kept secret; a name for one, at most
    if path.is_symlink() or path.exists():
        path.unlink()
    # of two servers that begin at the same moment one writes, both read
    write_private(path, token.encode() + b"\n", replace=False)
    return read_token(folder) or token
