"""The list of runs and the machine's page, over runs that the command line made."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.designer.tools import DesignerServer, axe, shot

PIPELINE = """\
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
display_name: {name}

inputs:
  photos:
    type: uri_folder
    path: {photos}

jobs:
  convert:
    type: command
    component: azureml:convert_to_image_directory:1
    inputs:
      input_dataset: ${{{{parent.inputs.photos}}}}
"""


@pytest.fixture
def runs(page: Page, home: Path, tmp_path: Path, tiny_photos: Callable[..., Path]) -> Page:
    """The page of runs, with two that succeeded and one that failed, told while it is open."""
    tiny_photos(classes=2, each=3)
    for picture in tiny_photos("broken", classes=2, each=1).glob("*/*.png"):
        picture.write_bytes(b"no picture")
    page.get_by_role("link", name="Runs", exact=True).click()
    expect(page.get_by_text("Nothing has run yet")).to_be_visible()
    for name, photos in (("First", "digits"), ("Second", "digits"), ("Broken", "broken")):
        file = tmp_path / f"{name.lower()}.yml"
        file.write_text(PIPELINE.format(name=name, photos=photos), encoding="utf-8")
        subprocess.run(
            [sys.executable, "-m", "visionloom.cli.main", "run", str(file)],
            cwd=tmp_path,
            env={**os.environ, "VISIONLOOM_HOME": str(home)},
            capture_output=True,
            timeout=120,
            check=False,
        )
    expect(page.get_by_role("table").get_by_role("rowheader")).to_have_count(3)
    return page


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row", name=re.compile(name))


def test_runs_of_the_command_line_appear_and_are_found(runs: Page) -> None:
    expect(row(runs, "First").get_by_text("Succeeded")).to_be_visible()
    expect(row(runs, "Broken").get_by_text("Failed")).to_be_visible()
    axe(runs)
    shot(runs, "runs-list")
    headers = runs.get_by_role("table").get_by_role("rowheader")
    runs.get_by_role("searchbox", name="Search runs").fill("secon")
    expect(headers).to_have_count(1)
    runs.get_by_role("button", name="Clear filters").click()
    runs.get_by_role("combobox", name="State").select_option("Failed")
    expect(headers).to_have_text([re.compile("Broken")])
    runs.get_by_role("combobox", name="Kind").select_option("Training")
    expect(runs.get_by_text("No run matches")).to_be_visible()


def test_a_note_is_written_in_place_and_kept(runs: Page) -> None:
    runs.get_by_role("button", name="Note on First").click()
    runs.get_by_role("textbox", name="Note on First").fill("the good one")
    runs.keyboard.press("Enter")
    expect(runs.get_by_role("button", name="Note on First: the good one")).to_be_focused()
    runs.get_by_role("button", name="Note on Second").click()
    runs.get_by_role("textbox", name="Note on Second").fill("the other one")
    search = runs.get_by_role("searchbox", name="Search runs")
    search.click()
    expect(runs.get_by_role("button", name="Note on Second: the other one")).to_be_visible()
    runs.wait_for_timeout(100)  # a stolen focus comes with the next frame
    expect(search).to_be_focused()
    runs.reload()
    expect(row(runs, "First").get_by_text("the good one")).to_be_visible()


def test_two_runs_of_two_searches_are_compared_the_older_first(runs: Page) -> None:
    compare = runs.get_by_role("button", name="Compare two runs")
    expect(compare).to_be_disabled()
    search = runs.get_by_role("searchbox", name="Search runs")
    # neither search shows the other one
    for name in ("Second", "First"):
        search.fill(name)
        expect(runs.get_by_role("table").get_by_role("rowheader")).to_have_count(1)
        runs.get_by_role("checkbox", name=f"Choose {name} to compare").check()
    compare.click()
    runs.wait_for_url(re.compile(r"/compare/[^/]+/[^/]+$"))
    expect(runs.get_by_role("main")).to_contain_text(re.compile("First.*Second", re.DOTALL))


def test_a_run_is_deleted_after_asking(runs: Page) -> None:
    runs.get_by_role("button", name="What to do with Broken").click()
    runs.get_by_role("menuitem", name="Delete run").click()
    dialog = runs.get_by_role("dialog", name="Delete Broken?")
    runs.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    runs.get_by_role("button", name="What to do with Broken").click()
    runs.get_by_role("menuitem", name="Delete run").click()
    dialog.get_by_role("button", name="Delete run").click()
    expect(runs.get_by_role("table").get_by_role("rowheader")).to_have_count(2)


def test_the_machine_says_what_it_holds_and_frees_what_no_run_needs(
    page: Page, server: DesignerServer, tiny_photos: Callable[..., Path]
) -> None:
    page.get_by_label("Folder of photos").set_input_files(tiny_photos(classes=2, each=3))
    expect(page.get_by_text("6 files brought in")).to_be_visible()
    page.get_by_role("link", name="Machine", exact=True).click()
    expect(page.get_by_role("region", name="This machine")).to_contain_text(str(server.home))
    local = page.get_by_role("region", name="Targets")
    expect(local.get_by_role("progressbar", name="Slots in use of local")).to_be_visible()
    weights = page.get_by_role("row", name=re.compile("resnet18"))
    expect(weights.get_by_text("Not here")).to_be_visible()
    expect(weights.get_by_role("button", name=re.compile("^Fetch weights"))).to_be_disabled()
    axe(page)
    shot(page, "machine")
    page.get_by_role("button", name="See what can be freed").click()
    expect(page.get_by_role("dialog", name="Free storage")).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Delete digits").click()
    dialog = page.get_by_role("dialog", name="Delete the photos digits?")
    dialog.get_by_role("button", name="Delete digits").click()
    expect(page.get_by_text("No photos were brought in yet.")).to_be_visible()
    assert not list(server.home.glob("datasets/digits*"))
