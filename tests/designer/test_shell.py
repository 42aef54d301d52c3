"""The frame around every page: places, headings, colours, the server gone and back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.designer.tools import DesignerServer, Faults, axe, shot

HEADINGS = {"Home": "From photos to a model", "Runs": "Runs", "Machine": "Machine"}


def go(page: Page, place: str) -> None:
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=place).click()


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


@pytest.mark.parametrize("place", ["Home", "Runs", "Machine"])
def test_a_place_has_one_heading_a_title_and_no_serious_fault(page: Page, place: str) -> None:
    go(page, place)
    heading(page, HEADINGS[place])
    expect(page).to_have_title(f"{place} · Visionloom")
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    link = page.get_by_role("navigation", name="Pages").get_by_role("link", name=place)
    expect(link).to_have_attribute("aria-current", "page")
    page.wait_for_load_state("networkidle")
    axe(page)
    shot(page, f"empty-{place.lower()}")


def test_going_to_a_place_puts_the_focus_on_its_heading(page: Page) -> None:
    for place in ("Runs", "Machine", "Home"):
        go(page, place)
        expect(page.get_by_role("heading", level=1, name=HEADINGS[place])).to_be_focused()


def test_the_page_is_reached_past_the_places_with_one_key(page: Page) -> None:
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the page")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Choose folder")).to_be_focused()


def test_colours_are_chosen_by_keyboard_and_kept(page: Page) -> None:
    def ground() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = ground()
    button = page.get_by_role("button", name="Colours")
    button.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitemcheckbox", name="As the system has it")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(button).to_be_focused()
    assert ground() != light
    page.reload()
    heading(page, HEADINGS["Home"])
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Colours").click()
    page.get_by_role("menuitemcheckbox", name="Light").click()
    assert ground() == light


def test_an_address_that_is_none_says_so(page: Page, server: DesignerServer) -> None:
    page.goto(f"{server.origin}/machine/elsewhere")
    heading(page, "There is no such page.")
    page.get_by_role("link", name="Go to the home page").click()
    heading(page, HEADINGS["Home"])


def test_a_browser_without_the_link_is_told_how_to_get_it(
    browser: Browser, server: DesignerServer
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.origin)
    heading(page, "This page needs its link")
    expect(page.get_by_role("main")).to_contain_text("visionloom designer")
    axe(page)
    shot(page, "not-signed-in")
    context.close()


def test_a_server_that_is_killed_is_told_and_found_again(
    page: Page, server: DesignerServer, faults: Faults
) -> None:
    faults.allow(r"ERR_CONNECTION|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_NETWORK")
    lost = page.get_by_text("The Visionloom server does not answer.")
    server.stop(kill=True)
    expect(lost.first).to_be_visible()
    axe(page)
    shot(page, "server-gone")
    server.start()
    expect(lost).to_have_count(0, timeout=60_000)
    go(page, "Machine")
    heading(page, HEADINGS["Machine"])
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_sign_in_that_ended_is_told_over_the_page_and_taken_up_again(
    page: Page, server: DesignerServer, faults: Faults
) -> None:
    faults.allow(r"ERR_CONNECTION|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_NETWORK|401")
    go(page, "Runs")
    page.get_by_role("searchbox", name="Search runs").fill("birds")
    page.context.clear_cookies()
    server.restart(kill=True)
    ended = page.get_by_text("This browser is not signed in any more.")
    expect(ended).to_be_visible()
    expect(page.get_by_text("goes on by itself once the server is back")).to_have_count(0)
    expect(page.get_by_role("searchbox", name="Search runs")).to_have_value("birds")
    page.context.add_cookies(server.cookies)
    expect(ended).to_have_count(0)


def test_too_many_tabs_are_told_as_such(page: Page, server: DesignerServer, faults: Faults) -> None:
    faults.allow("429")
    refusal = {
        "name": "TooManyRequestsError",
        "message": "Too many pages are open: 8 of this browser.",
        "remedy": "",
        "problems": [],
    }
    page.route("**/api/events*", lambda route: route.fulfill(status=429, json=refusal))
    page.reload()
    told = page.get_by_text("Too many pages are open: 8 of this browser.")
    expect(told).to_be_visible()
    expect(page.get_by_text("Close some of them.")).to_be_visible()
    page.unroute_all()
    expect(told).to_have_count(0)


def test_everything_is_reached_on_a_tablet(page: Page) -> None:
    page.set_viewport_size({"width": 820, "height": 1180})
    for place, words in HEADINGS.items():
        go(page, place)
        heading(page, words)
        page.wait_for_load_state("networkidle")
        width = page.evaluate("document.querySelector('main').scrollWidth")
        assert width <= page.evaluate("document.querySelector('main').clientWidth"), place
        shot(page, f"tablet-{place.lower()}")


def test_small_targets_are_no_smaller_than_a_fingertip_allows(page: Page) -> None:
    for place in HEADINGS:
        go(page, place)
        page.wait_for_load_state("networkidle")
        for control in page.get_by_role("button").all():
            box = control.bounding_box()
            assert box is None or min(box["width"], box["height"]) >= 24, control


def test_nothing_is_asked_of_another_host(page: Page, server: DesignerServer) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for place in ("Runs", "Machine", "Home"):
        go(page, place)
        page.wait_for_load_state("networkidle")
    others = [url for url in asked if not re.match(rf"{server.origin}/|blob:", url)]
    assert asked
    assert not others
