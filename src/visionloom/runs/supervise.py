"""Run as ``python -m visionloom.runs.supervise RUN``: carries out one run, detached."""

from __future__ import annotations

import sys
import traceback

from visionloom.engine.process import identify, is_alive
from visionloom.errors import LeaseLostError, RunStateError, VisionloomError
from visionloom.runs.follow import give_up
from visionloom.runs.pipeline_run import recorded_pipeline
from visionloom.workspace import Workspace


def main(run_id: str) -> int:
    """Carry out a run of the home folder in ``VISIONLOOM_HOME``; returns the exit status."""
    workspace = Workspace()
    run = workspace.records.get_run(run_id)
    try:
        pipeline, request = recorded_pipeline(workspace, run)
        workspace.supervisor(run, pipeline, request.plan, finish=request.finish).run()
    except (RunStateError, LeaseLostError) as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    except VisionloomError as error:
        sys.stderr.write(f"{error}\n")
        _fail(workspace, run_id, str(error))
        return error.exit_status
    except Exception as error:  # noqa: BLE001 - the run must not stay "running"
        sys.stderr.write("".join(traceback.format_exception(error)))
        _fail(workspace, run_id, f"a bug in Visionloom: {type(error).__name__}: {error}")
        return 1
    return 0


def _fail(workspace: Workspace, run_id: str, reason: str) -> None:
    """End the run, unless another process carries it out."""
    run = workspace.records.get_run(run_id)
    holder = run.supervisor
    if holder is None or holder == identify() or not is_alive(holder):
        give_up(workspace, run, "failed", reason)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
