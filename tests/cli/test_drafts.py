"""`visionloom drafts`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from visionloom.cli.main import main


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["drafts", *arguments])
    return int(ended.value.code or 0)


def test_drafts_are_made_listed_and_deleted_and_the_file_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cells.yml"
    file.write_text("type: pipeline\n")
    assert run("list") == 0
    assert "no drafts" in capsys.readouterr().out
    assert run("new", str(file)) == 0
    capsys.readouterr()
    assert run("list", "--json") == 0
    (draft,) = json.loads(capsys.readouterr().out)
    assert draft["file"] == str(file)
    assert run("delete", draft["id"], "--yes") == 0
    assert file.read_text() == "type: pipeline\n"
    assert run("delete", draft["id"], "--yes") == 2
    assert "no draft" in capsys.readouterr().err
