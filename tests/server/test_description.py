"""The description of all routes: it is as committed, and what fits it is never met by a bug."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from starlette.testclient import TestClient

from tests.server.conftest import browser
from visionloom.server.app import create_app
from visionloom.server.desk import open_desk
from visionloom.server.openapi import description
from visionloom.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]


def test_the_description_and_the_pages_types_are_of_these_routes() -> None:
    assert (ROOT / "frontend/openapi.json").read_text(encoding="utf-8") == description()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One signed-in browser for all examples, offline."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VISIONLOOM_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("VISIONLOOM_OFFLINE", "1")
        desk = open_desk(Workspace(), port=8321)
    with browser(desk) as client:
        yield client
    if "records" in vars(desk.workspace):
        desk.workspace.records.close()


schema = schemathesis.openapi.from_dict(create_app(open_desk(Workspace())).openapi())


@schema.exclude(path_regex="/api/events").parametrize()
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_whatever_fits_the_description_is_answered(case: Any, shared: TestClient) -> None:
    arguments = case.as_transport_kwargs(base_url=str(shared.base_url))
    for name in ("timeout", "cookies"):
        arguments.pop(name, None)
    if "data" in arguments:
        arguments["content"] = arguments.pop("data")
    headers = dict(arguments.pop("headers", None) or {})
    if "octet-stream" in str(case.media_type):
        headers["Content-Type"] = "application/octet-stream"
    try:
        answer = shared.request(**arguments, headers=headers)
    except (UnicodeError, ValueError):
        return  # no browser can send it
    assert answer.status_code < 500, f"{case.method} {arguments['url']}: {answer.text[:500]}"
    if answer.status_code >= 400:
        assert answer.json()["message"]
