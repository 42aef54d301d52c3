"""What the server's tests share: a desk in a fresh home, and a browser that is signed in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.server.asgi import Asker
from visionloom.server.app import create_app
from visionloom.server.desk import Desk, open_desk
from visionloom.workspace import Workspace

PORT = 8321
ADDRESS = f"http://127.0.0.1:{PORT}"


@pytest.fixture
def folders() -> list[Path]:
    """Folders whose photos may be used; a test overrides it."""
    return []


@pytest.fixture
def desk(home: Path, folders: list[Path]) -> Iterator[Desk]:
    """What the routes use, in a fresh home."""
    opened = open_desk(Workspace(), folders=folders, port=PORT)
    yield opened
    if "records" in vars(opened.workspace):
        opened.workspace.records.close()


def browser(desk: Desk, *, signed_in: bool = True) -> TestClient:
    """A browser with the designer's page open."""
    client = TestClient(
        create_app(desk),
        base_url=ADDRESS,
        headers={"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"},
        follow_redirects=False,
    )
    if signed_in:
        value, _ = desk.access.cookie(desk.access.begin())
        client.cookies.set(desk.access.cookie_name, value, domain="127.0.0.1")
    return client


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    """A browser that is signed in."""
    with browser(desk) as opened:
        yield opened


@pytest.fixture
def asker(desk: Desk) -> Asker:
    """Asks exactly what is written."""
    value, _ = desk.access.cookie(desk.access.begin())
    return Asker(create_app(desk), f"127.0.0.1:{PORT}", f"{desk.access.cookie_name}={value}")
