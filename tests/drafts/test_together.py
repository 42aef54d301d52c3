"""Several who change one draft at once, and a file that changes under it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.drafts.conftest import COMMENTED
from visionloom.drafts.content import Content
from visionloom.drafts.draft import Draft, DraftConflictError
from visionloom.drafts.drafts import Drafts
from visionloom.spec.layout import Layout

EACH = 12


def try_to_add(draft: Draft, who: str, count: int) -> list[str]:
    """Add a line each time, on the revision seen last; the lines that were taken."""
    taken = []
    for number in range(count):
        line = f"# {who}-{number}\n"
        base = draft.now().revision.number

        def add(content: Content, line: str = line) -> Content:
            return replace(content, text=content.text + line)

        try:
            draft.change(base, add, f"Add {who}-{number}")
        except DraftConflictError as refused:
            if refused.where != "tab":
                raise
        else:
            taken.append(line.strip("# \n"))
    return taken


def look_through(draft: Draft, taken: list[str]) -> None:
    """Every change that was answered is in the history once, and no other."""
    now = draft.now()
    added = [line[2:] for line in now.content.text[len(COMMENTED) :].splitlines()]
    assert sorted(added) == sorted(taken)
    assert now.revision.number == 1 + len(taken)
    assert draft.file.read_text() == now.content.text
    for number in range(2, now.revision.number + 1):
        before, after = draft.content_of(number - 1).text, draft.content_of(number).text
        assert after == f"{before}# {added[number - 2]}\n"
    while draft.now().undo is not None:
        draft.undo(draft.now().revision.number)
    assert draft.file.read_text() == COMMENTED


def test_edits_of_eight_threads_are_each_taken_or_refused(drafts: Drafts) -> None:
    draft = drafts.create(lambda folder: Content(COMMENTED, Layout()))
    with ThreadPoolExecutor(8) as threads:
        jobs = [threads.submit(try_to_add, draft, f"t{n}", EACH) for n in range(8)]
        taken = [line for job in jobs for line in job.result()]
    assert taken
    look_through(draft, taken)


_OTHER = """
import sys
from tests.drafts.test_together import EACH, try_to_add
from visionloom.drafts.drafts import Drafts
from visionloom.settings import load_settings

draft = Drafts(load_settings()).get(sys.argv[1])
sys.stdin.readline()
print(*try_to_add(draft, sys.argv[2], 2 * EACH))
"""


def test_edits_of_two_processes_are_each_taken_or_refused(drafts: Drafts) -> None:
    draft = drafts.create(lambda folder: Content(COMMENTED, Layout()))
    others = [
        subprocess.Popen(
            [sys.executable, "-c", _OTHER, draft.id, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for name in ("p", "q")
    ]
    for other in others:
        assert other.stdin is not None
        other.stdin.write("go\n")
        other.stdin.flush()
    taken = [line for other in others for line in other.communicate(timeout=60)[0].split()]
    assert all(other.returncode == 0 for other in others)
    assert taken
    look_through(draft, taken)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_another_version_checked_out_under_an_open_draft_is_told_of_and_kept(
    drafts: Drafts, tmp_path: Path
) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()

    def git(*words: str) -> str:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        done = subprocess.run(
            ["git", *who, *words], cwd=checkout, check=True, capture_output=True, text=True
        )
        return done.stdout

    file = checkout / "cells.yml"
    git("init", "-q", "-b", "main")
    file.write_text(COMMENTED)
    git("add", "cells.yml")
    git("commit", "-qm", "First")
    file.write_text(COMMENTED.replace("0.9", "0.6"))
    git("commit", "-qam", "Second")

    draft = drafts.open_file(file)
    draft.change(1, lambda now: replace(now, text=now.text.replace("0.6", "0.7")), "Set")
    assert "+      fraction: 0.7   # was 0.8" in git("diff")
    git("checkout", "-q", "-f", "HEAD~1")
    with pytest.raises(DraftConflictError) as refused:
        draft.change(2, lambda now: replace(now, text=now.text + "# mine\n"), "Edit")
    assert refused.value.where == "disk"
    assert git("status", "--porcelain") == "", "nothing was written over the checkout"
    draft.reload(2)
    assert draft.now().content.text == COMMENTED
    draft.undo(3)
    assert "0.7" in file.read_text()
    git("checkout", "-q", "-f", "main")
    draft.overwrite(4)
    assert "0.7" in file.read_text()


def test_what_is_read_while_somebody_writes_is_not_taken_for_the_draft(drafts: Drafts) -> None:
    draft = drafts.create(lambda folder: Content(COMMENTED, Layout()))
    with draft.as_it_stands() as moment:
        assert draft.file.read_text() == moment.content.text
    with pytest.raises(DraftConflictError) as refused, draft.as_it_stands():
        draft.file.write_text("theirs: 1\n")
    assert refused.value.where == "disk"
    draft.overwrite(1)
    with pytest.raises(DraftConflictError) as late, draft.as_it_stands():
        draft.change(1, lambda now: replace(now, text="mine: 1\n"), "Edit")
    assert late.value.where == "tab"
