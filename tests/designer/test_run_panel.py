"""The right panel and the bar of a draft: set, run, watch, stop, run again, ask why."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.designer.tools import ROOT, DesignerServer, Faults, axe, shot

EXAMPLE = ROOT / "examples/pipelines/augmentation_from_scratch.yml"
BEGIN = """async (text) => {
  const answer = await fetch("/api/drafts", {
    method: "POST", headers: {"Content-Type": "application/json"},
    body: JSON.stringify({name: "digits", template: "", text, run: "", draft: ""}),
  });
  return (await answer.json()).id;
}"""


@pytest.fixture
def draft(page: Page, tiny_photos: Callable[..., Path]) -> Callable[[int], None]:
    """Opens a draft of the example, with so many epochs."""

    def make(epochs: int) -> None:
        text = EXAMPLE.read_text().replace("path: photos", f"path: {tiny_photos()}")
        text = text.replace("epochs: 60", f"epochs: {epochs}").replace("size: 64", "size: 32")
        made = page.evaluate(BEGIN, text)
        page.goto(f"{page.url.split('/', 3)[0]}//{page.url.split('/', 3)[2]}/drafts/{made}")
        expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()

    return make


def panel(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Properties")


def choose(page: Page, step: str) -> None:
    """Select a step in the outline."""
    page.get_by_role("tab", name="Outline").click()
    page.get_by_role("treeitem", name=re.compile(step)).first.click()


def tab(page: Page, name: str) -> None:
    panel(page).get_by_role("tab", name=name).click()


def run_all(page: Page) -> None:
    """Run the draft and wait for its end."""
    page.get_by_role("button", name="Run", exact=True).click()
    bar = page.get_by_role("region", name="Run", exact=True)
    expect(bar.get_by_role("button", name="Cancel run")).to_be_visible()
    expect(bar.get_by_text("Succeeded")).to_be_visible(timeout=60_000)


def test_a_parameter_is_set_and_named_as_the_reason_of_the_next_run(
    page: Page, draft: Callable[[int], None]
) -> None:
    draft(3)
    run_all(page)
    expect(page.get_by_role("button", name="Nothing to run: every result is there")).to_be_visible()
    choose(page, "Train")
    field = panel(page).get_by_label("Batch size", exact=True)
    field.fill("8")
    # another step is chosen at once: what was typed belongs to the first
    choose(page, "Score")
    choose(page, "Train")
    expect(field).to_have_value("8")
    expect(panel(page).get_by_text("Changed since the last run, was 16")).to_be_attached()
    expect(page.get_by_role("button", name=re.compile("4 to run, 6 reused"))).to_be_visible()
    axe(page)
    tab(page, "Why")
    row = panel(page).get_by_role("row", name=re.compile("Parameter batch_size"))
    expect(row).to_contain_text("16")
    expect(row).to_contain_text("8")
    run_all(page)
    expect(panel(page).get_by_role("region", name="In this run").get_by_text("Ran")).to_be_visible()
    choose(page, "Split")
    expect(
        panel(page).get_by_role("region", name="In this run").get_by_text("Reused").first
    ).to_be_visible()
    shot(page, "draft-why")


def test_a_part_is_run_on_a_chosen_target_as_its_plan_said(
    page: Page, draft: Callable[[int], None]
) -> None:
    draft(3)
    strip = page.get_by_role("button", name="10 to run")
    strip.click()
    plan = page.get_by_role("dialog", name="Plan")
    expect(plan.get_by_role("rowheader")).to_have_count(10)
    expect(plan.get_by_role("row", name=re.compile("^convert"))).to_contain_text("Run")
    axe(page)
    shot(page, "draft-plan")
    page.keyboard.press("Escape")
    expect(strip).to_be_focused()
    ways = page.get_by_role("button", name="Ways to run")
    ways.click()
    expect(page.get_by_role("menuitem", name=re.compile("^Run up to here"))).to_be_disabled()
    page.get_by_role("menuitemcheckbox", name=re.compile("^Run on local")).click()
    choose(page, "Split")
    ways.click()
    shot(page, "draft-run-menu")
    page.get_by_role("menuitem", name=re.compile("^Run up to here")).click()
    bar = page.get_by_role("region", name="Run", exact=True)
    expect(bar.get_by_text("Succeeded")).to_be_visible(timeout=60_000)
    tab(page, "Compute")
    expect(panel(page).get_by_role("listitem").filter(has_text="local")).to_have_attribute(
        "aria-current", "true"
    )
    expect(page.get_by_role("button", name=re.compile("8 to run, 2 reused"))).to_be_visible()
    bar.get_by_role("link", name="Open run").click()
    page.wait_for_url(re.compile(r"/runs/\w+"))
    expect(page.get_by_role("main")).to_contain_text("Succeeded")


def test_a_wrong_value_stays_in_sight_and_keeps_the_draft_from_running(
    page: Page, draft: Callable[[int], None]
) -> None:
    draft(3)
    choose(page, "Train")
    field = panel(page).get_by_label("Patience", exact=True)
    field.fill("0")
    field.press("Enter")
    expect(panel(page).get_by_text("Must be 1 or more.")).to_be_visible()
    choose(page, "Score")
    problems = page.get_by_role("button", name="1 problem to solve first")
    problems.click()
    expect(field).to_be_focused()
    expect(field).to_have_value("0")
    page.reload()
    expect(problems).to_be_visible()
    problems.click()
    expect(field).to_have_value("0")
    axe(page)
    panel(page).get_by_role("button", name="More on Patience").click()
    page.get_by_role("menuitem", name=re.compile("Reset to default")).click()
    expect(field).to_have_value("")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()


def test_typing_is_not_lost_when_the_page_goes_at_once(
    page: Page, draft: Callable[[int], None]
) -> None:
    draft(3)
    choose(page, "Train")
    field = panel(page).get_by_label("Batch size", exact=True)
    field.fill("9")
    page.reload()
    choose(page, "Train")
    expect(field).to_have_value("9")
    page.get_by_role("button", name=re.compile("^Undo")).click()
    expect(field).to_have_value("")


def test_a_parameter_becomes_an_input_of_the_pipeline_and_is_unbound(
    page: Page, draft: Callable[[int], None]
) -> None:
    draft(3)
    choose(page, "Train")
    panel(page).get_by_role("button", name="More on Batch size").click()
    page.get_by_role("menuitem", name="Make it a pipeline input").click()
    expect(panel(page).get_by_text("Pipeline input batch_size")).to_be_visible()
    panel(page).get_by_role("button", name="Unbind Batch size").click()
    expect(panel(page).get_by_label("Batch size", exact=True)).to_have_value("16")


def test_fields_come_with_the_choice_they_depend_on(
    page: Page, draft: Callable[[int], None]
) -> None:
    draft(3)
    choose(page, "Init Image")
    resize = panel(page).get_by_role("switch", name="Resize", exact=True)
    expect(resize).not_to_be_checked()
    expect(panel(page).get_by_label("Size", exact=True)).to_have_count(0)
    resize.click()
    expect(panel(page).get_by_label("Size", exact=True)).to_be_visible()
    axe(page)


def test_ports_are_wired_by_keyboard(page: Page, draft: Callable[[int], None]) -> None:
    draft(3)
    choose(page, "Score")
    tab(page, "Connections")
    port = panel(page).get_by_label("Connect Dataset to")
    panel(page).get_by_role("button", name="Disconnect Dataset").press("Enter")
    expect(page.get_by_role("button", name="1 problem to solve first")).to_be_visible()
    offered = port.locator("option").all_inner_texts()
    assert any("Split" in text for text in offered)
    assert not any("ResNet" in text for text in offered)
    port.focus()
    page.keyboard.type("apply_to_val")
    page.keyboard.press("Enter")
    expect(port).to_have_value("step apply_to_validation output_image_directory")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    axe(page)


@pytest.mark.slow
def test_one_step_is_cancelled_and_its_log_searched(
    page: Page, draft: Callable[[int], None]
) -> None:
    draft(400)
    choose(page, "Train")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(panel(page).get_by_text("Running")).to_be_visible(timeout=60_000)
    tab(page, "Log")
    log = panel(page).get_by_role("log")
    expect(log.get_by_text(re.compile("training images"))).to_be_visible()
    panel(page).get_by_label("Search the log").fill("VALIDATION")
    expect(panel(page).get_by_text("2 lines")).to_be_visible()
    expect(log.locator("mark").first).to_have_text("validation")
    shot(page, "draft-log")
    panel(page).get_by_role("button", name="Cancel step").click()
    expect(panel(page).get_by_text(re.compile("Cancelled|Interrupted")).first).to_be_visible()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()
    axe(page)


def test_three_quick_presses_start_one_run(
    page: Page, draft: Callable[[int], None], server: DesignerServer
) -> None:
    draft(400)
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    for _ in range(3):
        page.keyboard.press("Control+Enter")
    bar = page.get_by_role("region", name="Run", exact=True)
    expect(bar.get_by_role("progressbar")).to_be_visible()
    runs = page.evaluate("() => fetch('/api/runs').then(a => a.json()).then(d => d.runs.length)")
    assert runs == 1


@pytest.mark.slow
def test_training_is_ended_from_the_bar_with_the_best_so_far(
    page: Page, draft: Callable[[int], None]
) -> None:
    draft(400)
    page.get_by_role("button", name="Run", exact=True).click()
    bar = page.get_by_role("region", name="Run", exact=True)
    expect(bar.get_by_role("progressbar")).to_be_visible()
    # an epoch is done before there is a best one
    expect(bar.get_by_text(re.compile("images/s"))).to_be_visible(timeout=60_000)
    bar.get_by_role("button", name="Stop and keep the best").click()
    expect(bar.get_by_text("Succeeded")).to_be_visible(timeout=60_000)
    expect(bar.get_by_text(re.compile("accuracy"))).to_be_visible()
    choose(page, "Train")
    tab(page, "Outputs")
    panel(page).get_by_role("link", name="Look at Trained model").click()
    page.wait_for_url(re.compile("/look/ModelDirectory/"))


@pytest.mark.slow
def test_a_server_that_is_killed_while_the_draft_runs_comes_back(
    page: Page, draft: Callable[[int], None], server: DesignerServer, faults: Faults
) -> None:
    faults.allow(
        "ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|Failed to fetch|ERR_EMPTY|CONTENT_LENGTH"
    )
    draft(20)
    page.get_by_role("button", name="Run", exact=True).click()
    bar = page.get_by_role("region", name="Run", exact=True)
    expect(bar.get_by_role("button", name="Stop and keep the best")).to_be_visible(timeout=60_000)
    choose(page, "Train")
    server.stop(kill=True)
    panel(page).get_by_label("Batch size", exact=True).fill("8")
    page.wait_for_timeout(1_000)
    server.restart()
    expect(bar.get_by_text("Succeeded")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name=re.compile("4 to run"))).to_be_visible(timeout=60_000)
    expect(panel(page).get_by_label("Batch size", exact=True)).to_have_value("8")
