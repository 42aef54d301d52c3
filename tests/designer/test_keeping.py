"""Edits that wait are kept: while the server is slow or away, and when the draft is left."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.designer.drafting import add_by_keyboard, canvas, new_draft, saved, step, text_of
from tests.designer.tools import DesignerServer, Faults

EDITS = "**/api/drafts/*/edits"


@pytest.fixture
def server(shared_server: DesignerServer) -> DesignerServer:
    """Drafts keep out of each other's way: one server does for all."""
    return shared_server


def yaml_of(page: Page) -> str:
    """What stands in the editor."""
    lines = page.get_by_role("textbox", name="Pipeline as YAML").locator(".cm-line")
    return "\n".join(lines.all_inner_texts())


def test_text_that_waits_for_the_server_is_never_taken_back(page: Page, faults: Faults) -> None:
    faults.allow("ERR_FAILED")
    draft = new_draft(page)
    page.keyboard.press("y")
    expect(page.get_by_role("textbox", name="Pipeline as YAML")).to_be_focused()
    page.keyboard.press("Control+Home")
    page.route(EDITS, lambda route: route.abort())
    page.keyboard.type("# one\n")
    expect(page.get_by_text(re.compile("Not saved"))).to_be_visible()
    # whatever draws the page anew
    page.get_by_role("button", name=re.compile("problem")).last.click()
    assert yaml_of(page).startswith("# one\n")
    page.get_by_role("textbox", name="Pipeline as YAML").focus()
    page.keyboard.type("# two\n")
    page.wait_for_timeout(400)
    page.unroute(EDITS)
    page.get_by_role("button", name="Try again").first.click()
    saved(page)
    assert text_of(page, draft).startswith("# one\n# two\n")


def test_text_typed_while_the_server_is_slow_stays(page: Page) -> None:
    draft = new_draft(page)
    page.keyboard.press("y")
    expect(page.get_by_role("textbox", name="Pipeline as YAML")).to_be_focused()
    page.keyboard.press("Control+Home")

    held: list[Route] = []
    slow = True

    def hold(route: Route) -> None:
        if slow:
            held.append(route)
        else:
            route.continue_()

    page.route(EDITS, hold)
    page.keyboard.type("# c")
    page.wait_for_timeout(500)
    page.keyboard.type("d")
    page.wait_for_timeout(500)
    assert len(held) == 1
    with page.expect_response(EDITS):
        held[0].continue_()
    page.wait_for_timeout(200)
    page.keyboard.type("e\n")
    page.wait_for_timeout(400)
    assert yaml_of(page).startswith("# cde\n")
    slow = False
    held[1].continue_()
    saved(page)
    assert text_of(page, draft).startswith("# cde\n")


def test_edits_are_saved_though_the_draft_is_left(page: Page, faults: Faults) -> None:
    faults.allow("ERR_FAILED")
    draft = new_draft(page)
    canvas(page).focus()
    page.route(EDITS, lambda route: route.abort())
    add_by_keyboard(page, "DenseNet")
    expect(page.get_by_text(re.compile("Not saved"))).to_be_visible()
    add_by_keyboard(page, "ResNet")
    page.get_by_role("link", name="Runs").click()
    messages = page.get_by_role("log")
    expect(messages.get_by_text(re.compile("not saved yet"))).to_be_visible()
    page.unroute(EDITS)
    expect(messages.get_by_text(re.compile("are saved now"))).to_be_visible()
    text = text_of(page, draft)
    assert "densenet" in text
    assert "resnet" in text


def test_a_conflict_that_is_left_with_the_browsers_keys_is_asked_about_again(
    page: Page, server: DesignerServer, faults: Faults
) -> None:
    faults.allow("409|ERR_FAILED")
    # the edit is what meets the change, not the look at the file when one comes back
    page.route("**/standing", lambda route: route.abort())
    draft = new_draft(page)
    address = page.url
    page.get_by_role("link", name="Runs").click()
    page.wait_for_url("**/runs")
    page.go_back()
    file = server.home / "drafts" / draft / "pipeline.yml"
    file.write_text(file.read_text() + "# by hand\n")
    canvas(page).focus()
    add_by_keyboard(page, "DenseNet")
    dialog = page.get_by_role("dialog", name="The file was changed on disk")
    expect(dialog).to_be_visible()
    page.go_forward()
    expect(dialog).to_have_count(0)
    page.go_back()
    page.wait_for_url(address)
    expect(step(page, "model")).to_be_visible()
    dialog.get_by_role("button", name="Overwrite the file").click()
    saved(page)
    assert "densenet" in file.read_text()


def by_hand(server: DesignerServer, draft: str) -> None:
    """Another program writes to the file of a draft."""
    file = server.home / "drafts" / draft / "pipeline.yml"
    file.write_text(file.read_text() + "# by hand\n")


def test_a_file_changed_on_disk_is_seen_when_one_comes_back_to_the_page(
    page: Page, server: DesignerServer, faults: Faults
) -> None:
    faults.allow("409")
    draft = new_draft(page)
    by_hand(server, draft)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    dialog = page.get_by_role("dialog", name="The file was changed on disk")
    expect(dialog).to_be_visible()
    # there is one thing to do, and no way round it
    expect(dialog.get_by_role("button")).to_have_count(1)
    for _ in range(3):
        page.keyboard.press("Escape")
    page.mouse.click(5, 5)
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Load the file from disk").click()
    expect(dialog).to_have_count(0)
    saved(page)
    assert text_of(page, draft).endswith("# by hand\n")
    page.get_by_role("button", name=re.compile("^Undo:")).click()
    saved(page)
    assert "# by hand" not in text_of(page, draft)


def test_a_run_of_a_file_changed_on_disk_leads_to_the_choice(
    page: Page, server: DesignerServer, faults: Faults
) -> None:
    faults.allow("409")
    draft = new_draft(page)
    canvas(page).focus()
    add_by_keyboard(page, "Init Image Transformation")
    planned = page.get_by_role("button", name=re.compile("1 to run|Nothing to run"))
    expect(planned).to_be_visible()
    runs = "fetch('/api/runs').then(a => a.json()).then(a => a.runs.length)"
    before = page.evaluate(runs)
    by_hand(server, draft)
    page.keyboard.press("Control+Enter")
    dialog = page.get_by_role("dialog", name="The file was changed on disk")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Load the file from disk").click()
    expect(planned).to_be_visible()
    assert page.evaluate(runs) == before
