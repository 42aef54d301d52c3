"""Tools of the browser tests: the server as a process, faults of access, pictures for the docs."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, WebError

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "src/visionloom/server/static/index.html"
PICTURES = ROOT / "docs/designer"
LINK = re.compile(r"https?://(?:127\.0\.0\.1|localhost):(\d+)/\S*")
COMMAND = (sys.executable, "-m", "visionloom.cli.main", "designer", "--no-browser")
START_LIMIT = 60.0
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

# where the tests happen to run is nobody's business
_WITHOUT_PLACES = r"""() => {
  const plain = text => text.replaceAll(
    /\/[\w/-]*pytest-of-\w+\/[\w-]+\/(popen-\w+\/)?[\w-]+/g, "/home/me");
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const {nodeValue} = walk.currentNode;
    if (nodeValue.includes("pytest-of-")) walk.currentNode.nodeValue = plain(nodeValue);
  }
  for (const field of document.querySelectorAll("input"))
    if (field.value.includes("pytest-of-")) field.value = plain(field.value);
}"""

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass
class DesignerServer:
    """A running ``visionloom designer``, as a user starts it.

    Attributes:
        home: Home folder of Visionloom.
        folder: Working directory.
        arguments: Options and the file after the command.
        cookies: Of a browser that was let in.
    """

    home: Path
    folder: Path
    arguments: Sequence[str] = ()
    port: int = 0
    link: str = ""
    process: subprocess.Popen[str] | None = None
    output: list[str] = field(default_factory=list)
    cookies: list[Any] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, on the port it had before if it had one, and wait for its link."""
        self.output.clear()
        self.link = ""
        self.process = subprocess.Popen(
            [*COMMAND, "--port", str(self.port), *self.arguments],
            cwd=self.folder,
            env={**os.environ, "VISIONLOOM_HOME": str(self.home), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        end = time.monotonic() + START_LIMIT
        while not self.link:
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop(kill=True)
                raise AssertionError("the designer did not start:\n" + "".join(self.output))
            time.sleep(0.02)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.output.append(line)
            found = LINK.search(line)
            if found and not self.link and process is self.process:
                self.port = int(found[1])
                self.link = found[0].rstrip(".,)")

    def stop(self, *, kill: bool = False) -> None:
        """End the server alone; runs go on."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)

    def restart(self, *, kill: bool = False) -> None:
        """End it and start it again on the same port."""
        self.stop(kill=kill)
        self.start()

    def end_runs(self) -> None:
        """End every process that works for this home folder."""
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("VISIONLOOM_HOME") == str(self.home)
                if ours and process.pid != os.getpid():
                    process.kill()
            except (psutil.Error, OSError):
                continue


class Faults:
    """What went wrong in the pages of a test: errors in the console, uncaught exceptions."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._allowed: list[str] = []

    def allow(self, pattern: str) -> None:
        """Expect messages that match: a server that is ended, an edit that is refused."""
        self._allowed.append(pattern)

    def watch(self, context: BrowserContext) -> None:
        """Listen to all pages of a context."""
        context.on("console", self._console)
        context.on("weberror", self._error)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            self.seen.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _error(self, error: WebError) -> None:
        self.seen.append(f"uncaught: {error.error}")

    def unexpected(self) -> list[str]:
        """What no `allow` covers."""
        return [
            text for text in self.seen if not any(re.search(item, text) for item in self._allowed)
        ]


def axe(page: Page) -> None:
    """Fail on serious and critical faults of access, in light and in dark."""
    found = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        answer = Axe().run(page).response
        for fault in answer["violations"]:
            if fault["impact"] not in ("serious", "critical"):
                continue
            found += [
                f"{scheme}: {fault['id']}: {node['html'][:160]}\n    {node['failureSummary']}"
                for node in fault["nodes"]
            ]
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    assert not found, "\n".join(found)


def shot(page: Page, name: str) -> None:
    """Keep pictures of the page for the docs, if VISIONLOOM_SCREENSHOTS is set."""
    if not os.environ.get("VISIONLOOM_SCREENSHOTS"):
        return
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.evaluate(_WITHOUT_PLACES)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.wait_for_timeout(150)
        taken = page.screenshot(animations="disabled", caret="hide")
        # 256 colours are a third of the bytes, and look the same
        small = Image.open(io.BytesIO(taken)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
        small.save(PICTURES / f"{name}-{scheme}.png", optimize=True)
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
