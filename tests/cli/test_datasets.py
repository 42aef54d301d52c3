"""`visionloom datasets`: what the designer knows, on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from visionloom.cli.main import main
from visionloom.drafts.content import Content
from visionloom.drafts.drafts import Drafts
from visionloom.settings import load_settings
from visionloom.spec.layout import Layout

Photos = Callable[..., Path]


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as done:
        main(["datasets", *words])
    return int(done.value.code or 0)


def listed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    capsys.readouterr()
    assert run("list", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, list)
    return found


def test_photos_are_added_listed_and_deleted(
    photos: Photos, capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    folder = photos(cat=2, dog=3)
    assert run("add", str(folder), "--name", "my pets") == 0
    assert f"its path is {home / 'datasets' / 'my-pets'}" in capsys.readouterr().out
    (found,) = listed(capsys)
    assert (found["name"], found["files"]) == ("my-pets", 5)
    assert run("delete", "my-pets", "--yes") == 0
    assert listed(capsys) == []
    assert len(list(folder.rglob("*.png"))) == 5


def test_files_that_are_not_taken_are_named_and_the_others_are_added(
    photos: Photos, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = photos(cat=2, dog=3)
    (folder / "cat" / "CON.png").write_bytes((folder / "cat" / "cat_00.png").read_bytes())
    (folder / "dog" / "a\\b.png").write_bytes(b"x")
    assert run("add", str(folder), "--name", "pets") == 0
    said = capsys.readouterr().out
    assert said.count("Left out:") == 2
    assert "CON" in said
    (found,) = listed(capsys)
    assert (found["name"], found["files"]) == ("pets", 5)


def test_an_unknown_name_gets_the_nearest(
    photos: Photos, capsys: pytest.CaptureFixture[str]
) -> None:
    run("add", str(photos()), "--name", "flowers")
    assert run("delete", "flower", "--yes") == 2
    assert "Did you mean flowers?" in capsys.readouterr().err


def test_photos_that_a_draft_reads_are_not_deleted(
    photos: Photos, capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    run("add", str(photos()), "--name", "pets")
    text = f"display_name: Pets\n# reads {home / 'datasets' / 'pets'}\n"
    Drafts(load_settings()).create(lambda _: Content(text, Layout()))
    assert run("delete", "pets", "--yes") == 2
    assert "used by 1 draft: Pets" in capsys.readouterr().err
    assert len(listed(capsys)) == 1


def test_what_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("add", str(tmp_path / "nothing")) == 2
    assert "does not exist" in capsys.readouterr().err
