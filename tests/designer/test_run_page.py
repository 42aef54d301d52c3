"""The page of a run: live, stopped, finished early, failed, and when the server is killed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.designer.tools import ROOT, DesignerServer, Faults, axe, shot

EXAMPLE = ROOT / "examples/pipelines/augmentation_from_scratch.yml"


def begin(server: DesignerServer, photos: Path, epochs: int, **values: object) -> str:
    """Start a run on the command line; returns its id."""
    file = photos.parent / EXAMPLE.name
    if not file.exists():
        shutil.copy(EXAMPLE, file)
    said = {"photos": photos, "epochs": epochs, "size": 32, **values}
    command = [sys.executable, "-m", "visionloom.cli.main", "run", str(file), "--detach", "--json"]
    for name, value in said.items():
        command += ["--set", f"{name}={value}"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=server.folder)
    return str(json.loads(told.stdout)["run"])


def open_run(page: Page, server: DesignerServer, run: str) -> None:
    page.goto(f"{server.origin}/runs/{run}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def story(page: Page) -> str:
    return page.get_by_role("region", name="How it went").inner_text()


def test_a_training_is_watched_to_its_end_and_every_button_leads_to_what_it_says(
    page: Page, server: DesignerServer, tiny_photos: Callable[..., Path]
) -> None:
    run = begin(server, tiny_photos(), 25)
    open_run(page, server, run)
    head = page.get_by_role("banner").or_(page.locator("main header")).first
    expect(head.get_by_text("Running")).to_be_visible()
    how = page.get_by_role("region", name="How it went")
    expect(how.get_by_role("heading", name=re.compile("Train PyTorch Model runs"))).to_be_visible()
    expect(how.get_by_role("progressbar")).to_be_visible()
    expect(how.get_by_text(re.compile(r"epoch \d+/25"))).to_be_visible()
    shot(page, "run-running")
    expect(how.get_by_role("heading", name=re.compile("pictures are right"))).to_be_visible(
        timeout=120_000
    )
    expect(head.get_by_text("Succeeded")).to_be_visible()
    shot(page, "run")
    axe(page)
    page.get_by_role("tab", name="Timeline").click()
    expect(page.get_by_role("region", name="When each step ran")).to_be_visible()
    shot(page, "run-timeline")
    axe(page)
    page.get_by_role("tab", name="Curves").click()
    expect(page.get_by_role("button", name=re.compile("table", re.IGNORECASE))).to_be_visible()
    for link, heading in (
        ("Look at the mistakes", "Scored pictures"), ("What is taken for what", "Evaluation"),
        ("The model, and a photo to try it", "Trained model"), ("The photos", "Pictures"),
    ):  # fmt: skip
        page.get_by_role("link", name=link).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(
            re.compile(heading, re.IGNORECASE)
        )
        page.go_back()
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Score new photos with this model").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Make the draft").click()
    expect(dialog.get_by_role("table")).to_be_visible()
    dialog.get_by_role("link", name=re.compile("Open it")).click()
    page.wait_for_url(re.compile("/drafts/"))


@pytest.mark.slow
def test_a_run_is_cancelled_and_gone_on_with(
    page: Page, server: DesignerServer, tiny_photos: Callable[..., Path]
) -> None:
    run = begin(server, tiny_photos(), 400)
    open_run(page, server, run)
    expect(page.get_by_text(re.compile(r"epoch \d+/400")).first).to_be_visible()
    page.get_by_role("button", name="Cancel run").click()
    resume = page.get_by_role("button", name="Resume")
    expect(resume).to_be_visible()
    assert "Resume goes on from where it stopped" in story(page)
    axe(page)
    shot(page, "run-interrupted")
    resume.click()
    page.wait_for_url(lambda address: "/runs/" in address and run not in address)
    expect(page.get_by_role("link", name="Goes on with an earlier run")).to_be_visible()
    expect(page.get_by_text(re.compile(r"epoch \d+/400")).first).to_be_visible()


@pytest.mark.slow
def test_training_is_ended_early_with_the_best_so_far_and_what_follows_runs(
    page: Page, server: DesignerServer, tiny_photos: Callable[..., Path]
) -> None:
    run = begin(server, tiny_photos(), 400)
    open_run(page, server, run)
    expect(page.get_by_text(re.compile(r"epoch \d+/400")).first).to_be_visible()
    page.get_by_role("button", name="Stop and keep the best").click()
    expect(page.get_by_role("heading", name=re.compile("pictures are right"))).to_be_visible(
        timeout=60_000
    )


def test_a_server_killed_in_mid_training_comes_back_and_the_page_goes_on(
    page: Page, server: DesignerServer, tiny_photos: Callable[..., Path], faults: Faults
) -> None:
    faults.allow("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|Failed to fetch|ERR_EMPTY")
    run = begin(server, tiny_photos(), 60)
    open_run(page, server, run)
    expect(page.get_by_text(re.compile(r"epoch \d+/60")).first).to_be_visible()
    server.stop(kill=True)
    page.wait_for_timeout(1_500)
    server.restart()
    expect(page.get_by_role("heading", name=re.compile("pictures are right"))).to_be_visible(
        timeout=120_000
    )


def test_a_run_that_failed_says_why_and_what_to_do(
    page: Page, server: DesignerServer, tiny_photos: Callable[..., Path]
) -> None:
    photos = tiny_photos()
    file = photos.parent / EXAMPLE.name
    file.write_text(EXAMPLE.read_text().replace("learning_rate: ", "learning_rate: 1e9  # "))
    if "learning_rate" not in EXAMPLE.read_text():
        file.write_text(
            EXAMPLE.read_text().replace(
                "      epochs: ", "      learning_rate: 1e9\n      epochs: "
            )
        )
    run = begin(server, photos, 5)
    open_run(page, server, run)
    expect(page.get_by_role("heading", name="train failed")).to_be_visible(timeout=60_000)
    assert "loss" in story(page)
    axe(page)
    shot(page, "run-failed")
    page.get_by_role("button", name="Show its log").click()
    expect(page.get_by_role("tab", name="Log", selected=True)).to_be_visible()


def test_a_run_is_edited_as_a_draft(
    page: Page, server: DesignerServer, tiny_photos: Callable[..., Path]
) -> None:
    run = begin(server, tiny_photos(), 5)
    open_run(page, server, run)
    page.get_by_role("button", name="Edit as draft").click()
    page.wait_for_url(re.compile("/drafts/"))
    expect(page.locator("#step-train")).to_be_attached()
