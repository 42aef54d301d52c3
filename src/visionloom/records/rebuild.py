"""The records made again from the folders of the runs; see `visionloom.records.documents`."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from visionloom.artifacts.atomic import write_file
from visionloom.records.database import Database
from visionloom.records.documents import DOCUMENT_NAME, Rebuilt, describe
from visionloom.records.recorder import Recorder, open_records
from visionloom.records.schema import alone


def run_document(recorder: Recorder, run: str) -> dict[str, Any]:
    """All that is known of a run as a JSON value, for ``run.json`` in its folder.

    Raises:
        RunStateError: There is no such run.
    """
    with recorder.database.read() as connection:
        return describe(connection, run)


def write_run_document(recorder: Recorder, run: str, folder: Path) -> None:
    """Write ``run.json``, from which the records of a run can be made again.

    Raises:
        RunStateError: There is no such run.
        FailedToWriteOutputsError, ModuleOutOfMemoryError: The folder cannot be written to.
    """
    document = json.dumps(run_document(recorder, run), ensure_ascii=False)
    write_file(folder / DOCUMENT_NAME, document.encode())


def rebuild_file(url: str, runs_folder: Path) -> Rebuilt:
    """Move a damaged database aside and make the records again; a sound one gets what it lacks.

    No run may be going on.

    Raises:
        RecordsError: The database cannot be opened for another reason than damage.
    """
    moved = _move_aside(Database(url))
    with open_records(url) as recorder:
        return replace(recorder.rebuild(runs_folder), moved=moved)


def _move_aside(database: Database) -> Path | None:
    with alone(database):
        problem = database.problem() if database.path.exists() else ""
        database.close()
        if "damaged" not in problem:
            return None
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        target = database.path.with_name(f"{database.path.name}.damaged-{stamp}")
        # the log first: beside a new file it would be taken for that file's
        for suffix in ("-wal", "-shm", ""):
            part = Path(f"{database.path}{suffix}")
            if part.exists():
                part.replace(f"{target}{suffix}")
        return target
