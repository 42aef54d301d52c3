"""The focus stays where one works, and keys act on what one looks at."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.designer.drafting import add_by_keyboard, canvas, new_draft, saved, step, text_of
from tests.designer.tools import DesignerServer


@pytest.fixture
def server(shared_server: DesignerServer) -> DesignerServer:
    """Drafts keep out of each other's way: one server does for all."""
    return shared_server


@pytest.fixture
def draft(page: Page) -> str:
    """A draft with one model, which is selected; its id."""
    begun = new_draft(page)
    canvas(page).focus()
    add_by_keyboard(page, "DenseNet")
    saved(page)
    return begun


def test_a_step_is_renamed_in_its_panel_and_typing_goes_on_there(page: Page, draft: str) -> None:
    panel = page.get_by_role("complementary", name="Properties")
    panel.locator("summary").first.click()
    name = panel.get_by_label("Name", exact=True)
    name.fill("first")
    name.press("Enter")
    expect(step(page, "first")).to_be_attached()
    expect(name).to_be_focused()
    saved(page)
    # another key is one more letter, and no command
    page.keyboard.press("t")
    expect(name).to_have_value("firstt")
    name.press("Enter")
    expect(step(page, "firstt")).to_be_attached()
    saved(page)
    assert "firstt:" in text_of(page, draft)


def test_the_name_of_a_draft_keeps_the_focus_when_it_is_given(page: Page, draft: str) -> None:
    heading = page.get_by_role("heading", level=1).get_by_role("button")
    heading.click()
    field = page.get_by_role("textbox", name="Name of the draft")
    field.fill("Birds")
    field.press("Enter")
    expect(heading).to_have_text("Birds")
    expect(heading).to_be_focused()
    assert "display_name: Birds" in text_of(page, draft)


def test_arrow_keys_go_along_the_tabs_and_do_not_fall_into_the_text(page: Page, draft: str) -> None:
    page.get_by_role("tab", name="Canvas").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("textbox", name="Pipeline as YAML")).to_be_visible()
    expect(page.get_by_role("tab", name="YAML")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(canvas(page)).to_be_visible()
    page.get_by_role("tab", name="YAML").click()
    expect(page.get_by_role("textbox", name="Pipeline as YAML")).to_be_focused()


def test_what_was_just_added_can_be_copied_at_once(page: Page, draft: str) -> None:
    def late(route: Route) -> None:
        page.wait_for_timeout(300)
        route.continue_()

    page.route("**/api/drafts/*/edits", late)
    canvas(page).focus()
    add_by_keyboard(page, "ResNet")
    page.keyboard.press("Control+d")
    expect(step(page, "model_3")).to_be_attached()


def test_a_draft_left_on_its_text_does_not_stop_the_next_canvas(page: Page, draft: str) -> None:
    page.keyboard.press("y")
    expect(page.get_by_role("textbox", name="Pipeline as YAML")).to_be_focused()
    page.get_by_role("link", name="Home").click()
    page.get_by_role("link", name=re.compile("Untitled pipeline")).first.click()
    expect(canvas(page)).to_be_visible()


def test_the_canvas_of_a_run_says_where_one_is_and_leads_to_the_properties(page: Page) -> None:
    new_draft(page)
    canvas(page).focus()
    add_by_keyboard(page, "Init Image Transformation")
    saved(page)
    page.keyboard.press("Control+Enter")
    bar = page.get_by_role("region", name="Run")
    bar.get_by_role("link", name="Open run").click()
    expect(page.get_by_text("Succeeded").first).to_be_visible()
    drawing = canvas(page)
    drawing.focus()
    assert "question mark" not in (drawing.get_attribute("aria-description") or "")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_text(re.compile("Succeeded. 1 of 1"))).to_be_attached()
    place = drawing.get_attribute("aria-activedescendant")
    here = page.get_by_role("group", name=re.compile("^Init Image Transformation.*Succeeded"))
    expect(here).to_have_attribute("id", str(place))
    page.keyboard.press("Enter")
    expect(page.locator("[data-panel=right] :focus")).to_have_count(1)
