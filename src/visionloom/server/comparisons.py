"""Two runs side by side: what differs, figures, curves, and which is better."""

from __future__ import annotations

from visionloom.runs.comparing import metric_pairs, paired
from visionloom.runs.history import compare, view
from visionloom.server.desk import Desk
from visionloom.server.models.drafts import DifferenceView
from visionloom.server.models.runs import Comparison, Curve, MetricPair, Verdict
from visionloom.server.run_views import curve_view, find_run
from visionloom.server.summaries import summaries_of


def comparison(desk: Desk, first: str, second: str) -> Comparison:
    """Two runs side by side.

    Raises:
        NoSuchRunError: One is not there.
    """
    workspace = desk.workspace
    one, two = (view(workspace, find_run(desk, run).id) for run in (first, second))
    outcome = paired(workspace, one, two)
    verdict = None if isinstance(outcome, str) else Verdict(**vars(outcome))
    curves: list[Curve | None] = []
    for run in (one.run, two.run):
        curve = curve_view(desk, run)
        curves.append(curve if curve.rows else None)
    summaries = summaries_of(desk, [one.run, two.run])
    pairs = metric_pairs(workspace, one, two)
    return Comparison(
        first=summaries[0],
        second=summaries[1],
        differences=[
            DifferenceView(subject=d.what, step=d.step, name=d.name, old=d.first, new=d.second)
            for d in compare(one, two)
        ],
        metrics=[MetricPair(name=name, first=a, second=b) for name, a, b in pairs],
        curves=curves,
        verdict=verdict,
        why_no_verdict=outcome if isinstance(outcome, str) else "",
    )
