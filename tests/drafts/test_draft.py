"""A draft keeps every revision, undoes and redoes, and never overwrites what others wrote."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.drafts.conftest import COMMENTED
from visionloom.drafts import disk
from visionloom.drafts.content import Content
from visionloom.drafts.draft import Draft, DraftConflictError
from visionloom.drafts.drafts import Drafts
from visionloom.drafts.history import begun
from visionloom.errors import InvalidPipelineError, NotThereError, UsageError
from visionloom.settings import load_settings
from visionloom.spec.layout import Layout, Note, read_layout


def begin(drafts: Drafts, text: str = COMMENTED) -> Draft:
    return drafts.create(lambda folder: Content(text, Layout()))


def write(draft: Draft, text: str, label: str = "Edit", merge: str = "") -> None:
    base = draft.now().revision.number
    draft.change(base, lambda content: replace(content, text=text), label, merge)


def test_the_file_is_what_the_newest_revision_says(drafts: Drafts) -> None:
    draft = begin(drafts)
    assert draft.file.read_text() == COMMENTED
    write(draft, COMMENTED + "# more\n")
    assert draft.file.read_text() == COMMENTED + "# more\n"
    draft.undo(draft.now().revision.number)
    assert draft.file.read_bytes() == COMMENTED.encode()


def test_a_layout_is_part_of_a_revision(drafts: Drafts) -> None:
    draft = begin(drafts)
    placed = Layout({"convert": (10, 20)})
    draft.change(1, lambda content: replace(content, layout=placed), "Move convert")
    assert read_layout(draft.file).positions == {"convert": (10, 20)}
    draft.undo(2)
    assert read_layout(draft.file).positions == {}
    assert draft.file.read_text() == COMMENTED


def test_undo_and_redo_say_what_they_are_about_also_after_a_restart(drafts: Drafts) -> None:
    draft = begin(drafts)
    write(draft, "a: 1\n", "First")
    write(draft, "a: 2\n", "Second")
    draft.undo(3)
    again = Drafts(load_settings()).get(draft.id)
    now = again.now()
    assert (now.undo, now.redo, now.content.text) == ("First", "Second", "a: 1\n")
    again.redo(4)
    assert again.now().content.text == "a: 2\n"
    assert draft.now().revision.number == 5, "who had it open sees it too"


def test_an_edit_after_an_undo_leaves_nothing_to_redo(drafts: Drafts) -> None:
    draft = begin(drafts)
    write(draft, "a: 1\n")
    draft.undo(2)
    write(draft, "a: 2\n")
    assert draft.now().redo is None
    with pytest.raises(UsageError, match="nothing to redo"):
        draft.redo(4)


def test_typing_into_a_field_is_one_entry_of_the_history(home: Path) -> None:
    moment = [1000.0]
    drafts = Drafts(load_settings(), clock=lambda: moment[0])
    draft = begin(drafts)
    for number in range(3):
        write(draft, f"a: {number}\n", "Set fraction", "fraction")
        moment[0] += 1
    moment[0] += 5
    write(draft, "a: 9\n", "Set fraction", "fraction")
    draft.undo(draft.now().revision.number)
    assert draft.now().content.text == "a: 2\n"
    draft.undo(draft.now().revision.number)
    assert draft.now().content.text == COMMENTED
    assert draft.now().undo is None


def test_an_edit_that_changes_nothing_is_no_revision(drafts: Drafts) -> None:
    draft = begin(drafts)
    write(draft, COMMENTED)
    assert draft.now().revision.number == 1


def test_who_edits_an_older_revision_is_refused_and_nothing_is_changed(drafts: Drafts) -> None:
    draft = begin(drafts)
    write(draft, "a: 1\n")
    with pytest.raises(DraftConflictError) as refused:
        draft.change(1, lambda content: replace(content, text="mine\n"), "Mine")
    assert refused.value.where == "tab"
    assert draft.file.read_text() == "a: 1\n"


def test_what_somebody_else_wrote_to_the_file_is_never_overwritten_silently(
    drafts: Drafts,
) -> None:
    draft = begin(drafts)
    draft.file.write_text("theirs: 1\n")
    with pytest.raises(DraftConflictError) as refused:
        write(draft, "mine: 1\n")
    assert refused.value.where == "disk"
    assert draft.file.read_text() == "theirs: 1\n"
    draft.reload(1)
    assert draft.now().content.text == "theirs: 1\n"
    draft.undo(2)
    assert draft.file.read_text() == COMMENTED


def test_what_an_editor_saves_during_an_edit_is_not_overwritten(
    drafts: Drafts, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = begin(drafts)
    append = draft._journal.append

    def meanwhile(*line: object, **how: object) -> int:
        draft.file.write_text("theirs: 1\n")
        return append(*line, **how)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(draft._journal, "append", meanwhile)
        with pytest.raises(DraftConflictError) as refused:
            write(draft, "mine: 1\n")
    assert refused.value.where == "disk"
    assert draft.file.read_text() == "theirs: 1\n"
    again = Drafts(load_settings()).get(draft.id)
    assert (again.now().revision.number, again.now().content.text) == (1, COMMENTED)


@pytest.mark.parametrize("when", ["reload", "open"])
def test_what_an_editor_saves_while_its_file_is_read_is_not_overwritten(
    drafts: Drafts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, when: str
) -> None:
    file = tmp_path / "cells.yml"
    file.write_text("first: 1\n")
    draft = drafts.open_file(file) if when == "reload" else None
    file.write_text("second: 1\n")
    read = disk._read

    def meanwhile(path: Path, *most: int) -> bytes | None:
        found = read(path, *most)
        if found == b"second: 1\n":
            file.write_text("third: 1\n")
        return found

    with monkeypatch.context() as patched:
        patched.setattr(disk, "_read", meanwhile)
        if draft is None:
            draft = drafts.open_file(file)
        else:
            draft.reload(1)
    assert draft.now().content.text == "second: 1\n"
    with pytest.raises(DraftConflictError):
        write(draft, "mine: 1\n")
    assert file.read_text() == "third: 1\n"


def test_more_than_could_be_read_again_is_refused_and_the_draft_goes_on(drafts: Drafts) -> None:
    draft = begin(drafts)
    notes = tuple(Note("x" * 9_000, 0, number) for number in range(500))
    with pytest.raises(UsageError, match="more than the limit layout_bytes of 4194304"):
        draft.change(1, lambda content: replace(content, layout=Layout({}, notes)), "Notes")
    with pytest.raises(UsageError, match="more than the limit yaml_bytes of 1048576"):
        write(draft, "#" * 2_000_000)
    write(draft, "a: 1\n")
    assert draft.file.read_text() == "a: 1\n"


def test_overwriting_is_a_choice(drafts: Drafts) -> None:
    draft = begin(drafts)
    draft.file.write_text("theirs: 1\n")
    draft.overwrite(1)
    assert draft.file.read_text() == COMMENTED
    write(draft, "mine: 1\n")


def test_a_version_is_gone_back_to_and_that_is_undone(drafts: Drafts) -> None:
    draft = begin(drafts)
    draft.name_version(1, "as photographed")
    for number in range(4):
        write(draft, f"a: {number}\n")
    (version,) = draft.now().versions
    assert version.name == "as photographed"
    draft.restore(draft.now().revision.number, version.revision)
    assert draft.now().content.text == COMMENTED
    assert draft.now().undo == "Restore as photographed"
    draft.undo(draft.now().revision.number)
    assert draft.now().content.text == "a: 3\n"


def test_named_versions_stay_when_old_revisions_go(drafts: Drafts) -> None:
    draft = begin(drafts)
    draft.name_version(1, "first")
    for number in range(900):
        write(draft, f"a: {number}\n", merge="typing")
    again = Drafts(load_settings()).get(draft.id)
    assert again.content_of(1).text == COMMENTED
    assert again.now().content.text == "a: 899\n"


def test_naming_a_version_names_what_was_looked_at(drafts: Drafts) -> None:
    draft = begin(drafts)
    write(draft, "a: 1\n")
    with pytest.raises(DraftConflictError):
        draft.name_version(1, "good")
    assert draft.now().versions == ()


def test_the_last_name_there_is_room_for_can_be_moved(
    drafts: Drafts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visionloom.drafts.draft._MOST_VERSIONS", 2)
    draft = begin(drafts)
    for name in ("first", "second", "second"):
        draft.name_version(1, name)
    with pytest.raises(UsageError, match="2 named versions"):
        draft.name_version(1, "third")


def test_notes_count_in_what_is_kept_of_a_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visionloom.drafts.history.KEPT_BYTES", 100_000)
    history = begun(Content("a: 1\n", Layout()), 0.0)
    for number in range(50):
        drawn = Layout({}, (Note("x" * 10_000, 0, number),))
        history.take(history.change("edit", Content("a: 1\n", drawn), "Note", "", float(number)))
    kept = history.trimmed()
    assert len(json.dumps(kept.snapshot())) < 110_000
    assert kept.newest == history.newest


def test_drafts_used_long_ago_are_forgotten_and_read_anew(
    drafts: Drafts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visionloom.drafts.drafts._KEPT_OPEN", 2)
    first, *others = (begin(drafts, f"a: {number}\n") for number in range(4))
    assert drafts.get(others[-1].id) is others[-1]
    again = drafts.get(first.id)
    assert again is not first
    write(again, "b: 1\n")
    write(first, "b: 2\n")
    assert again.now().content.text == "b: 2\n"


def test_a_file_is_edited_where_it_is_and_its_line_ends_stay(
    drafts: Drafts, tmp_path: Path
) -> None:
    file = tmp_path / "checkout" / "cells.yml"
    (tmp_path / "checkout" / ".git").mkdir(parents=True)
    data = b"\xef\xbb\xbf" + COMMENTED.replace("\n", "\r\n").encode()
    file.write_bytes(data)
    draft = drafts.open_file(file)
    assert draft.in_place
    write(draft, draft.now().content.text.replace("0.9", "0.7"))
    assert file.read_bytes() == data.replace(b"0.9", b"0.7")
    draft.undo(2)
    assert file.read_bytes() == data
    assert drafts.open_file(file).id == draft.id
    drafts.delete(draft.id)
    assert file.read_bytes() == data, "the user's own file stays"


def test_a_file_changed_while_it_was_not_open_is_taken_as_it_is(
    drafts: Drafts, tmp_path: Path
) -> None:
    file = tmp_path / "cells.yaml"
    file.write_text(COMMENTED)
    draft = drafts.open_file(file)
    write(draft, "a: 1\n")
    file.write_text("theirs: 2\n")
    draft = drafts.open_file(file)
    assert draft.now().content.text == "theirs: 2\n"
    draft.undo(draft.now().revision.number)
    assert file.read_text() == "a: 1\n"


@pytest.mark.parametrize("name", ["notes.txt", "missing.yml"])
def test_what_is_no_pipeline_file_is_not_opened(drafts: Drafts, tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("a: 1\n")
    with pytest.raises(InvalidPipelineError, match=name):
        drafts.open_file(tmp_path / name)


def test_a_draft_that_was_deleted_is_not_there(drafts: Drafts) -> None:
    draft = begin(drafts)
    drafts.delete(draft.id)
    with pytest.raises(NotThereError):
        drafts.get(draft.id)
    with pytest.raises(NotThereError):
        write(draft, "a: 1\n")
    assert drafts.cards() == []


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "", "x" * 300, "%2e%2e"])
def test_no_id_leads_out_of_the_folder_of_drafts(drafts: Drafts, name: str) -> None:
    with pytest.raises(NotThereError):
        drafts.get(name)


def test_listeners_are_told_of_every_change(drafts: Drafts) -> None:
    told: list[tuple[str, int]] = []
    end = drafts.subscribe(lambda name, revision: told.append((name, revision)))
    draft = begin(drafts)
    write(draft, "a: 1\n")
    end()
    write(draft, "a: 2\n")
    assert told == [(draft.id, 1), (draft.id, 2)]


_WRITER = """
import sys
from dataclasses import replace
from visionloom.drafts.drafts import Drafts
from visionloom.settings import load_settings

draft = Drafts(load_settings()).get(sys.argv[1])
while True:
    number = draft.now().revision.number
    text = f"a: {number}\\n" + "# filler\\n" * 50
    draft.change(number, lambda content: replace(content, text=text), "Edit")
    print(number + 1, flush=True)
"""


def test_a_writer_killed_at_any_moment_loses_nothing_it_had_answered(drafts: Drafts) -> None:
    draft = begin(drafts)
    for attempt in range(20):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, draft.id], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        answered = int(writer.stdout.readline())
        time.sleep(0.003 * attempt)
        writer.kill()
        rest = writer.stdout.read().split()
        writer.wait()
        answered = int(rest[-1]) if rest else answered
        again = Drafts(load_settings()).get(draft.id)
        newest = again.now().revision
        assert newest.number >= answered
        assert again.content_of(answered).text.startswith(f"a: {answered - 1}\n")
        assert again.file.read_text() == newest.content.text
        write(again, f"after: {attempt}\n")
        again.undo(again.now().revision.number)
        assert again.now().content.text == newest.content.text


def test_an_edit_of_ones_own_is_no_change_of_the_file_on_disk(drafts: Drafts) -> None:
    draft, stop = begin(drafts), threading.Event()

    def look() -> None:
        while not stop.is_set():
            draft.check_disk()

    with ThreadPoolExecutor(1) as looking:
        looked = looking.submit(look)
        for number in range(20):
            write(draft, f"a: {number}\n")
        stop.set()
        looked.result()
    draft.file.write_text("by hand")
    with pytest.raises(DraftConflictError):
        draft.check_disk()
