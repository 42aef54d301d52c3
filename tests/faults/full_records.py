"""Records on a disk without a free byte, and no reserve: read, and changed again and again.

unshare -Ur -m python -m tests.faults.full_records FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.faults.namespaces import fill, mount_small_disk
from visionloom.records.recorder import open_records
from visionloom.records.rows import RunRow

CHANGES = 300


def main(home: Path) -> None:
    """Do it."""
    mount_small_disk(home, 4)
    url = f"sqlite:///{home}/records.sqlite"
    with open_records(url) as records:
        records.create_run(RunRow("r", "r"), [])
        fill(home)
        for number in range(CHANGES):
            records.note("r", f"text {number}")
        assert records.get_run("r").note == f"text {CHANGES - 1}"
    fill(home)
    # nobody has them open: there is no room for what readers and writers share
    with open_records(url) as records:
        assert [row.id for row in records.list_runs()] == ["r"]
    print(f"{CHANGES} changes on a full disk, then read")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
