"""Rule B4 and the order of execution: each step after what it needs, and no loop."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping

from visionloom.engine.checking import Checking
from visionloom.spec.pipeline import StepBinding


def put_in_order(state: Checking) -> None:
    """The order of execution; every loop is a fault."""
    steps = state.pipeline.steps
    needs = {
        name: {
            bound.step
            for bound in state.step_inputs(step, name).values()
            if isinstance(bound, StepBinding) and bound.step in steps and bound.step != name
        }
        for name, step in steps.items()
    }
    position = {name: number for number, name in enumerate(steps)}
    open_ = {name: len(before) for name, before in needs.items()}
    ready = [position[name] for name, count in open_.items() if count == 0]
    heapq.heapify(ready)
    names = list(steps)
    while ready:
        name = names[heapq.heappop(ready)]
        state.order.append(name)
        for after in state.consumers.get(name, ()):
            if name in needs[after]:
                open_[after] -= 1
                if open_[after] == 0:
                    heapq.heappush(ready, position[after])
    left = set(steps) - set(state.order)
    for loop in _loops({name: needs[name] & left for name in names if name in left}):
        _report_loop(state, loop)


def _loops(needs: Mapping[str, set[str]]) -> Iterable[list[str]]:
    """One loop through each knot of steps that need each other."""
    seen: set[str] = set()
    for start in needs:
        if start in seen:
            continue
        trail = [start]
        at = {start: 0}
        while True:
            nearer = sorted(needs[trail[-1]] - seen)
            if not nearer:
                seen.update(trail)
                break
            step = nearer[0]
            if step in at:
                yield trail[at[step] :]
                seen.update(trail)
                break
            at[step] = len(trail)
            trail.append(step)


def _report_loop(state: Checking, loop: list[str]) -> None:
    """Name the loop in the direction of the data, with the lines of its bindings."""
    forward = list(reversed(loop))
    first = min(forward, key=list(state.pipeline.steps).index)
    forward = forward[forward.index(first) :] + forward[: forward.index(first)]
    places = []
    for before, after in zip(forward, [*forward[1:], forward[0]], strict=True):
        for key, bound in state.pipeline.steps[after].inputs.items():
            if isinstance(bound, StepBinding) and bound.step == before:
                places.append(state.place_of_bound(after, key))
                break
    lines = ", ".join(str(place.line) for place in places if place.line)
    where = f" (lines {lines})" if lines else ""
    state.problems.error(
        "B4",
        f"Steps wait for each other: {' -> '.join([*forward, forward[0]])}{where}.",
        min(places, default=state.pipeline.place("jobs", first)),
        step=first,
        name=first,
        found=" -> ".join([*forward, forward[0]]),
        remedy="Take one of these bindings away.",
    )
