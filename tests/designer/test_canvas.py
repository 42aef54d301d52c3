"""The page of a draft: built by mouse and by keyboard, undone, copied, in conflict, never lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from tests.designer.tools import DesignerServer, Faults, axe, shot
from tests.server.test_drafts import CANONICAL, WIRES
from visionloom.spec.pipeline_file import pipeline_from_text, write_pipeline

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
# where each step is dropped: column and row of a grid on the canvas
PLACES = ((0, 0), (0, 1), (1, 0), (0, 2), (1, 2), (2, 0), (1, 3), (1, 4), (1, 5))


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
        ("model", "Pretrained", ""), ("train", "Epochs", "2"),
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


def test_the_nine_steps_are_built_by_keyboard_alone(page: Page) -> None:
    draft = new_draft(page)
    canvas(page).focus()
    for component, name in CANONICAL:
        add_by_keyboard(page, TITLES[component])
        expect(step(page, name)).to_be_attached()
    titles = {
        "input_image_directory": "Input image directory",
        "input_image_transformation": "Input image transformation",
        "untrained_model": "Untrained model", "training_dataset": "Training dataset",
        "validation_dataset": "Validation dataset", "trained_model": "Trained model",
        "dataset": "Dataset", "scored_dataset": "Scored dataset",
        "output_image_directory1": "output image directory1",
        "output_image_directory2": "output image directory2",
    }  # fmt: skip
    for from_step, from_port, to_step, to_port in WIRES:
        page.keyboard.press("Control+k")
        page.keyboard.type(f"Step {to_step}")
        hint = page.locator("small").get_by_text(to_step, exact=True)
        option = page.get_by_role("option").filter(has=hint)
        expect(option.first).to_be_visible()
        while option.first.get_attribute("aria-selected") != "true":
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_have_count(0)
        words = f"{titles.get(to_port, to_port)} from {from_step}"
        if from_port[-1].isdigit():
            words += f" {titles[from_port]}"
        connect_by_keyboard(page, words)
        saved(page)
    text = text_of(page, draft)
    for from_step, from_port, _, to_port in WIRES:
        assert f"{to_port}: ${{{{parent.jobs.{from_step}.outputs.{from_port}}}}}" in text


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


@pytest.mark.parametrize("where", ["tab", "disk"])
def test_whoever_edits_second_is_told_and_nothing_is_lost(
    page: Page, server: DesignerServer, faults: Faults, where: str
) -> None:
    faults.allow("409")
    draft = new_draft(page)
    canvas(page).focus()
    add_by_keyboard(page, "DenseNet")
    saved(page)
    file = server.home / "drafts" / draft / "pipeline.yml"
    if where == "disk":
        file.write_text(file.read_text() + "# by hand\n")
    else:
        # an edit that the events have not told of yet
        page.route("**/api/events*", lambda route: route.abort())
        faults.allow("ERR_FAILED")
        page.reload()
        other = page.context.new_page()
        other.goto(page.url)
        canvas(other).focus()
        add_by_keyboard(other, "ResNet")
        saved(other)
        other.close()
    canvas(page).focus()
    add_by_keyboard(page, "Init Image Transformation")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    axe(page)
    shot(page, f"conflict-{where}")
    dialog.get_by_role("button", name="Keep mine as a copy").click()
    page.wait_for_url(lambda address: "/drafts/" in address and draft not in address)
    expect(step(page, "transformation")).to_be_attached()
    assert "init_image_transformation" not in file.read_text()
    assert ("# by hand" if where == "disk" else "resnet") in file.read_text()


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
    page: Page, server: DesignerServer, faults: Faults
) -> None:
    faults.allow("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|Failed to fetch|ERR_EMPTY")
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
