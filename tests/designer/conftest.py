"""A real server on a home of its own, a real browser, small real photos.

The helpers `axe`, `shot` and `DesignerServer` are in `tools.py`; those that draw are in
`drafting.py`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.designer.tools import CHROMIUM_FLAGS, STATIC, DesignerServer, Faults

WIDTH, HEIGHT = 1280, 720


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium of this machine; one per test process, ended before other rooms are tested."""
    if not STATIC.is_file():
        pytest.skip("the designer's pages are not built; `make frontend` builds them")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        pytest.skip("no Chromium on this machine; on Debian: apt-get install chromium")
    # a machine that is busy with other tests is slow, not wrong
    expect.set_options(timeout=25_000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def make_server(home: Path, tmp_path: Path) -> Iterator[Callable[..., DesignerServer]]:
    """Starts designers: ``make_server("--folder", ...)``; all end with the test."""
    if not STATIC.is_file():
        pytest.skip("the designer's pages are not built; `make frontend` builds them")
    made: list[DesignerServer] = []

    def make(*arguments: str, folder: Path | None = None) -> DesignerServer:
        server = DesignerServer(home, folder or tmp_path, arguments)
        made.append(server)
        server.start()
        return server

    yield make
    for server in made:
        server.stop()
        server.end_runs()


@pytest.fixture
def server(make_server: Callable[..., DesignerServer]) -> DesignerServer:
    """``visionloom designer --no-browser --port 0`` on a fresh home."""
    return make_server()


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesignerServer]:
    """One designer for all tests of a process that keep to drafts of their own."""
    if not STATIC.is_file():
        pytest.skip("the designer's pages are not built; `make frontend` builds them")
    folder = tmp_path_factory.mktemp("designer")
    server = DesignerServer(folder / "home", folder)
    server.start()
    yield server
    server.stop()
    server.end_runs()


@pytest.fixture
def faults() -> Faults:
    """What goes wrong in the pages; a test that provokes something allows it here."""
    return Faults()


@pytest.fixture
def page(browser: Browser, server: DesignerServer, faults: Faults) -> Iterator[Page]:
    """A page that is signed in and shows the home page; errors in it fail the test."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        locale="en-GB",
        accept_downloads=True,
        storage_state={"cookies": server.cookies, "origins": []},
    )
    context.set_default_timeout(25_000)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.origin)
    faults.watch(context)
    page = context.new_page()
    page.goto(server.origin if server.cookies else server.link)
    page.wait_for_selector("main h1")
    # a link lets in once; who comes later to the same server has its cookie
    server.cookies = context.cookies()
    yield page
    context.close()
    assert not faults.unexpected(), "\n".join(faults.unexpected())


@pytest.fixture(scope="session")
def _digits() -> dict[int, list[Image.Image]]:
    from sklearn.datasets import load_digits

    digits = load_digits()
    found: dict[int, list[Image.Image]] = {}
    for pixels, label in zip(digits.images, digits.target, strict=True):
        eight = np.clip(pixels * (255 / 16), 0, 255).round().astype(np.uint8)
        image = Image.fromarray(eight).resize((32, 32), Image.Resampling.BICUBIC)
        found.setdefault(int(label), []).append(image)
    return found


@pytest.fixture
def tiny_photos(tmp_path: Path, _digits: dict[int, list[Image.Image]]) -> Callable[..., Path]:
    """Makes a folder of real handwritten digits, ``<folder>/<class>/<number>.png``."""

    def make(name: str = "digits", classes: int = 3, each: int = 12) -> Path:
        folder = tmp_path / name
        for label in range(classes):
            (folder / str(label)).mkdir(parents=True)
            for number, image in enumerate(_digits[label][:each]):
                image.save(folder / str(label) / f"digit_{number:02d}.png")
        return folder

    return make
