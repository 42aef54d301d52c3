"""Photos to a model in three actions; and all the other ways that begin on the home page."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect

from tests.designer.tools import DesignerServer, Faults, axe, shot

Photos = Callable[..., Path]
TRAINED = 240_000
PIPELINE = """\
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
display_name: From a file

inputs:
  photos:
    type: uri_folder
    path: digits

jobs:
  # which photos
  convert:
    type: command
    component: azureml:convert_to_image_directory:1
    inputs:
      input_dataset: ${{parent.inputs.photos}}
"""


def drop(page: Page, *paths: Path, on: str = "Drop a folder or a zip of photos here") -> None:
    """Drop files or folders on the place with these words, as the desktop does."""
    place = page.get_by_text(on).first.bounding_box()
    assert place is not None
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send(
            "Input.dispatchDragEvent",
            {"type": kind, "x": place["x"] + 40, "y": place["y"] + 8, "data": data},
        )
    session.detach()


def photos_card(page: Page) -> Locator:
    return page.get_by_role("region", name="Your photos")


def classes(page: Page) -> dict[str, str]:
    items = photos_card(page).get_by_role("listitem").all()
    names = [str(item.get_attribute("aria-label")) for item in items]
    return dict(name.split(": ", 1) for name in names)


def test_photos_become_a_model_in_three_actions(page: Page, tiny_photos: Photos) -> None:
    folder = tiny_photos(classes=2, each=12)
    actions = 0

    drop(page, folder)
    actions += 1

    expect(photos_card(page).get_by_text("24 pictures in 2 classes")).to_be_visible()
    assert classes(page) == {"0": "12 pictures", "1": "12 pictures"}
    expect(photos_card(page).get_by_role("img", name="Example of 1")).to_have_count(4)
    expect(photos_card(page).get_by_text("24 files brought in")).to_be_visible()
    question = page.get_by_role("group", name=re.compile("How should it start"))
    expect(question.get_by_role("radio", name=re.compile("Train from scratch"))).to_be_checked()
    axe(page)
    shot(page, "home-photos")
    actions += 1

    page.get_by_role("button", name="Train a model").click()
    actions += 1

    page.wait_for_url(re.compile(r"/runs/\w+"))
    done = page.get_by_role("heading", name=re.compile("pictures are right"))
    expect(done).to_be_visible(timeout=TRAINED)
    assert actions == 3

    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Runs").click()
    row = page.get_by_role("row", name=re.compile("digits"))
    expect(row.get_by_text("Succeeded")).to_be_visible()
    expect(row.get_by_text(re.compile(r"\d+\.\d % right"))).to_be_visible()
    axe(page)
    shot(page, "runs")


def test_a_training_that_was_asked_for_begins_while_another_page_is_looked_at(
    page: Page, tiny_photos: Photos
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/uploads/*/finish", hold)
    drop(page, tiny_photos(classes=2, each=12))
    page.get_by_role("button", name="Train a model").click()
    expect(page.get_by_role("button", name="Training begins when the photos")).to_be_visible()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Runs").click()
    expect(page.get_by_text("Nothing has run yet")).to_be_visible()
    asked = page.evaluate("!dispatchEvent(new Event('beforeunload', {cancelable: true}))")
    assert asked, "closing the page would lose the photos without a question"
    for route in held:
        route.continue_()
    expect(page.get_by_text("The training of digits has begun.")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("digits"))).to_be_visible()
    assert page.url.endswith("/runs")


def test_a_run_that_is_refused_leaves_one_draft_however_often_it_is_tried(
    page: Page, tiny_photos: Photos, faults: Faults
) -> None:
    faults.allow("400")
    refusal = {"name": "UsageError", "message": "No target.", "remedy": "", "problems": []}
    page.route("**/api/drafts/*/runs", lambda route: route.fulfill(status=400, json=refusal))
    drop(page, tiny_photos(classes=2, each=3))
    for _ in range(2):
        with page.expect_response("**/api/drafts/*/runs"):
            page.get_by_role("button", name="Train a model").click()
        expect(photos_card(page).get_by_text("No target.")).to_be_visible()
    page.reload()
    drafts = page.get_by_role("region", name="Drafts")
    expect(drafts.get_by_role("listitem")).to_have_count(1)


def test_a_zip_shows_its_classes_before_and_its_pictures_after_it_came(
    page: Page, tiny_photos: Photos, tmp_path: Path
) -> None:
    folder = tiny_photos("shapes", classes=3, each=4)
    archive = shutil.make_archive(str(tmp_path / "shapes"), "zip", tmp_path, folder.name)
    page.get_by_label("Zip of photos").set_input_files(archive)
    expect(photos_card(page).get_by_role("heading", name="shapes")).to_be_visible()
    expect(photos_card(page).get_by_role("listitem")).to_have_count(3)
    assert classes(page) == {"0": "4 pictures", "1": "4 pictures", "2": "4 pictures"}
    expect(photos_card(page).get_by_role("img", name="Example").first).to_be_visible()


def test_pictures_without_class_folders_are_told_what_to_do(
    page: Page, tiny_photos: Photos
) -> None:
    drop(page, tiny_photos(classes=1, each=5) / "0")
    expect(photos_card(page)).to_contain_text("Put those of each class into a folder")
    expect(page.get_by_role("button", name="Train a model")).to_have_count(0)
    page.get_by_role("button", name="Choose other photos").click()
    expect(page.get_by_role("button", name="Choose folder")).to_be_visible()


def test_photos_dropped_beside_the_place_leave_the_page_as_it_is(
    page: Page, tiny_photos: Photos
) -> None:
    address = page.url
    drop(page, tiny_photos(classes=1, each=1) / "0" / "digit_00.png", on="Recent runs")
    expect(page.get_by_role("button", name="Choose folder")).to_be_visible()
    assert page.url == address


def test_files_that_are_no_pictures_are_named_before_training(
    page: Page, tiny_photos: Photos
) -> None:
    folder = tiny_photos(classes=2, each=3)
    (folder / "0" / "notes.docx").write_bytes(b"no picture")
    drop(page, folder)
    expect(photos_card(page)).to_contain_text("1 file will be left out")
    page.get_by_role("button", name="Show them").click()
    dialog = page.get_by_role("dialog", name="Files that will be left out")
    expect(dialog.get_by_text("0/notes.docx")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Show them")).to_be_focused()


def test_a_file_that_did_not_arrive_is_sent_again(
    page: Page, tiny_photos: Photos, faults: Faults
) -> None:
    faults.allow("ERR_FAILED")
    lost: list[str] = []

    def lose_first(route: Route, request: Request) -> None:
        if "digit_00" in request.url and request.url not in lost:
            lost.append(request.url)
            route.abort()
        else:
            route.continue_()

    page.route("**/api/uploads/*/files*", lose_first)
    drop(page, tiny_photos(classes=2, each=4))
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("2 files did not arrive.")
    alert.get_by_role("button", name="Send them again").click()
    expect(photos_card(page).get_by_text("8 files brought in")).to_be_visible()


def test_bringing_photos_in_can_be_stopped_and_leaves_nothing(
    page: Page, tiny_photos: Photos, server: DesignerServer
) -> None:
    page.route("**/api/uploads/*/files*", lambda route: None)
    drop(page, tiny_photos(classes=2, each=4))
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Choose folder")).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")
    incoming = server.home / "datasets" / ".incoming"
    expect(page.get_by_role("button", name="Choose folder")).to_be_enabled()
    page.wait_for_timeout(300)
    assert not incoming.is_dir() or not list(incoming.glob("*/upload.json"))


def test_a_folder_of_this_machine_is_used_where_it_is(
    make_server: Callable[..., DesignerServer],
    browser: Browser,
    tiny_photos: Photos,
) -> None:
    folder = tiny_photos("mine", classes=2, each=3)
    server = make_server("--folder", str(folder.parent))
    page = browser.new_page()
    page.goto(server.link)
    page.get_by_role("button", name="Use a folder of this machine").click()
    dialog = page.get_by_role("dialog", name="Photos on this machine")
    dialog.get_by_role("button", name=f"Open {folder.parent.name}").click()
    dialog.get_by_role("button", name="Open mine").click()
    expect(dialog.get_by_text(str(folder))).to_be_visible()
    axe(page)
    dialog.get_by_role("button", name="Use this folder").click()
    expect(photos_card(page).get_by_role("heading", name="mine")).to_be_visible()
    expect(photos_card(page)).to_contain_text("6 pictures")
    page.close()


def test_a_template_becomes_a_draft_that_the_home_page_shows(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Begin with")).first.click()
    page.wait_for_url(re.compile("/drafts/"))
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Home").click()
    drafts = page.get_by_role("region", name="Drafts")
    expect(drafts.get_by_role("listitem")).to_have_count(1)
    expect(drafts.get_by_role("img", name=re.compile("^Picture of"))).to_be_visible()
    axe(page)
    shot(page, "home")
    drafts.get_by_role("button", name=re.compile("^What to do with")).click()
    page.get_by_role("menuitem", name="Duplicate").click()
    page.wait_for_url(re.compile("/drafts/"))
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Home").click()
    expect(drafts.get_by_role("listitem")).to_have_count(2)
    drafts.get_by_role("button", name=re.compile("^What to do with Copy of")).click()
    page.get_by_role("menuitem", name="Delete draft").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete draft").click()
    expect(drafts.get_by_role("listitem")).to_have_count(1)


def test_a_pipeline_file_is_opened_as_a_draft(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "mine.yml"
    file.write_text(PIPELINE, encoding="utf-8")
    page.get_by_label("Pipeline file").set_input_files(file)
    page.wait_for_url(re.compile("/drafts/"))
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Home").click()
    drafts = page.get_by_role("region", name="Drafts")
    expect(drafts.get_by_role("link", name=re.compile("mine|From a file"))).to_be_visible()


@pytest.mark.parametrize("name", ["Choose folder", "Choose zip"])
def test_photos_are_chosen_by_keyboard(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name=name).focus()
    with page.expect_file_chooser():
        page.wait_for_timeout(300)  # the browser takes a moment to hand choosers over
        page.keyboard.press("Enter")
