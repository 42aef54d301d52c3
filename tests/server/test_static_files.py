"""The built page's files: right types, packed, kept for good where their names tell versions."""

from __future__ import annotations

import gzip
import os
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.server.conftest import ADDRESS
from visionloom.server.app import create_app
from visionloom.server.desk import Desk
from visionloom.server.static_files import PAGES

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = "export const words = 'word word word';\n" * 200


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A built page."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Visionloom</title>")
    (folder / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "assets" / "index-AbCd1234.js").write_text(SCRIPT)
    (folder / "assets" / "index-AbCd1234.css").write_text("a{}")
    (folder / ".secret.js").write_text("secret")
    (folder / "assets" / "notes.exe").write_text("secret")
    (tmp_path / "secret.js").write_text("secret")
    return folder


@pytest.fixture
def visitor(desk: Desk, static: Path) -> TestClient:
    """A browser that is not signed in."""
    return TestClient(create_app(desk, static), base_url=ADDRESS, follow_redirects=False)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/drafts/x", "text/html"),
        ("/look/ModelDirectory/sha256.1", "text/html"),
        ("/favicon.svg", "image/svg+xml"),
        ("/assets/index-AbCd1234.js", "text/javascript"),
        ("/assets/index-AbCd1234.css", "text/css"),
    ],
)
def test_files_have_their_types(visitor: TestClient, path: str, kind: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert visitor.head(path).status_code == 200
    assert visitor.head(path).content == b""


def test_a_name_with_a_version_is_kept_for_good_and_others_are_asked_for(
    visitor: TestClient,
) -> None:
    kept = visitor.get("/assets/index-AbCd1234.js").headers["cache-control"]
    assert kept == "public, max-age=31536000, immutable"
    page = visitor.get("/")
    assert page.headers["cache-control"] == "no-cache"
    again = visitor.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert "content-security-policy" in again.headers


def test_files_are_packed_when_that_is_understood(visitor: TestClient) -> None:
    path = "/assets/index-AbCd1234.js"
    with visitor.stream("GET", path, headers={"Accept-Encoding": "br, gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(packed).decode() == SCRIPT
    assert len(packed) < len(SCRIPT) / 10
    for other in ("identity", "gzip;q=0", ""):
        answer = visitor.get(path, headers={"Accept-Encoding": other})
        assert "content-encoding" not in answer.headers
        assert answer.text == SCRIPT


def test_a_new_build_is_shown_without_a_new_start(visitor: TestClient, static: Path) -> None:
    before = visitor.get("/").text
    (static / "index.html").write_text("<!doctype html><title>Newer</title><p>longer")
    assert visitor.get("/").text != before


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.js",
        "/%2e%2e/secret.js",
        "/..%2fsecret.js",
        "/assets/%2e%2e/%2e%2e/secret.js",
        "/assets/..%5c..%5csecret.js",
        "/.secret.js",
        "/assets/notes.exe",
        "/assets/",
        "/assets",
        "//etc/passwd.txt",
        "/etc/passwd",
        "/index.html%00.js",
        "/link.js",
        "/index-AbCd1234.js",
    ],
)
def test_no_path_leads_out(visitor: TestClient, static: Path, path: str) -> None:
    """A26."""
    if os.name != "nt":
        (static / "link.js").symlink_to(static.parent / "secret.js")
    answer = visitor.get(path)
    assert answer.status_code in {401, 404}
    assert "secret" not in answer.text


def test_without_the_build_it_says_how_to_get_it(desk: Desk, tmp_path: Path) -> None:
    app = create_app(desk, tmp_path / "nothing")
    answer = TestClient(app, base_url=ADDRESS).get("/")
    assert answer.status_code == 503
    assert "make frontend" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


def test_the_server_knows_the_addresses_of_the_page() -> None:
    text = "".join(path.read_text() for path in (ROOT / "frontend/src/app").glob("*.tsx"))
    found = set(re.findall(r'path="/([a-z]*)', text))
    assert found, "no address of the page was found"
    assert found == PAGES
