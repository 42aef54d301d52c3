"""The whole way from an empty canvas to a run's results: by mouse, and by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.designer.drafting import (
    TITLES,
    add_by_keyboard,
    canvas,
    connect_by_keyboard,
    drag,
    go_to_step,
    new_draft,
    port,
    saved,
    step,
    tab_to,
    text_of,
)
from tests.designer.tools import DesignerServer, axe, shot
from tests.server.test_drafts import CANONICAL, WIRES
from visionloom.spec.pipeline_file import pipeline_from_text, write_pipeline

# where each step is dropped: column and row of a grid on the canvas
PLACES = ((0, 0), (0, 1), (1, 0), (0, 2), (1, 2), (2, 0), (1, 3), (1, 4), (1, 5))
PORTS = {
    "input_image_directory": "Input image directory",
    "input_image_transformation": "Input image transformation",
    "untrained_model": "Untrained model",
    "training_dataset": "Training dataset",
    "validation_dataset": "Validation dataset",
    "trained_model": "Trained model",
    "dataset": "Dataset",
    "scored_dataset": "Scored dataset",
    "output_image_directory1": "output image directory1",
    "output_image_directory2": "output image directory2",
}


def test_the_nine_steps_are_built_by_mouse_and_run(
    page: Page, server: DesignerServer, tiny_photos: Callable[..., Path]
) -> None:
    draft = new_draft(page)
    palette = page.get_by_role("complementary", name="Components and outline")
    box = canvas(page).bounding_box()
    assert box is not None
    for (component, name), (column, row) in zip(CANONICAL, PLACES, strict=True):
        entry = palette.get_by_role("button", name=f"Add {TITLES[component]}", exact=True)
        entry.drag_to(canvas(page), target_position={"x": 100 + 190 * column, "y": 40 + 92 * row})
        expect(step(page, name)).to_be_attached()
        if name == "convert":
            # small enough for nine steps
            for _ in range(3):
                page.get_by_role("button", name="Zoom out").click()
                page.wait_for_timeout(120)
    page.get_by_role("button", name="Zoom to fit").click()
    page.wait_for_timeout(400)
    for from_step, from_port, to_step, to_port in WIRES:
        drag(page, port(page, from_step, from_port), port(page, to_step, to_port))
        saved(page)
    shot(page, "draft")
    photos = tiny_photos(each=15)
    page.mouse.click(box["x"] + 20, box["y"] + 20)
    panel = page.get_by_role("complementary", name="Properties")
    panel.get_by_role("button", name="Add a folder input").click()
    panel.get_by_role("textbox", name=re.compile("Path of|Folder of", re.IGNORECASE)).fill(
        str(photos)
    )
    page.keyboard.press("Enter")
    saved(page)
    step(page, "convert").click()
    panel.get_by_role("tab", name="Connections").click()
    panel.get_by_role("combobox", name=re.compile("Input dataset|Connect")).first.select_option(
        label="Pipeline input photos"
    )
    saved(page)
    for name, field, value in (
        ("apply", "Mode", "For training"), ("apply_2", "Mode", "For inference"),
        ("model", "Pretrained", ""), ("train", "Epochs", "1"),
    ):  # fmt: skip
        step(page, name).click()
        panel.get_by_role("tab", name="Parameters").click()
        control = panel.get_by_label(field, exact=True)
        if field == "Mode":
            control.select_option(label=value)
        elif value:
            control.fill(value)
            page.keyboard.press("Enter")
        else:
            panel.get_by_role("switch", name=field).click()
        saved(page)
    step(page, "transformation").click()
    expect(page.get_by_role("button", name=re.compile("No problems|remark"))).to_be_visible()
    text = text_of(page, draft)
    file = server.home / "drafts" / draft / "pipeline.yml"
    assert file.read_text() == text
    assert write_pipeline(pipeline_from_text(text, file.parent).pipeline) == text
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("link", name="Open run")).to_be_visible(timeout=60_000)
    expect(step(page, "evaluate").get_by_text("Succeeded")).to_be_visible(timeout=60_000)
    axe(page)


def test_the_nine_steps_are_built_set_and_run_by_keyboard_alone(
    page: Page, tiny_photos: Callable[..., Path]
) -> None:
    photos = tiny_photos(each=15)
    draft = new_draft(page)
    canvas(page).focus()
    for component, name in CANONICAL:
        add_by_keyboard(page, TITLES[component])
        expect(step(page, name)).to_be_attached()
    for from_step, from_port, to_step, to_port in WIRES:
        go_to_step(page, to_step)
        words = f"{PORTS.get(to_port, to_port)} from {from_step}"
        if from_port[-1].isdigit():
            words += f" {PORTS[from_port]}"
        connect_by_keyboard(page, words)
        saved(page)
    text = text_of(page, draft)
    for from_step, from_port, _, to_port in WIRES:
        assert f"{to_port}: ${{{{parent.jobs.{from_step}.outputs.{from_port}}}}}" in text

    # the photos: with no step selected the properties are the pipeline's
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    panel = page.get_by_role("complementary", name="Properties")
    tab_to(page, panel.get_by_role("button", name="Add a folder input"))
    page.keyboard.press("Enter")
    path = panel.get_by_role("textbox", name=re.compile("Path of|Folder of", re.IGNORECASE))
    expect(path).to_be_visible()
    page.keyboard.press("Shift+Tab")
    tab_to(page, path)
    page.keyboard.type(str(photos))
    page.keyboard.press("Enter")
    saved(page)
    go_to_step(page, "convert")
    connect_by_keyboard(page, "Input dataset photos")

    for name, field, keys in (
        ("apply", "Mode", "For training"), ("apply_2", "Mode", "For inference"),
        ("model", "Pretrained", "Space"), ("train", "Epochs", "1"),
    ):  # fmt: skip
        go_to_step(page, name)
        page.keyboard.press("p")
        tab_to(page, panel.get_by_label(field, exact=True))
        if keys == "Space":
            page.keyboard.press(keys)
        else:
            page.keyboard.type(keys)
        saved(page)
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    page.keyboard.press("Control+Enter")
    bar = page.get_by_role("region", name="Run", exact=True)
    opened = bar.get_by_role("link", name="Open run")
    expect(opened).to_be_visible()
    expect(bar.get_by_text("Succeeded")).to_be_visible(timeout=90_000)
    tab_to(page, opened)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/runs/\w+"))
    expect(page.get_by_role("main")).to_contain_text("Succeeded")
