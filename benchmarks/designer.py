"""What the designer costs in a real browser: opening, dragging, checking, scrolling, telling.

    python -m benchmarks.designer [PART ...]

Parts: start, load, open, drag, check, tell, grid; all without one. Prints a line per figure, with
median and 95th percentile where a thing is repeated. Needs Chromium and the built pages.
"""

from __future__ import annotations

import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from tests.designer.tools import CHROMIUM_FLAGS, DesignerServer

SIZES = (20, 300, 1_000)
MOVES = 120
PICTURES = 20_000
_FIRST_STEP = "document.querySelector('.react-flow__node-step')"
_ZOOM = """() => new DOMMatrix(
    getComputedStyle(document.querySelector('.react-flow__viewport')).transform).a"""
# the centre of the step that is nearest the canvas's middle, or its upper edge
_STEP_NEAR = {
    name: f"""() => {{
        const pane = document.querySelector('.react-flow').getBoundingClientRect();
        const centre = box => [box.x + box.width / 2, box.y + box.height / 2];
        const [x, y] = [pane.x + pane.width / 2, pane.y + {down}];
        const far = ([a, b]) => Math.hypot(a - x, b - y);
        return [...document.querySelectorAll('.react-flow__node-step')]
          .map(step => centre(step.getBoundingClientRect())).sort((a, b) => far(a) - far(b))[0];
    }}"""
    for name, down in (("middle", "pane.height / 2"), ("edge", "20"))
}


def main(parts: Sequence[str]) -> None:
    """Measure the parts."""
    known: dict[str, Callable[[Page, DesignerServer], None]] = {
        "start": start, "load": load, "open": open_drafts, "drag": drag, "check": check,
        "tell": tell, "grid": grid,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder) / "home"
        server = DesignerServer(home, Path(folder))
        server.start()
        found = shutil.which("chromium") or shutil.which("chromium-browser")
        chromium = playwright.chromium.launch(executable_path=found, args=CHROMIUM_FLAGS)
        try:
            with page_of(chromium, server) as page:
                for part in parts or known:
                    known[part](page, server)
        finally:
            chromium.close()
            server.stop()
            server.end_runs()


@contextmanager
def page_of(chromium: Browser, server: DesignerServer) -> Iterator[Page]:
    """A page that is signed in."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.goto(server.link)
    page.wait_for_selector("main h1")
    yield page
    context.close()


def say(what: str, values: Sequence[float], unit: str = "ms") -> None:
    """Print median and 95th percentile."""
    ordered = sorted(values)
    high = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    print(f"{what:58} {statistics.median(ordered):9.1f} {high:9.1f} {unit}")


def pipeline(steps: int) -> str:
    """A deep pipeline: chains of splits side by side."""
    lines = ["type: pipeline", "inputs:", "  photos: {type: uri_folder, path: photos}", "jobs:"]
    lines += [
        "  convert:", "    type: command", "    component: azureml:convert_to_image_directory:1",
        "    inputs:", "      input_dataset: ${{parent.inputs.photos}}",
    ]  # fmt: skip
    for number in range(1, steps):
        before = (
            "convert.outputs.output_image_directory"
            if number < 8
            else f"s{number - 7}.outputs.output_image_directory{1 + number % 2}"
        )
        lines += [
            f"  s{number}:", "    type: command", "    component: azureml:split_image_directory:1",
            "    inputs:", f"      input_image_directory: ${{{{parent.jobs.{before}}}}}",
        ]  # fmt: skip
    return "\n".join(lines) + "\n"


def new_draft(page: Page, text: str) -> str:
    """A draft of a text; returns its id."""
    return str(
        page.evaluate(
            """text => fetch("/api/drafts", {method: "POST", body: JSON.stringify({text}),
            headers: {"Content-Type": "application/json"}}).then(a => a.json()).then(d => d.id)""",
            text,
        )
    )


def start(page: Page, _: DesignerServer) -> None:
    """From the command to the first answer of the page."""
    seconds = []
    for _start in range(5):
        with tempfile.TemporaryDirectory() as folder:
            other = DesignerServer(Path(folder) / "home", Path(folder))
            begun = time.monotonic()
            other.start()
            page.request.get(f"{other.origin}/api/health")
            seconds.append(1000 * (time.monotonic() - begun))
            other.stop()
    say("page reachable after the command", seconds)


def load(page: Page, server: DesignerServer) -> None:
    """What the browser fetches until the canvas is there, and until nothing more comes."""
    draft = new_draft(page, pipeline(20))
    for name, address in (("Home", "/"), ("a draft", f"/drafts/{draft}")):
        fresh = page.context.new_page()
        fresh.goto(f"{server.origin}{address}")
        fresh.wait_for_selector("main h1")
        fresh.wait_for_load_state("networkidle") if address == "/" else fresh.wait_for_timeout(1500)
        bytes_ = fresh.evaluate(
            """() => performance.getEntriesByType("resource")
            .filter(e => e.name.includes("/assets/")).reduce((n, e) => n + e.encodedBodySize, 0)"""
        )
        print(f"{f'fetched for {name}, lazy parts included':58} {bytes_ / 1000:9.1f} kB")
        fresh.close()


def open_drafts(page: Page, server: DesignerServer) -> None:
    """From the address to a canvas that answers."""
    for steps in SIZES:
        draft = new_draft(page, pipeline(steps))
        took = []
        for _ in range(5):
            begun = time.monotonic()
            page.goto(f"{server.origin}/drafts/{draft}")
            page.wait_for_function(f"() => {_FIRST_STEP}")
            # it answers: two frames pass, and a key moves the selection
            page.evaluate("() => new Promise(r => requestAnimationFrame(() => setTimeout(r)))")
            page.get_by_role("application", name=re.compile("^Canvas")).press("Home")
            page.wait_for_function("() => document.querySelector('.react-flow__node.selected')")
            took.append(1000 * (time.monotonic() - begun))
        say(f"{steps} steps interactive (warm)", took)


def drag(page: Page, server: DesignerServer) -> None:
    """Work of the main thread for each move of the pointer while a step is dragged."""
    client = page.context.new_cdp_session(page)
    client.send("Performance.enable")

    def figures() -> dict[str, float]:
        answer: dict[str, Any] = client.send("Performance.getMetrics")
        return {item["name"]: 1000 * item["value"] for item in answer["metrics"]}

    def moved(place: str, what: str, steps: int) -> None:
        x, y = page.evaluate(_STEP_NEAR[place])
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 8, y + 8)
        work, script = [], []
        for number in range(MOVES):
            before = figures()
            page.mouse.move(x + 8 + number % 40 * 4, y + 8 + number % 25 * 4)
            page.evaluate("() => new Promise(r => requestAnimationFrame(() => setTimeout(r)))")
            after = figures()
            work.append(after["TaskDuration"] - before["TaskDuration"])
            script.append(after["ScriptDuration"] - before["ScriptDuration"])
        page.mouse.up()
        page.wait_for_timeout(500)
        say(f"a pointer event while dragging, {steps} steps, {what}", work)
        say("    of it script", script)

    for steps in SIZES[1:]:
        draft = new_draft(page, pipeline(steps))
        page.goto(f"{server.origin}/drafts/{draft}")
        page.wait_for_function(f"() => {_FIRST_STEP}")
        page.wait_for_timeout(2_000)
        moved("middle", "all in sight", steps)
        moved("edge", "all in sight, the canvas moving along", steps)
        while float(page.evaluate(_ZOOM)) < 0.9:
            page.mouse.move(*page.evaluate(_STEP_NEAR["middle"]))
            page.mouse.wheel(0, -120)
            page.wait_for_timeout(100)
        moved("middle", "full size", steps)


def check(page: Page, server: DesignerServer) -> None:
    """From an edit to the fault that it makes, on the page."""
    for steps in SIZES:
        draft = new_draft(page, pipeline(steps))
        page.goto(f"{server.origin}/drafts/{draft}")
        page.wait_for_function(f"() => {_FIRST_STEP}")
        page.wait_for_timeout(1_500)
        took = []
        canvas = page.get_by_role("application", name=re.compile("^Canvas"))
        for _ in range(8):
            canvas.press("End")
            before = page.locator("[data-open]").inner_text()
            begun = time.monotonic()
            canvas.press("Control+d")
            page.wait_for_function(
                "before => document.querySelector('[data-open]').innerText !== before",
                arg=before,
                polling=5,
            )
            took.append(1000 * (time.monotonic() - begun))
        say(f"faults shown after an edit (duplicate), {steps} steps", took)


def tell(page: Page, server: DesignerServer) -> None:
    """From an edit made elsewhere to this page."""
    draft = new_draft(page, pipeline(20))
    page.goto(f"{server.origin}/drafts/{draft}")
    page.wait_for_function(f"() => {_FIRST_STEP}")
    page.wait_for_timeout(1_000)
    other = page.context.new_page()
    other.goto(f"{server.origin}/machine")
    took = []
    for number in range(12):
        name = f"Name {number}"
        begun = time.monotonic()
        other.evaluate(
            """([draft, name]) => void fetch(`/api/drafts/${draft}/name`, {method: "PUT",
            body: JSON.stringify({name}), headers: {"Content-Type": "application/json"}})""",
            [draft, name],
        )
        page.wait_for_function(
            "name => document.querySelector('main h1').innerText === name", arg=name, polling=5
        )
        took.append(1000 * (time.monotonic() - begun))
        page.wait_for_timeout(150)
    other.close()
    say("an edit of another tab on this page", took)


_SCROLL = """
([speed, seconds]) => new Promise(done => {
  const frame = [...document.querySelectorAll("main *")].find(
    e => e.scrollHeight > 20 * e.clientHeight && getComputedStyle(e).overflowY !== "visible");
  const begun = performance.now();
  let blank = 0, longest = 0, since = null;
  const look = () => {
    const now = performance.now();
    frame.scrollTop = (now - begun) / 1000 * speed;
    const box = frame.getBoundingClientRect();
    const missing = [...frame.querySelectorAll("img")].some(image => {
      const at = image.getBoundingClientRect();
      return at.bottom > box.top && at.top < box.bottom && !(image.complete && image.naturalWidth);
    });
    if (missing) since ??= now;
    else if (since !== null) { longest = Math.max(longest, now - since); since = null; }
    if (now - begun < seconds * 1000) requestAnimationFrame(look);
    else done(Math.max(longest, since === null ? 0 : now - since));
  };
  requestAnimationFrame(look);
})
"""


def grid(page: Page, server: DesignerServer) -> None:
    """The longest time that a picture in sight is missing while 20,000 are scrolled."""
    photos = server.folder / "photos"
    random = np.random.default_rng(1)
    for number in range(PICTURES):
        place = photos / f"class_{number % 10}"
        place.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 255, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((160, 120)).save(place / f"{number:05}.jpg", quality=80)
    text = pipeline(1).replace("path: photos", f"path: {photos}")
    draft = new_draft(page, text)
    run = page.evaluate(
        """draft => fetch(`/api/drafts/${draft}/runs`, {method: "POST", body: "{}",
        headers: {"Content-Type": "application/json"}}).then(a => a.json()).then(d => d.run)""",
        draft,
    )
    outputs: list[Any] = []
    while not outputs:
        page.wait_for_timeout(500)
        outputs = page.evaluate(
            """run => fetch(`/api/runs/${run}`).then(a => a.json())
            .then(d => d.steps[0].outputs)""",
            run,
        )
    artifact = outputs[0]["artifact"]
    page.goto(f"{server.origin}/look/ImageDirectory/{artifact}?run={run}&step=convert")
    page.wait_for_function("() => document.querySelector('main img')?.complete")
    page.wait_for_timeout(1_000)
    for speed in (1_000, 3_600):
        blanks = [page.evaluate(_SCROLL, [speed, 8]) for _ in range(3)]
        say(f"longest blank of 20,000 pictures at {speed:,} px/s", blanks)


if __name__ == "__main__":
    main(sys.argv[1:])
