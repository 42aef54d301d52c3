"""The designer's server: listens on this machine alone, in one process, until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from visionloom.errors import UsageError
from visionloom.server import instance
from visionloom.server.access import private_folder, write_private
from visionloom.server.listening import (
    PORT,
    allow_many_connections,
    listen,
    say_how_to_reach,
)

if TYPE_CHECKING:
    import uvicorn

    from visionloom.server.app import Designer
    from visionloom.server.desk import Desk
    from visionloom.workspace import Workspace

_GRACE_SECONDS = 2
_LINK_SECONDS = 60.0
_LOOK_AFTER_RUNS = 20.0
_log = logging.getLogger(__name__)

Say = Callable[[str], None]


def run_designer(
    workspace: Workspace,
    *,
    port: int | None,
    folders: Sequence[Path],
    file: Path | None,
    with_browser: bool,
    say: Say,
) -> None:
    """Serve until Ctrl-C or SIGTERM, or hand out a link of the designer that runs already.

    Args:
        workspace: Whose drafts and runs are shown.
        port: Where to listen; 0 for any, None for the usual one or the next that is free.
        folders: Folders of this machine whose photos may be used.
        file: A pipeline file to open; None for the first page.
        with_browser: Whether to show the page.
        say: Told what the user should read.

    Raises:
        UsageError: The port is taken, a folder or file is not there.
        MachineError: A running designer does not answer.
    """
    chosen = tuple(_folder(path) for path in folders)
    named = None if file is None else file.expanduser().absolute()
    place = workspace.settings.home / "server"
    if not workspace.settings.home.exists():
        private_folder(workspace.settings.home)
    with instance.only_one(place) as alone:
        if alone:
            _serve(workspace, place, port, chosen, named, with_browser, say)
        else:
            _join(place, chosen, named, with_browser, say)


def _serve(
    workspace: Workspace,
    place: Path,
    port: int | None,
    folders: tuple[Path, ...],
    file: Path | None,
    with_browser: bool,
    say: Say,
) -> None:
    sockets = listen(port)
    number = sockets[0].getsockname()[1]
    _keep_private(workspace.settings.home, say)
    allow_many_connections()
    # what takes its time to load is loaded when the port is known to be ours
    from visionloom.server.app import create_app
    from visionloom.server.desk import open_desk
    from visionloom.server.routes.session import address_of

    used = folders or (Path.cwd(),)
    desk = open_desk(workspace, folders=used, port=number)
    app = create_app(desk)
    link = f"http://127.0.0.1:{number}{address_of(desk, '' if file is None else str(file))}"
    if port is None and number != PORT:
        say(f"Port {PORT} is taken; this is {number}.")

    def ready() -> None:
        # a second start asks with it
        desk.access.prepare()
        instance.announce(place, number, used)
        say(f"The designer is ready: {link}")
        say_how_to_reach(number, say)
        if with_browser:
            show(place, link)
        threading.Thread(target=_look_after, args=(desk,), daemon=True).start()

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    asyncio.run(server_of(app, desk, ready).serve(sockets))


def server_of(app: Designer, desk: Desk, ready: Callable[[], None]) -> uvicorn.Server:
    """The server of an application; its ``serve`` takes the sockets.

    Args:
        app: What answers.
        desk: Its desk.
        ready: Called when it listens.
    """
    import uvicorn

    from visionloom.server.patience import patient_protocol

    config = uvicorn.Config(
        app,
        http=patient_protocol(desk.limits),
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=int(desk.limits.idle_seconds),
        timeout_graceful_shutdown=_GRACE_SECONDS,
        backlog=1_024,
    )
    # what a stranger sends may not fill the terminal
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)

    class Server(uvicorn.Server):
        """Tells when it is ready, and ends streams first when it is to end."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            desk.events.end_streams()
            await super().shutdown(sockets)

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Ctrl-C and SIGTERM end the server well: it is a good end, not an interruption."""
            names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
            numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
            if threading.current_thread() is not threading.main_thread():
                numbers = []
            before = {n: signal.signal(n, self.handle_exit) for n in numbers}
            try:
                yield
            finally:
                for n, handler in before.items():
                    signal.signal(n, handler)

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            """End; at once when asked twice."""
            del sig, frame
            self.force_exit = self.should_exit
            self.should_exit = True

    return Server(config)


def _join(
    place: Path, folders: tuple[Path, ...], file: Path | None, with_browser: bool, say: Say
) -> None:
    running = instance.find_running(place)
    missing = [path for path in folders if str(path) not in running.folders]
    if missing:
        raise UsageError(
            f"A designer of this home folder runs already, without {missing[0]}.",
            f"End it first (process {running.process.pid}), then name all folders.",
        )
    link = instance.ask_for_link(place, running, "" if file is None else str(file))
    say(f"A designer is running already: {link}")
    say_how_to_reach(running.port, say)
    if with_browser and (left := show(place, link)) is not None:
        # whoever reads it is given the time
        time.sleep(2)
        left.unlink(missing_ok=True)


def show(place: Path, link: str) -> Path | None:
    """Show the page in the user's browser.

    A code in the list of processes could be used by anybody on this machine; so the browser is
    given a file that only the user may read, which leads there.

    Returns:
        That file; None where there is no screen.
    """
    screen = os.name == "nt" or sys.platform == "darwin"
    if not screen and not any(os.environ.get(n) for n in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")):
        return None
    page = place / "open.html"
    text = f'<!doctype html><meta http-equiv="refresh" content="0; url={link}"><title>...</title>'
    write_private(page, text.encode())

    def open_it() -> None:
        import webbrowser

        with contextlib.suppress(Exception):
            webbrowser.open(page.as_uri())

    threading.Thread(target=open_it, daemon=True).start()
    timer = threading.Timer(_LINK_SECONDS, page.unlink, kwargs={"missing_ok": True})
    timer.daemon = True
    timer.start()
    return page


def _look_after(desk: Desk) -> None:
    """Runs whose supervisor died and uploads whose page is gone, looked for again and again.

    None is to stay "running", or to take room for ever. What a killed server left is removed first.
    """
    from visionloom.errors import VisionloomError
    from visionloom.runs.follow import reconcile
    from visionloom.spec.context import Event, Log

    def tell(event: Event) -> None:
        if isinstance(event, Log):
            _log.warning("%s", event.text)

    def attempt(act: Callable[[], None]) -> None:
        try:
            act()
        except VisionloomError as error:
            _log.warning("%s", error)
        except Exception:  # noqa: BLE001 - the next look may succeed, and must be taken
            _log.exception("Runs and uploads could not be looked after.")

    attempt(desk.sweep)
    while True:
        attempt(lambda: reconcile(desk.workspace, tell))
        attempt(desk.datasets.uploads.sweep)
        time.sleep(_LOOK_AFTER_RUNS)


def _keep_private(home: Path, say: Say) -> None:
    """Photos, drafts and records are their owner's alone."""
    if os.name == "nt":
        return
    facts = home.stat()
    if facts.st_mode & 0o077 and facts.st_uid == os.geteuid():
        os.chmod(home, 0o700)
        say(f"{home} is now closed to other users of this machine.")


def _folder(path: Path) -> Path:
    folder = path.expanduser().absolute()
    if not folder.is_dir():
        raise UsageError(f"{path} is no folder.", "Name a folder with photos: --folder DIR")
    return folder
