"""Looking at what a run made: every output opened, in a real browser, of real tiny trainings.

The pictures are cells from stained slides, of three classes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.designer.tools import ROOT, STATIC, DesignerServer, Faults, axe, shot

EXAMPLE = ROOT / "examples/pipelines/augmentation_from_scratch.yml"
CLASSES = ("Platelets", "RBC", "WBC")
EACH = 24


@dataclass
class Finished:
    """A server, a browser that is signed in, and what a finished run made.

    Attributes:
        run: Id of the run.
        outputs: Step -> its outputs as (type, id of the artifact).
        photos: The folder of photos.
    """

    server: DesignerServer
    context: BrowserContext
    faults: Faults
    run: str
    outputs: dict[str, list[tuple[str, str]]]
    photos: Path

    def address(self, step: str, output: int = 0) -> str:
        """Where one looks at an output."""
        kind, artifact = self.outputs[step][output]
        return f"{self.server.origin}/look/{kind}/{artifact}?run={self.run}&step={step}"


def _copy_photos(data: Path, target: Path) -> None:
    for name in CLASSES:
        (target / name).mkdir(parents=True)
        for photo in sorted((data / "blood_cells/train" / name).iterdir())[:EACH]:
            shutil.copy(photo, target / name / photo.name)


def _run(home: Path, file: Path, epochs: int, *options: str) -> None:
    command = (sys.executable, "-m", "visionloom.cli.main", "run", str(file))
    values = ("--set", f"epochs={epochs}", "--set", "size=40")
    done = subprocess.run(
        [*command, *values, *options],
        env={**os.environ, "VISIONLOOM_HOME": str(home), "VISIONLOOM_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def finished(
    browser: Browser, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Finished]:
    """A finished run and a browser that looks at it."""
    if not STATIC.is_file():
        pytest.skip("the designer's pages are not built; `make frontend` builds them")
    folder = tmp_path_factory.mktemp("look")
    home = folder / "home"
    _copy_photos(shared_data, folder / "photos")
    (folder / "photos/RBC/broken.jpg").write_bytes(b"no picture at all")
    shutil.copy(EXAMPLE, folder / "cells.yml")
    _run(home, folder / "cells.yml", 3)
    server = DesignerServer(home, folder)
    server.start()
    context = browser.new_context(
        viewport={"width": 1280, "height": 720}, locale="en-GB", accept_downloads=True
    )
    context.set_default_timeout(10_000)
    faults = Faults()
    faults.watch(context)
    first = context.new_page()
    first.goto(server.link)
    first.wait_for_selector("main h1")
    run = str(_ask(first, "/api/runs")["runs"][0]["id"])
    steps = _ask(first, f"/api/runs/{run}")["steps"]
    outputs = {
        step["name"]: [(made["type"], made["artifact"]) for made in step["outputs"]]
        for step in steps
    }
    first.close()
    yield Finished(server, context, faults, run, outputs, folder / "photos")
    context.close()
    server.stop()
    server.end_runs()


def _ask(page: Page, address: str) -> Any:
    return page.evaluate("address => fetch(address).then(answer => answer.json())", address)


@pytest.fixture
def look(finished: Finished) -> Iterator[Callable[..., Page]]:
    """Opens an output of the run: ``look("split", 1)``; faults of the page fail the test."""
    finished.faults.seen.clear()
    opened: list[Page] = []

    def at(step: str, output: int = 0) -> Page:
        page = finished.context.new_page()
        opened.append(page)
        page.goto(finished.address(step, output))
        page.wait_for_selector("main h1")
        return page

    yield at
    for page in opened:
        page.close()
    assert not finished.faults.unexpected(), "\n".join(finished.faults.unexpected())


def _all_shown(pictures: Locator) -> None:
    """Every one of these pictures is there and was decoded."""
    expect(pictures.first).to_be_visible()
    whole = "images => images.every(image => image.complete && image.naturalWidth > 0)"
    for _ in range(200):
        if pictures.evaluate_all(whole):
            return
        pictures.page.wait_for_timeout(50)
    raise AssertionError("a picture is not shown")


@pytest.mark.parametrize(
    ("step", "title", "text"),
    [
        ("convert", "Pictures", "72 pictures"),
        ("transformation", "Image transformation", "In training"),
        ("apply_to_training", "Pictures", "random resized crop 40"),
        ("model", "Untrained model", "It gets its classes from the pictures it is trained on."),
        ("train", "Trained model", "Try it"),
        ("score", "Scored pictures", re.compile(r"pictures (wrong|right)")),
        ("evaluate", "Evaluation", "Confusion matrix"),
        ("report", "Report", "Open the report in a new tab"),
    ],
)
def test_every_output_opens_with_its_facts_and_the_way_back(
    look: Callable[..., Page],
    finished: Finished,
    step: str,
    title: str,
    text: str | re.Pattern[str],
) -> None:
    page = look(step)
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.get_by_role("main").get_by_text(text).first).to_be_visible()
    expect(page.get_by_text("Content", exact=True)).to_be_visible()
    way = page.get_by_role("navigation", name="Where this is")
    expect(way.get_by_role("link", name=f"Step {step}")).to_have_attribute(
        "href", f"/runs/{finished.run}?step={step}"
    )
    axe(page)
    if step in ("convert", "model", "report", "score", "evaluate"):
        shot(page, f"look-{step}")


def test_pictures_are_found_by_class_and_name_and_walked_through_by_keys(
    look: Callable[..., Page],
) -> None:
    page = look("convert")
    grid = page.get_by_role("grid", name="Pictures")
    _all_shown(grid.locator("img"))

    page.get_by_role("button", name="RBC 24", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="24 of 72 pictures")).to_be_visible()
    expect(grid.get_by_role("button", name=re.compile("^Open .*, RBC$")).first).to_be_visible()
    page.get_by_role("button", name="All classes").click()

    page.get_by_role("checkbox", name="Group by class").check()
    expect(grid.get_by_role("rowheader", name="Platelets 24 pictures")).to_be_visible()
    _all_shown(grid.locator("img"))

    grid.get_by_role("button").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    place = dialog.get_by_text(re.compile(r"^\d+ of 72$"))
    before = int(place.inner_text().split()[0])
    assert before > 2
    expect(dialog.get_by_text(re.compile(r"^\d+ × \d+ pixels$"))).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(place).to_have_text(f"{before + 1} of 72")
    _all_shown(dialog.locator("img"))
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator(f"[data-index='{before}']")).to_be_focused()

    page.keyboard.press("End")
    expect(page.locator("[data-index='71']")).to_be_focused()
    page.get_by_role("checkbox", name="Group by class").uncheck()
    page.get_by_role("searchbox", name="Search file names").fill("no such picture")
    expect(page.get_by_text("No picture matches.")).to_be_visible()


def test_a_photo_that_is_gone_says_so_in_its_place(
    look: Callable[..., Page], finished: Finished
) -> None:
    finished.faults.allow(r"410 \(Gone\)")
    photo = sorted((finished.photos / "Platelets").iterdir())[5]
    kept = photo.with_suffix(".away")
    photo.rename(kept)
    try:
        page = look("convert")
        # in another size than the one that the browser has kept
        page.get_by_role("slider", name="Thumbnail size").fill("240")
        gone = page.get_by_role("grid", name="Pictures").get_by_role(
            "button", name=f"Open {photo.name}, Platelets"
        )
        expect(gone).to_contain_text("was readable at conversion")
        gone.click()
        reason = page.get_by_role("dialog").get_by_role("status")
        expect(reason).to_contain_text("Why it cannot be shown")
    finally:
        kept.rename(photo)
    page.keyboard.press("Escape")
    page.get_by_role("slider", name="Thumbnail size").fill("132")


def test_a_file_that_was_left_out_is_named_with_its_reason(look: Callable[..., Page]) -> None:
    page = look("convert")
    page.get_by_role("button", name="Show the file that was left out").click()
    table = page.get_by_role("dialog", name="Files that were left out, and why").get_by_role(
        "table"
    )
    row = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name="RBC/broken.jpg"))
    assert row.get_by_role("cell").inner_text().strip()
    axe(page)


def test_a_split_shows_the_classes_of_both_parts(look: Callable[..., Page]) -> None:
    page = look("split")
    page.get_by_role("tab", name="Split").click()
    table = page.get_by_role("table")
    expect(table.get_by_role("row", name=re.compile(r"^All "))).to_contain_text("(80.6 %)")
    for name in CLASSES:
        expect(table.get_by_role("rowheader", name=name)).to_be_visible()
    axe(page)
    shot(page, "look-split")
    page.get_by_role("link", name="Open this part").click()
    expect(page.get_by_text("14 pictures").first).to_be_visible()


def test_a_transformation_is_drawn_again_with_another_seed(look: Callable[..., Page]) -> None:
    page = look("transformation")
    drawn = page.get_by_role("img", name=re.compile("as training sees it in epoch 1"))
    _all_shown(drawn)
    _all_shown(page.get_by_role("img", name=re.compile("as inference sees it")))
    before = drawn.evaluate_all("images => images.map(image => image.src)")
    page.get_by_role("button", name="Draw again").click()
    expect(page.get_by_role("spinbutton", name="Seed")).to_have_value("2")
    _all_shown(drawn)
    after = drawn.evaluate_all("images => images.map(image => image.src)")
    pixels = """addresses => Promise.all(addresses.map(async address =>
        new Uint8Array(await (await fetch(address)).arrayBuffer()).join()))"""
    first, second = page.evaluate(pixels, before), page.evaluate(pixels, after)
    assert all(one != other for one, other in zip(first, second, strict=True))
    assert first == page.evaluate(pixels, before), "the same seed draws the same pictures"
    axe(page)
    shot(page, "look-before-and-after")


def test_a_model_answers_for_a_photo_and_can_be_taken_along(
    look: Callable[..., Page], finished: Finished
) -> None:
    page = look("train")
    photo = min((finished.photos / "WBC").iterdir())
    page.get_by_label("Photo to try").set_input_files(photo)
    answers = page.get_by_role("list", name="Answers, most likely first").get_by_role("listitem")
    expect(answers).to_have_count(len(CLASSES), timeout=20_000)
    shares = [float(text.split()[-2].strip("<>")) for text in answers.all_inner_texts()]
    assert shares == sorted(shares, reverse=True)
    expect(page.get_by_text(re.compile("The model sees it so: .*crop 40"))).to_be_visible()
    _all_shown(page.get_by_role("img", name=f"Your photo {photo.name}"))
    axe(page)
    shot(page, "look-train")
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download model").click()
    assert taken.value.suggested_filename.endswith(".zip")


def test_a_file_that_is_no_picture_is_refused_in_words(
    look: Callable[..., Page], finished: Finished, tmp_path: Path
) -> None:
    finished.faults.allow("422")
    text = tmp_path / "notes.jpg"
    text.write_text("no picture at all", encoding="utf-8")
    page = look("train")
    page.get_by_label("Photo to try").set_input_files(text)
    expect(page.get_by_role("alert")).to_be_visible()


def test_curves_can_be_read_as_a_table_and_taken_along(
    look: Callable[..., Page], tmp_path: Path
) -> None:
    page = look("train")
    curves = page.get_by_role("region", name="Training curves")
    expect(curves.get_by_role("img", name=re.compile("^Loss.*3 epochs"))).to_be_visible()
    expect(curves.locator("canvas").first).to_be_visible()
    with page.expect_download() as taken:
        curves.get_by_role("button", name="Download CSV").click()
    target = tmp_path / "curves.csv"
    taken.value.save_as(target)
    lines = target.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("run,epoch,")
    assert len(lines) == 1 + 3
    curves.get_by_role("button", name="Show as table").click()
    rows = curves.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(1 + 3)
    axe(page)


def test_scores_show_only_what_was_wrong(look: Callable[..., Page], tmp_path: Path) -> None:
    page = look("score")
    grid = page.get_by_role("grid", name="Scored pictures")
    _all_shown(grid.locator("img"))
    summary = page.get_by_text(re.compile(r"^\d+ of 14 pictures wrong$")).inner_text()
    wrong = int(summary.split()[0])
    assert wrong > 0
    page.get_by_role("checkbox", name="Wrong only").check()
    expect(grid.get_by_role("gridcell")).to_have_count(wrong)
    expect(grid.get_by_role("button", name=re.compile("wrong$"))).to_have_count(wrong)
    grid.get_by_role("button", name=re.compile("wrong$")).first.click()
    dialog = page.get_by_role("dialog")
    bars = dialog.get_by_role("list", name="All answers").get_by_role("listitem")
    expect(bars).to_have_count(len(CLASSES))
    shot(page, "look-scored-picture")
    page.keyboard.press("Escape")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Download CSV").click()
    target = tmp_path / "scores.csv"
    taken.value.save_as(target)
    assert len(target.read_text(encoding="utf-8").splitlines()) == 1 + wrong


def test_a_cell_of_the_confusion_matrix_shows_its_pictures(look: Callable[..., Page]) -> None:
    page = look("evaluate")
    matrix = page.get_by_role("grid", name="Confusion matrix")
    cells = matrix.get_by_role("button")
    expect(cells).to_have_count(len(CLASSES) ** 2)
    name = re.compile(r"^Label (\w+), answer (\w+): (\d+) pictures?, ")
    found = [name.match(cell.get_attribute("aria-label") or "") for cell in cells.all()]
    place, chosen = next(
        (i, cell) for i, cell in enumerate(found) if cell and cell[1] != cell[2] and cell[3] != "0"
    )
    cells.nth(place).click()
    shown = page.get_by_role("region", name=f"{chosen[1]}, taken for {chosen[2]}")
    expect(shown.get_by_role("gridcell")).to_have_count(int(chosen[3]))
    _all_shown(shown.locator("img"))
    expect(
        shown.get_by_role("button", name=re.compile(f": {chosen[2]}, .*wrong$")).first
    ).to_be_visible()
    axe(page)
    shot(page, "look-confusion")
    shown.get_by_role("button", name="Close these pictures").click()

    cells.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(cells.nth(len(CLASSES) + 1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name=re.compile("^RBC, recognised"))).to_be_visible()
    page.get_by_role("radio", name="Row %").check()
    expect(cells.first).to_contain_text("%")


def test_classes_are_sorted_by_what_one_asks_for(look: Callable[..., Page]) -> None:
    page = look("evaluate")
    table = page.get_by_role("region", name="Per class").get_by_role("table")
    table.get_by_role("button", name="Recall").click()
    shown = [row.inner_text() for row in table.locator("tbody tr td:nth-child(4)").all()]
    recalls = [float(text.split("%")[0]) for text in shown]
    assert recalls == sorted(recalls)
    expect(table.get_by_role("columnheader", name="Recall")).to_have_attribute(
        "aria-sort", "ascending"
    )


def test_a_report_opens_beside_the_designer(look: Callable[..., Page]) -> None:
    page = look("report")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the report in a new tab").click()
    report = opened.value
    expect(report.get_by_role("heading", level=1)).to_be_visible()
    report.close()


def test_two_runs_stand_side_by_side(look: Callable[..., Page], finished: Finished) -> None:
    file = finished.server.folder / "cells.yml"
    _run(finished.server.home, file, 4, "--up-to", "evaluate")
    page = look("train")
    first, second = finished.run, str(_ask(page, "/api/runs")["runs"][0]["id"])
    page.goto(f"{finished.server.origin}/compare/{first}/{second}")
    expect(page.get_by_role("heading", name="Two runs side by side")).to_be_visible()
    differences = page.get_by_role("region", name="What differs").get_by_role("table")
    row = differences.get_by_role("row").filter(has_text="epochs")
    expect(row.first).to_contain_text("3")
    expect(row.first).to_contain_text("4")
    expect(page.get_by_role("heading", name=re.compile("erdict"))).to_have_count(1)
    curves = page.get_by_role("region", name="Training curves").last
    expect(curves.get_by_role("img", name=re.compile("^Loss"))).to_be_visible()
    axe(page)
    shot(page, "compare")
    page.get_by_role("button", name="Swap the runs").click()
    expect(page).to_have_url(f"{finished.server.origin}/compare/{second}/{first}")
    expect(page.get_by_label("First run (A)")).to_have_value(second)
