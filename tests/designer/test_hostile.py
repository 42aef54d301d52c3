"""What strangers try through the browser: frames, scripts, and names that are markup."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.designer.tools import DesignerServer, Faults

OWNED = "window.owned = true"
NAMES = (
    f"<img src=x onerror={OWNED.replace(' ', '')}>",
    '=HYPERLINK("http:,,evil.test")',
    "a & b <b>bold",
    "x" * 200,
)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the name is the base's
        """Say nothing."""


@pytest.fixture
def elsewhere(tmp_path: Path, server: DesignerServer) -> Iterator[str]:
    """A page of another local port that frames the designer and asks it for things."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "index.html").write_text(
        f'<title>elsewhere</title><iframe id="f" src="{server.origin}/"></iframe>'
    )
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{other.server_port}/"
        other.shutdown()


def test_no_page_of_another_port_frames_or_asks_the_designer(
    page: Page, server: DesignerServer, elsewhere: str, faults: Faults
) -> None:
    """A25, A21: though the browser has the cookie."""
    faults.allow("frame-ancestors|CORS|ERR_FAILED|403|ERR_BLOCKED_BY_RESPONSE|favicon")
    stranger = page.context.new_page()
    stranger.goto(elsewhere)
    frame = stranger.frames[-1]
    stranger.wait_for_timeout(500)
    assert not frame.url.startswith(server.origin)
    ask = """async ([origin, method]) => {
      try {
        const answer = await fetch(origin + "/api/drafts", {method, credentials: "include",
          mode: method === "GET" ? "cors" : "no-cors", body: method === "GET" ? undefined : "{}"});
        return answer.type === "opaque" ? "opaque" : await answer.text();
      } catch (error) { return "refused"; }
    }"""
    assert stranger.evaluate(ask, [server.origin, "GET"]) == "refused"
    assert stranger.evaluate(ask, [server.origin, "POST"]) in ("refused", "opaque")
    drafts = page.evaluate("() => fetch('/api/drafts').then(a => a.json())")
    assert drafts == []
    stranger.close()


def test_a_script_that_gets_into_a_page_does_not_run(page: Page, faults: Faults) -> None:
    """A25."""
    faults.allow("Content Security Policy|/x\\)$")
    page.evaluate(
        """owned => {
          const script = document.createElement("script");
          script.textContent = owned;
          document.body.append(script);
          document.body.insertAdjacentHTML("beforeend", `<img src=x onerror="${owned}">`);
          const far = document.createElement("img");
          far.src = "http://evil.test/x.png";
          document.body.append(far);
        }""",
        OWNED,
    )
    page.wait_for_timeout(300)
    assert page.evaluate("window.owned") is None
    refused = [text for text in faults.seen if "Content Security Policy" in text]
    assert any("script-src" in text for text in refused)
    assert any("img-src" in text for text in refused)


def test_names_of_classes_are_shown_and_never_obeyed(
    page: Page, tiny_photos: Callable[..., Path]
) -> None:
    """A12."""
    folder = tiny_photos(classes=len(NAMES), each=2)
    for label, name in enumerate(NAMES):
        (folder / str(label)).rename(folder / name)
    page.get_by_label("Folder of photos").set_input_files(folder)
    card = page.get_by_role("region", name="Your photos")
    expect(card.get_by_text("8 files brought in")).to_be_visible()
    labels = [str(item.get_attribute("aria-label")) for item in card.get_by_role("listitem").all()]
    assert sorted(label.rsplit(": ", 1)[0] for label in labels) == sorted(NAMES)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Choose other photos").click()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Machine").click()
    expect(page.get_by_role("region", name="Targets")).to_be_visible()
    assert page.evaluate("window.owned") is None
