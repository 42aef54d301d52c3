"""What is in use: slots of targets by steps, data sets by drafts and runs."""

from __future__ import annotations

import re
from contextlib import suppress

from visionloom.datasets import DataSet
from visionloom.drafts.drafts import Drafts
from visionloom.engine.devices import count_gpus
from visionloom.engine.resolved import slots_of
from visionloom.engine.targets import memory_text
from visionloom.errors import UsageError
from visionloom.records.rows import StepRow
from visionloom.server.desk import Desk
from visionloom.server.models.machine import Holding, TargetView
from visionloom.server.states import title_of
from visionloom.workspace import Workspace


def target_views(desk: Desk) -> list[TargetView]:
    """Where steps run, who holds slots, who waits and why."""
    targets, records = desk.workspace.targets, desk.workspace.records
    waiting: dict[str, list[Holding]] = {}
    for run in reversed(records.open_runs()):
        for step in records.steps(run.id):
            if step.state == "queued" and step.reason:
                name = step.target or targets.default.name
                slots = _slots_wanted(desk.workspace, step, name)
                holding = Holding(run=run.id, step=step.name, slots=slots, reason=step.reason)
                waiting.setdefault(name, []).append(holding)
    views = []
    for target in targets.all(count_gpus()):
        held = records.slots(target.name)
        views.append(
            TargetView(
                name=target.name,
                device=target.device,
                slots=target.slots,
                used=sum(count for _, _, count in held),
                memory=memory_text(target.memory_bytes),
                default=target.name == targets.default.name,
                running=[
                    Holding(run=run, step=step, slots=count, reason="") for run, step, count in held
                ],
                waiting=waiting.get(target.name, []),
            )
        )
    return views


def _slots_wanted(workspace: Workspace, step: StepRow, target: str) -> int:
    """Slots that a waiting step will take; one where its component or target is gone."""
    try:
        component = workspace.registry.find(step.component)
        return slots_of(component, workspace.targets.get(target))
    except UsageError:
        return 1


def refuse_used(workspace: Workspace, kept: Drafts, dataset: DataSet) -> None:
    """Refuse to delete a data set that a draft or an open run names.

    Raises:
        UsageError: Which ones do.
    """
    # the folder's name at the end of a path, or before what lies in it
    names = re.compile(rf"datasets[/\\]{re.escape(dataset.name)}(?![^/\\\s\"'#,\]}}])")
    drafts = []
    for card in kept.cards():
        with suppress(OSError):
            text = card.file.read_text(encoding="utf-8", errors="replace")
            if names.search(text):
                drafts.append(title_of(card, workspace.settings.limits))
    if drafts:
        shown = ", ".join(drafts[:5]) + (", ..." if len(drafts) > 5 else "")
        raise UsageError(
            f"The data set {dataset.name} is used by {len(drafts)} draft"
            f"{'s' * (len(drafts) > 1)}: {shown}.",
            "Delete the draft, or let it read other photos, first.",
        )
    runs = [run.id for run in workspace.records.open_runs() if names.search(run.pipeline)]
    if runs:
        raise UsageError(
            f"The data set {dataset.name} is read by the run {runs[0]}, which has not ended.",
            "Wait for it, or cancel it.",
        )
