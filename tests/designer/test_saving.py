"""What is edited is kept: across reloads, restarts, other tabs, the disk, and undone again."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.designer.drafting import TITLES, add_by_keyboard, canvas, new_draft, saved, step, text_of
from tests.designer.tools import DesignerServer, Faults, axe, shot


@pytest.fixture
def server(shared_server: DesignerServer) -> DesignerServer:
    """Drafts keep out of each other's way: one server does for all."""
    return shared_server


def test_a_version_is_named_looked_at_and_gone_back_to(page: Page) -> None:
    draft = new_draft(page)
    canvas(page).focus()
    add_by_keyboard(page, "DenseNet")
    saved(page)
    kept = text_of(page, draft)
    page.keyboard.press("Control+s")
    page.get_by_role("textbox", name="Name").fill("before the second model")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    canvas(page).focus()
    add_by_keyboard(page, "ResNet")
    saved(page)
    page.get_by_role("button", name="Versions").click()
    page.get_by_role("menuitem", name=re.compile("before the second model")).click()
    dialog = page.get_by_role("dialog", name="before the second model")
    expect(dialog.locator("[data-change=removed]").filter(has_text="resnet")).to_be_visible()
    axe(page)
    shot(page, "draft-version")
    dialog.get_by_role("button", name=re.compile("before the second model")).click()
    expect(step(page, "model_2")).to_have_count(0)
    saved(page)
    assert text_of(page, draft) == kept
    page.get_by_role("button", name=re.compile("^Undo:")).click()
    expect(step(page, "model_2")).to_be_attached()


def test_undo_and_redo_work_across_a_reload(page: Page) -> None:
    draft = new_draft(page)
    canvas(page).focus()
    before = text_of(page, draft)
    for title in ("DenseNet", "ResNet"):
        add_by_keyboard(page, title)
        saved(page)
    after = text_of(page, draft)
    page.reload()
    for _ in range(2):
        page.get_by_role("button", name=re.compile("^Undo:")).click()
        saved(page)
    assert text_of(page, draft) == before
    page.reload()
    for _ in range(2):
        page.get_by_role("button", name=re.compile("^Redo:")).click()
        saved(page)
    assert text_of(page, draft) == after


def edited_elsewhere(page: Page, file: Path, faults: Faults, where: str) -> None:
    """Another tab, or the disk, gets an edit that this page does not hear of."""
    faults.allow("409")
    if where == "disk":
        file.write_text(file.read_text() + "# by hand\n")
        return
    page.route("**/api/events*", lambda route: route.abort())
    faults.allow("ERR_FAILED")
    page.reload()
    other = page.context.new_page()
    other.goto(page.url)
    canvas(other).focus()
    add_by_keyboard(other, "ResNet")
    saved(other)
    other.close()


@pytest.mark.parametrize(
    ("where", "choice"),
    [
        ("tab", "Keep mine as a copy"),
        ("tab", "Take theirs"),
        ("tab", "Put mine on top of theirs"),
        ("disk", "Keep mine as a copy"),
        ("disk", "Load the file from disk"),
        ("disk", "Overwrite the file"),
    ],
)
def test_whoever_edits_second_is_told_and_chooses(
    page: Page, server: DesignerServer, faults: Faults, where: str, choice: str
) -> None:
    draft = new_draft(page)
    canvas(page).focus()
    add_by_keyboard(page, "DenseNet")
    saved(page)
    # a plan that is made later would find out first
    expect(page.get_by_role("button", name="1 to run")).to_be_visible()
    file = server.home / "drafts" / draft / "pipeline.yml"
    edited_elsewhere(page, file, faults, where)
    theirs = "# by hand" if where == "disk" else "resnet"
    canvas(page).focus()
    add_by_keyboard(page, "Init Image Transformation")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert "init_image_transformation" not in file.read_text()
    if choice.endswith("copy"):
        axe(page)
        shot(page, f"conflict-{where}")
    dialog.get_by_role("button", name=choice).click()
    expect(dialog).to_have_count(0)
    if choice == "Keep mine as a copy":
        page.wait_for_url(lambda address: "/drafts/" in address and draft not in address)
        expect(step(page, "transformation")).to_be_attached()
    saved(page)
    text = file.read_text()
    assert (theirs in text) == (choice != "Overwrite the file")
    mine_is_there = choice in ("Put mine on top of theirs", "Overwrite the file")
    assert ("init_image_transformation" in text) == mine_is_there


def test_a_page_reloaded_at_any_moment_loses_nothing(page: Page) -> None:
    draft = new_draft(page)
    titles = list(TITLES.values())
    for moment in range(10):
        canvas(page).focus()
        before = page.locator(".react-flow__node-step").count()
        add_by_keyboard(page, titles[moment % len(titles)])
        page.wait_for_timeout(7 * moment)
        page.reload()
        expect(canvas(page)).to_be_visible()
        expect(page.locator(".react-flow__node-step")).to_have_count(before + 1)
    assert text_of(page, draft).count("component:") == 10


def test_who_leaves_while_an_edit_cannot_be_saved_is_asked(
    browser: Browser, make_server: Callable[..., DesignerServer]
) -> None:
    server = make_server()
    page = browser.new_page()
    page.goto(server.link)
    page.wait_for_selector("main h1")
    new_draft(page)
    canvas(page).focus()
    add_by_keyboard(page, "DenseNet")
    saved(page)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    server.stop(kill=True)
    add_by_keyboard(page, "ResNet")
    expect(page.get_by_text(re.compile("Not saved"))).to_be_visible()
    page.evaluate("() => setTimeout(() => location.assign('/runs'))")
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    server.start()
    page.get_by_role("button", name="Try again").first.click()
    saved(page)
    expect(page.locator(".react-flow__node-step")).to_have_count(2)
    page.close()


def test_the_text_and_the_drawing_are_one_and_comments_stay(page: Page) -> None:
    draft = new_draft(page)
    canvas(page).focus()
    add_by_keyboard(page, "DenseNet")
    saved(page)
    page.get_by_role("tab", name="YAML").click()
    editor = page.get_by_role("textbox", name="Pipeline as YAML")
    expect(editor).to_be_visible()
    page.keyboard.press("Control+Home")
    page.keyboard.type("# our cells\n")
    saved(page)
    shot(page, "draft-yaml")
    axe(page)
    page.get_by_role("tab", name="Canvas").click()
    canvas(page).focus()
    add_by_keyboard(page, "ResNet")
    saved(page)
    text = text_of(page, draft)
    assert text.startswith("# our cells\n")
    assert "resnet" in text


def test_text_being_typed_never_overwrites_what_another_tab_saved(
    page: Page, faults: Faults
) -> None:
    faults.allow("409")
    draft = new_draft(page)
    canvas(page).focus()
    add_by_keyboard(page, "DenseNet")
    saved(page)
    page.get_by_role("tab", name="YAML").click()
    expect(page.get_by_role("textbox", name="Pipeline as YAML")).to_be_visible()
    page.keyboard.press("Control+Home")
    page.evaluate(
        """draft => setTimeout(() => fetch(`/api/drafts/${draft}/name`, {method: "PUT",
        body: JSON.stringify({name: "Theirs"}), headers: {"Content-Type": "application/json"}}),
        700)""",
        draft,
    )
    # never a pause that makes an edit
    page.keyboard.type("# typed without a pause " + "x" * 30 + "\n", delay=60)
    expect(page.get_by_role("dialog", name="Another tab saved first")).to_be_visible()
    assert "display_name: Theirs" in text_of(page, draft)


def test_text_that_cannot_be_read_keeps_the_drawing_and_says_where(page: Page) -> None:
    new_draft(page)
    canvas(page).focus()
    add_by_keyboard(page, "DenseNet")
    saved(page)
    page.get_by_role("tab", name="YAML").click()
    expect(page.get_by_role("textbox", name="Pipeline as YAML")).to_be_visible()
    page.keyboard.press("Control+End")
    page.keyboard.type("\njobs: [")
    expect(page.get_by_text("The YAML cannot be read.")).to_be_visible()
    page.get_by_role("tab", name="Canvas").click()
    expect(step(page, "model")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Undo:")).click()
    expect(page.get_by_text("The YAML cannot be read.")).to_have_count(0)
