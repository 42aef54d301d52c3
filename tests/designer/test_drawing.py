"""The canvas: wires, keys, selection, notes, panels, and what it says of faults."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.designer.drafting import (
    add_by_keyboard,
    canvas,
    connect_by_keyboard,
    drag,
    new_draft,
    port,
    saved,
    step,
    tab_to,
    text_of,
)
from tests.designer.tools import DesignerServer, axe, shot


@pytest.fixture
def server(shared_server: DesignerServer) -> DesignerServer:
    """Drafts keep out of each other's way: one server does for all."""
    return shared_server


def test_a_wire_that_does_not_fit_is_refused_with_the_reason(page: Page) -> None:
    new_draft(page)
    canvas(page).focus()
    for title in ("DenseNet", "Score Image Model"):
        add_by_keyboard(page, title)
        saved(page)
    page.get_by_role("button", name="Zoom to fit").click()
    page.wait_for_timeout(400)
    drag(page, port(page, "model", "untrained_model"), port(page, "score", "dataset"))
    expect(page.get_by_text(re.compile("Dataset takes an image directory"))).to_be_attached()
    expect(page.locator(".react-flow__edge")).to_have_count(0)


def test_a_wire_dropped_on_nothing_offers_what_fits_and_connects_it(page: Page) -> None:
    new_draft(page)
    canvas(page).focus()
    add_by_keyboard(page, "DenseNet")
    saved(page)
    start = port(page, "model", "untrained_model").bounding_box()
    assert start is not None
    page.mouse.move(start["x"] + 12, start["y"] + 12)
    page.mouse.down()
    page.mouse.move(start["x"] + 60, start["y"] + 130, steps=5)
    page.mouse.up()
    dialog = page.get_by_role("dialog", name=re.compile("takes an untrained model"))
    options = dialog.get_by_role("option")
    expect(options).to_have_count(1)
    page.keyboard.press("Enter")
    expect(step(page, "train")).to_be_visible()
    expect(page.locator(".react-flow__edge")).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(step(page, "train")).to_have_count(0)


def test_steps_are_copied_from_one_draft_to_another_as_text(page: Page) -> None:
    new_draft(page)
    canvas(page).focus()
    for title in ("DenseNet", "Train PyTorch Model"):
        add_by_keyboard(page, title)
    connect_by_keyboard(page, "untrained model from model")
    saved(page)
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    expect(page.get_by_text("2 steps copied")).to_be_attached()
    assert "component: azureml:densenet" in page.evaluate("navigator.clipboard.readText()")
    new_draft(page)
    canvas(page).focus()
    page.keyboard.press("Control+v")
    expect(step(page, "model")).to_be_visible()
    expect(page.locator(".react-flow__edge")).to_have_count(1)


def test_a_problem_leads_to_its_field(page: Page) -> None:
    text = (
        "type: pipeline\njobs:\n  train:\n    type: command\n"
        "    component: azureml:train_pytorch_model:1\n    inputs:\n      epochs: 0\n"
    )
    new_draft(page, text)
    page.get_by_role("button", name=re.compile("problem")).last.click()
    page.get_by_role("button", name=re.compile("Show: .*[Ee]pochs")).click()
    expect(page.get_by_label("Epochs", exact=True)).to_be_focused()
    shot(page, "draft-problems")


def test_help_commands_and_the_empty_page_have_no_serious_fault(page: Page) -> None:
    new_draft(page)
    axe(page)
    shot(page, "draft-empty")
    canvas(page).focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Outline").click()
    axe(page)


def place_of(page: Page, name: str) -> tuple[float, float]:
    box = step(page, name).bounding_box()
    assert box is not None
    return box["x"], box["y"]


@pytest.fixture
def two(page: Page) -> str:
    """A draft with two models, the first selected; its id."""
    draft = new_draft(page)
    canvas(page).focus()
    for title in ("DenseNet", "ResNet"):
        add_by_keyboard(page, title)
        saved(page)
    canvas(page).focus()
    page.keyboard.press("Home")
    return draft


def test_a_component_is_found_in_the_palette_and_added_by_keyboard(page: Page) -> None:
    new_draft(page)
    palette = page.get_by_role("complementary", name="Components and outline")
    search = palette.get_by_role("searchbox")
    search.fill("dense")
    expect(palette.get_by_role("button", name=re.compile("^Add "))).to_have_count(1)
    search.press("Enter")
    expect(step(page, "model")).to_be_attached()
    search.fill("")
    # the list is one stop of the Tab key, its help another
    search.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    second = palette.locator("[data-component]").nth(1)
    expect(second).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    about = page.get_by_role("dialog")
    expect(about).to_contain_text("Gives")
    axe(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.closest('[data-component]') === null")
    assert focused


def test_a_step_is_renamed_duplicated_cut_pasted_and_deleted_with_keys(
    page: Page, two: str
) -> None:
    page.keyboard.press("F2")
    page.get_by_role("textbox", name="Name in the file").fill("dense")
    page.keyboard.press("Enter")
    expect(step(page, "dense")).to_be_attached()
    saved(page)
    canvas(page).focus()
    page.keyboard.press("Control+d")
    expect(page.locator(".react-flow__node-step")).to_have_count(3)
    page.keyboard.press("Control+x")
    expect(page.locator(".react-flow__node-step")).to_have_count(2)
    page.keyboard.press("Control+v")
    expect(page.locator(".react-flow__node-step")).to_have_count(3)
    page.keyboard.press("Delete")
    expect(page.locator(".react-flow__node-step")).to_have_count(2)
    saved(page)
    assert text_of(page, two).count("component:") == 2


def test_a_drag_moves_a_step_and_escape_takes_it_back(page: Page, two: str) -> None:
    before = place_of(page, "model")
    page.mouse.move(before[0] + 40, before[1] + 12)
    page.mouse.down()
    page.mouse.move(before[0] + 120, before[1] + 92, steps=40)
    assert place_of(page, "model") != before
    page.keyboard.press("Escape")
    page.mouse.up()
    assert place_of(page, "model") == pytest.approx(before, abs=1)
    revision = "id => fetch(`/api/drafts/${id}`).then(a => a.json()).then(d => d.revision)"
    kept = page.evaluate(revision, two)
    page.mouse.move(before[0] + 40, before[1] + 12)
    page.mouse.down()
    page.mouse.move(before[0] + 120, before[1] + 92, steps=40)
    page.mouse.up()
    saved(page)
    assert place_of(page, "model") == pytest.approx((before[0] + 80, before[1] + 80), abs=6)
    assert page.evaluate(revision, two) == kept + 1


def test_a_step_is_moved_with_the_keyboard(page: Page, two: str) -> None:
    before = place_of(page, "model")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowRight")
    saved(page)
    after = place_of(page, "model")
    assert after[0] > before[0]
    assert after[1] > before[1]
    # one undo takes back both
    page.keyboard.press("Control+z")
    saved(page)
    assert place_of(page, "model") == pytest.approx(before, abs=1)


def test_steps_are_selected_with_a_box_and_aligned(page: Page, two: str) -> None:
    page.get_by_role("button", name="Zoom to fit").click()
    page.wait_for_timeout(400)
    page.get_by_role("button", name=re.compile("Select with a box|box", re.IGNORECASE)).click()
    area = canvas(page).bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + 8, area["y"] + 8)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] - 12, area["y"] + area["height"] - 70, steps=6)
    page.mouse.up()
    expect(page.locator(".react-flow__node.selected")).to_have_count(2)
    expect(page.get_by_role("heading", name="2 steps")).to_be_visible()
    canvas(page).focus()
    page.keyboard.press("Shift+L")
    saved(page)
    assert place_of(page, "model")[0] == pytest.approx(place_of(page, "model_2")[0], abs=1)


def test_notes_are_written_and_found_again_by_keyboard(page: Page, two: str) -> None:
    page.keyboard.press("n")
    page.keyboard.type("which one is better?")
    tab_to(page, page.get_by_role("button", name="Keep"))
    page.keyboard.press("Enter")
    expect(page.locator(".react-flow__node-note")).to_have_text(re.compile("which one is better"))
    saved(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("Note: which")
    page.keyboard.press("Enter")
    text = page.get_by_role("textbox", name="Text of the note")
    expect(text).to_have_value("which one is better?")
    tab_to(page, page.get_by_role("button", name="Delete the note"))
    page.keyboard.press("Enter")
    expect(page.locator(".react-flow__node-note")).to_have_count(0)


def test_panels_are_remembered_and_lie_over_the_canvas_of_a_tablet(page: Page, two: str) -> None:
    left = page.get_by_role("complementary", name="Components and outline")
    right = page.get_by_role("complementary", name="Properties")
    page.keyboard.press("[")
    expect(left).to_have_count(0)
    page.reload()
    expect(canvas(page)).to_be_visible()
    expect(right).to_be_visible()
    expect(left).to_have_count(0)
    canvas(page).focus()
    page.keyboard.press("[")
    expect(left).to_be_visible()
    page.set_viewport_size({"width": 820, "height": 1100})
    expect(left).to_have_count(0)
    expect(right).to_have_count(0)
    axe(page)
    canvas(page).focus()
    page.keyboard.press("[")
    expect(left).to_be_visible()
    shot(page, "draft-tablet")
    page.keyboard.press("]")
    expect(right).to_be_visible()
    expect(left).to_have_count(0)
    page.evaluate("() => document.documentElement.scrollWidth <= innerWidth") or pytest.fail("wide")


def test_a_fault_of_the_pipeline_itself_leads_to_its_field(page: Page) -> None:
    text = (
        "type: pipeline\ninputs:\n  photos: {type: uri_folder, path: nowhere}\njobs:\n"
        "  convert:\n    type: command\n    component: azureml:convert_to_image_directory:1\n"
        "    inputs:\n      input_dataset: ${{parent.inputs.photos}}\n"
    )
    new_draft(page, text)
    page.keyboard.press("]")
    page.get_by_role("button", name=re.compile("problem")).last.click()
    page.get_by_role("button", name=re.compile("Show: .*nowhere")).click()
    expect(page.get_by_role("textbox", name=re.compile("photos")).last).to_be_focused()
