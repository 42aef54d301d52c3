"""What tests of a draft's page do again and again: open, add, wire, wait until it is saved."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

TITLES = {
    "convert_to_image_directory": "Convert to Image Directory",
    "split_image_directory": "Split Image Directory",
    "init_image_transformation": "Init Image Transformation",
    "apply_image_transformation": "Apply Image Transformation",
    "densenet": "DenseNet",
    "train_pytorch_model": "Train PyTorch Model",
    "score_image_model": "Score Image Model",
    "evaluate_model": "Evaluate Model",
}


def new_draft(page: Page, text: str = "") -> str:
    """A new draft is begun and opened; returns its id."""
    draft = page.evaluate(
        """text => fetch("/api/drafts", {method: "POST", body: JSON.stringify({text}),
        headers: {"Content-Type": "application/json"}}).then(a => a.json()).then(d => d.id)""",
        text,
    )
    page.goto(f"{page.url.split('/', 3)[0]}//{page.url.split('/')[2]}/drafts/{draft}")
    expect(canvas(page)).to_be_visible()
    return str(draft)


def canvas(page: Page) -> Locator:
    return page.get_by_role("application", name=re.compile("^Canvas of"))


def step(page: Page, name: str) -> Locator:
    return page.locator(f"#step-{name}")


def saved(page: Page) -> None:
    expect(page.get_by_role("status").get_by_text("Saved", exact=True)).to_be_visible()


def text_of(page: Page, draft: str) -> str:
    return str(
        page.evaluate(
            "id => fetch(`/api/drafts/${id}`).then(a => a.json()).then(d => d.text)", draft
        )
    )


def port(page: Page, name: str, port_name: str) -> Locator:
    return page.locator(
        f".react-flow__node[data-id='{name}'] .react-flow__handle[data-handleid='{port_name}']"
    )


def drag(page: Page, start: Locator, end: Locator) -> None:
    """A wire drawn with the mouse."""
    a, b = start.bounding_box(), end.bounding_box()
    assert a is not None
    assert b is not None
    page.mouse.move(a["x"] + a["width"] / 2, a["y"] + a["height"] / 2)
    page.mouse.down()
    page.mouse.move(b["x"] + b["width"] / 2, b["y"] + b["height"] / 2, steps=4)
    page.mouse.up()


def add_by_keyboard(page: Page, title: str) -> None:
    page.keyboard.press("a")
    field = page.get_by_role("combobox", name="Search components")
    expect(field).to_be_focused()
    page.keyboard.type(title)
    page.keyboard.press("Enter")
    expect(field).to_have_count(0)


def connect_by_keyboard(page: Page, words: str) -> None:
    page.keyboard.press("c")
    field = page.get_by_role("combobox", name="Search ports")
    expect(field).to_be_focused()
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    expect(field).to_have_count(0)


def tab_to(page: Page, place: Locator, presses: int = 80) -> None:
    """Go on with the Tab key alone until the focus is there."""
    expect(place).to_be_visible()
    for _ in range(presses):
        if place.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{presses} presses of Tab did not reach {place}")


def go_to_step(page: Page, name: str) -> None:
    """Choose a step with the list of commands."""
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search commands and steps")).to_be_focused()
    page.keyboard.type(f"Step {name}")
    option = page.get_by_role("option").filter(
        has=page.locator("small").get_by_text(name, exact=True)
    )
    expect(option.first).to_be_visible()
    while option.first.get_attribute("aria-selected") != "true":
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
