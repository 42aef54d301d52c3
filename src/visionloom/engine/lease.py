"""Who carries out a run: one supervisor at a time, for as long as it renews its lease.

A takeover gives the run a higher fence, and whatever an earlier supervisor wants to record after it
is refused. So two can never both write; the lease only decides when a takeover is in order.
"""

from __future__ import annotations

import time
from pathlib import Path

from visionloom.engine import key_lock
from visionloom.engine.process import boot_id, identify, liveness
from visionloom.engine.timings import Clock, Timings
from visionloom.errors import LeaseLostError, RecordsError, RunStateError
from visionloom.records.recorder import Recorder
from visionloom.records.rows import RunRow

LOCK_NAME = "supervisor.lock"
_LOOK_SECONDS = 0.2


class Lease:
    """The lease of one run.

    Args:
        run: Its id.
        folder: Its folder.
        recorder: The records.
        timings, clock: What it goes by.

    Attributes:
        fence: What every change must carry; 0 before `acquire`.
        asked: What the records asked for at the last renewal: nothing, ``cancel`` or ``kill``.
    """

    def __init__(
        self, run: str, folder: Path, recorder: Recorder, timings: Timings, clock: Clock
    ) -> None:
        self._run = run
        self._lock = folder / LOCK_NAME
        self._recorder = recorder
        self._timings = timings
        self._clock = clock
        self._renewed = 0.0
        self._tried = 0.0
        self._failing_since: float | None = None
        self.fence = 0
        self.asked = ""

    def acquire(self) -> None:
        """Become the supervisor of the run.

        Raises:
            RunStateError: Another one is, or the run has ended.
            RecordsError: The records cannot be written.
        """
        me = identify()
        lock = key_lock.take(self._lock, str(me.pid))
        if lock is None:
            raise RunStateError(
                f"Run {self._run} is being taken over by process {key_lock.holder_of(self._lock)}."
            )
        try:
            row = self._recorder.get_run(self._run)
            if row.supervisor is not None and row.supervisor != me:
                self._await_the_end_of(row)
            now = self._clock.boot()
            self.fence = self._recorder.acquire(
                self._run, me, now + self._timings.lease, take_over=row.supervisor is not None
            )
            self._renewed = self._tried = now
        finally:
            lock.release()

    def keep(self) -> None:
        """Renew the lease when it is time.

        Raises:
            LeaseLostError: Another supervisor took over, or renewing failed for too long.
        """
        now = self._clock.boot()
        failing = self._failing_since is not None
        pause = self._timings.look if failing else self._timings.heartbeat
        if now - self._tried < pause:
            return
        self._tried = now
        try:
            self.asked = self._recorder.renew(self._run, self.fence, now + self._timings.lease)
        except RecordsError as error:
            if self._failing_since is None:
                self._failing_since = now
            elif now - self._failing_since > self._timings.give_up:
                raise LeaseLostError(
                    f"The lease of run {self._run} could not be renewed for "
                    f"{self._timings.give_up:g} seconds: {error.message} Its steps go on.",
                    f"Take it up again: visionloom runs show {self._run}",
                ) from error
            raise
        self._renewed, self._failing_since = now, None

    def holds(self) -> bool:
        """Whether nobody can have taken the run over; when not, nothing may be touched."""
        return self._clock.boot() - self._renewed < self._timings.lease_margin

    def _await_the_end_of(self, row: RunRow) -> None:
        """Return when the run may be taken over from its supervisor.

        At once from a dead one. One that lives but let its lease run out may have been asleep with
        the whole machine, and one on another machine cannot be asked: both are given time to show
        that they still renew.
        """
        holder = row.supervisor
        if holder is None:
            return
        state = liveness(holder)
        if state == "dead":
            return
        comparable = holder.boot == boot_id()
        if comparable and row.lease_until > self._clock.boot():
            raise _held(row)
        patience = 2 * self._timings.heartbeat
        if not comparable:
            patience += self._timings.lease
        until = self._clock.boot() + patience
        while self._clock.boot() < until and liveness(holder) != "dead":
            time.sleep(min(_LOOK_SECONDS, patience / 4))
            now = self._recorder.get_run(row.id)
            if (now.fence, now.lease_until) != (row.fence, row.lease_until):
                raise _held(now)


def _held(row: RunRow) -> RunStateError:
    holder = row.supervisor
    who = f"process {holder.pid} on {holder.host}" if holder else "another process"
    return RunStateError(
        f"Run {row.id} is carried out by {who}.",
        f"Watch it: visionloom runs show {row.id}. Stop it: visionloom runs cancel {row.id}.",
    )
