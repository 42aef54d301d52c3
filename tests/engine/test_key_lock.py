"""One holder at a time, told to others, and gone with its process."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from visionloom.engine import key_lock

_HOLD = """
import sys, time
from pathlib import Path
from visionloom.engine import key_lock
lock = key_lock.take(Path(sys.argv[1]), "another")
print("held" if lock else "refused", flush=True)
time.sleep(60)
"""


def test_one_holds_it_until_it_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "key.lock"
    lock = key_lock.take(path, "me")
    assert lock is not None
    assert key_lock.take(path, "you") is None
    assert key_lock.holder_of(path) == "me"
    lock.release()
    lock.release()
    after = key_lock.take(path, "you")
    assert after is not None
    assert key_lock.holder_of(path) == "you"
    after.release(remove=True)
    assert not path.exists()
    assert key_lock.holder_of(path) == ""


def test_the_dead_hold_nothing(tmp_path: Path) -> None:
    path = tmp_path / "key.lock"
    other = subprocess.Popen([sys.executable, "-c", _HOLD, path], stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    assert key_lock.take(path, "me") is None
    assert key_lock.holder_of(path) == "another"
    other.kill()
    other.communicate()
    lock = key_lock.take(path, "me")
    assert lock is not None
    lock.release()


def test_a_lock_that_is_removed_while_others_wait_for_it_is_still_held_by_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "key.lock"
    inside = 0
    most = 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(200):
            lock = key_lock.take(path, "x")
            if lock is not None:
                inside += 1
                most = max(most, inside)
                inside -= 1
                lock.release(remove=True)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
