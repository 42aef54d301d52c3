"""`visionloom runs`: what was run, why, with which figures; cancel, resume, compare, delete."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from visionloom.cli.console import Console
from visionloom.cli.text import duration, size_text
from visionloom.errors import OutputExistsError, RecordsError, RunStateError, UsageError
from visionloom.records.rows import RUN_ENDS, RunRow, State, StepRow
from visionloom.workspace import Workspace

Option, Argument = typer.Option, typer.Argument
Json = Annotated[bool, Option("--json", help="Print as JSON.")]
Detach = Annotated[bool, Option("--detach", help="Return at once instead of following it.")]
Which = Annotated[str, Argument(metavar="RUN", help="Id, its beginning, or last.")]
_METRICS = ("train_loss", "valid_loss", "top1_accuracy", "macro_f1")


def command() -> typer.Typer:
    """The group."""
    app = typer.Typer(
        help="What was run: list, show, logs, why, cancel, finish, resume, compare and more.",
        add_completion=False,
        invoke_without_command=True,
    )

    @app.callback()
    def root(context: typer.Context, json: Json = False) -> None:
        if context.invoked_subcommand is None:
            list_runs(limit=20, state="", json=json)
        elif json:
            raise typer.BadParameter("Write --json after the command.")

    for name, function in (
        ("list", list_runs), ("show", show), ("logs", logs), ("metrics", metrics), ("why", why),
        ("cancel", cancel), ("finish", finish), ("resume", resume), ("retry", retry),
        ("compare", compare_runs), ("scoring", scoring), ("delete", delete), ("rebuild", rebuild),
    ):  # fmt: skip
        app.command(name)(function)
    return app


def list_runs(
    limit: Annotated[int, Option(help="How many, newest first.", min=1)] = 20,
    state: Annotated[str, Option(help="Only those in this state.")] = "",
    json: Json = False,
) -> None:
    """List the newest runs."""
    with _opened(json) as (console, workspace):
        from visionloom.runs.figures import newest_figures
        from visionloom.runs.history import seconds_of

        if state and state not in get_args(State):
            raise UsageError(
                f"There is no state {state!r}.", f"States: {', '.join(get_args(State))}."
            )
        runs = workspace.records.list_runs(limit=limit, state=state)
        figures = newest_figures(workspace, runs)
        rows = [
            [
                run.id,
                run.name,
                run.state,
                "" if (took := seconds_of(run)) is None else duration(took),
                _accuracy(figures.get(run.id, {})),
                run.reason,
            ]
            for run in runs
        ]
        if rows:
            console.table(["run", "name", "state", "took", "accuracy", "reason"], rows)
        elif state:
            console.say(f"No run is {state}.")
        elif workspace.settings.runs.is_dir() and any(workspace.settings.runs.iterdir()):
            console.say(
                f"The records know no run, but {workspace.settings.runs} holds some: "
                "`visionloom runs rebuild` brings them back."
            )
        else:
            console.say("No run yet. `visionloom train PHOTOS` or `visionloom run FILE` makes one.")
        console.result([_run_json(run) | {"metrics": figures.get(run.id, {})} for run in runs])


def show(run: Which = "last", json: Json = False) -> None:
    """Show one run: its steps, why they ran, attempts and outputs."""
    with _opened(json) as (console, workspace):
        from visionloom.runs.history import view

        seen = view(workspace, run)
        _head(console, seen.run)
        console.table(
            ["step", "component", "state", "took", "why"],
            [
                [s.name, f"{s.component} {s.version}", s.state, _took(s), s.reason or _why(s)]
                for s in seen.steps
            ],
        )
        tried = [
            a for a in seen.attempts if a.number > 1 or a.state not in {"succeeded", "running"}
        ]
        for attempt in tried:
            console.say(
                f"{attempt.step}, attempt {attempt.number}: {attempt.state}. {attempt.reason}"
            )
        for output in seen.outputs:
            place = workspace.store.path(output.object)
            console.say(f"{output.step}.{output.port}  {size_text(output.bytes)}  {place}", "dim")
        console.result(seen.to_json())


def logs(
    run: Which = "last",
    step: Annotated[str, Argument(help="Only this step.")] = "",
    output: Annotated[
        bool, Option("--output", help="What its processes printed, instead of what they told.")
    ] = False,
    json: Json = False,
) -> None:
    """Print what the steps of a run told."""
    with _opened(json) as (console, workspace):
        from visionloom.runs.history import log_files, messages

        found = workspace.records.find_run(run)
        files = log_files(workspace, found, step)
        if output:
            for name, attempt, path in files:
                console.say(f"{name}, attempt {attempt}: {path}", "bold")
                console.say(path.read_text(encoding="utf-8", errors="replace").rstrip())
            console.result([{"step": n, "attempt": a, "file": str(p)} for n, a, p in files])
            return
        lines = messages(found, step)
        for name, level, text in lines:
            console.say(f"{name}: {text}", "yellow" if level == "warning" else "")
        console.result([{"step": s, "level": level, "text": t} for s, level, t in lines])


def metrics(
    run: Which = "last",
    step: Annotated[str, Option(help="Which step; the training one by default.")] = "",
    json: Json = False,
) -> None:
    """Print the figures of every epoch."""
    with _opened(json) as (console, workspace):
        from visionloom.runs.figures import metric_rows
        from visionloom.spec.context import Metrics

        found = workspace.records.find_run(run)
        rows = metric_rows(workspace, found.id, step)
        for row in rows:
            console.listener(Metrics(row))
        if not rows:
            console.say(f"Run {found.id} has no figures{f' of step {step}' if step else ''}.")
        console.result(rows)


def why(run: Which = "last", json: Json = False) -> None:
    """Say for every step why it ran or was reused, with old and new values."""
    with _opened(json) as (console, workspace):
        from visionloom.runs.history import view

        seen = view(workspace, run)
        _head(console, seen.run)
        width = max(len(step.name) for step in seen.steps)
        for step in seen.steps:
            compared = str(step.decision.get("compared_to", ""))
            relation = "from" if step.state == "reused" else "compared with"
            against = f" ({relation} {compared})" if compared and compared != seen.run.id else ""
            console.entry(step.name, f"{_verb(step)}: {_why(step)}{against}", width)
        console.result(
            [{"step": s.name, "state": s.state, "key": s.key, **s.decision} for s in seen.steps]
        )


def cancel(
    run: Which,
    step: Annotated[
        str, Option(help="Only this step, and what needs it; the others go on.", metavar="STEP")
    ] = "",
    kill: Annotated[bool, Option("--kill", help="At once, without saving a state.")] = False,
    json: Json = False,
) -> None:
    """Stop a run or one step; a training keeps its state, so that the run can be resumed."""
    with _opened(json) as (console, workspace):
        from visionloom.runs.stopping import cancel_run

        ended = cancel_run(workspace, run, step=step, kill=kill)
        if step:
            (row,) = (s for s in workspace.records.steps(ended.id) if s.name == step)
            console.say(f"Step {step} of run {ended.id} is {row.state}. {row.reason}".rstrip())
        if not step or ended.state in RUN_ENDS:
            console.say(f"Run {ended.id} is {ended.state}. {ended.reason}".rstrip())
        if ended.state == "interrupted":
            console.say(f"Go on: visionloom runs resume {ended.id}")
        console.result(_run_json(ended))


def finish(
    run: Which = "last",
    step: Annotated[
        str, Option(help="Which training; all that are running by default.", metavar="STEP")
    ] = "",
    json: Json = False,
) -> None:
    """End a running training with its best model so far; what follows runs on."""
    with _opened(json) as (console, workspace):
        from visionloom.runs.stopping import finish_training

        found = workspace.records.find_run(run)
        asked = finish_training(workspace, found.id, step)
        for name in asked:
            console.say(f"{name} was asked to end with its best model so far.")
        console.say(f"See it: visionloom runs show {found.id}")
        console.result({"run": found.id, "asked": asked})


def resume(run: Which = "last", detach: Detach = False, json: Json = False) -> None:
    """Go on with a run that was stopped or lost, as a new run that continues it."""
    _again(run, detach=detach, json=json, word="resumed")


def retry(run: Which = "last", detach: Detach = False, json: Json = False) -> None:
    """Try a failed run again, as a new run; what is finished is reused."""
    _again(run, detach=detach, json=json, word="retried")


def compare_runs(
    first: Annotated[str, Argument(metavar="RUN")],
    second: Annotated[str, Argument(metavar="RUN")],
    json: Json = False,
) -> None:
    """Say in what two runs differ: steps, versions, parameters, inputs, environment, figures."""
    with _opened(json) as (console, workspace):
        from visionloom.runs.comparing import metric_pairs, paired
        from visionloom.runs.history import compare, view

        one, two = view(workspace, first), view(workspace, second)
        found = compare(one, two)
        rows = [[d.step, f"{d.what} {d.name}".rstrip(), d.first, d.second] for d in found]
        for name, a, b in metric_pairs(workspace, one, two):
            if name in _METRICS and a != b:
                rows.append(["", name, _number(a), _number(b)])
        if rows:
            console.table(["step", "what", one.run.id, two.run.id], rows)
        else:
            console.say("The two runs do not differ.")
        outcome = paired(workspace, one, two)
        if not isinstance(outcome, str):
            console.say(f"On the same pictures: {outcome.sentence}")
        console.result([vars(difference) for difference in found])


def scoring(
    run: Which = "last",
    out: Annotated[
        Path | None, Option(help="The pipeline file to write.", show_default="score-RUN.yml")
    ] = None,
    step: Annotated[str, Option(help="Which training; the last by default.", metavar="STEP")] = "",
    json: Json = False,
) -> None:
    """Write a pipeline that scores new photos with the model a run trained."""
    with _opened(json) as (console, workspace):
        from visionloom.artifacts.atomic import write_file
        from visionloom.runs.scoring_pipeline import scoring_pipeline
        from visionloom.spec.pipeline_file import write_pipeline

        found = workspace.records.find_run(run)
        file = (out or Path(f"score-{found.id}.yml")).absolute()
        if file.exists():
            raise OutputExistsError(f"{file} exists already.", "Choose another --out.")
        made = scoring_pipeline(
            workspace, found, file.parent, step=step, scores=f"{file.stem}-scores"
        )
        write_file(file, write_pipeline(made.pipeline).encode())
        for difference in made.replaced:
            console.say(f"{difference.step}: {difference}" if difference.step else str(difference))
        console.say(f"Score photos: visionloom run {file} --set photos=FOLDER", "bold")
        console.result({"file": str(file), "replaced": [one.to_json() for one in made.replaced]})


def delete(
    runs: Annotated[list[str], Argument(metavar="RUN...", help="Ids, or their beginnings.")],
    json: Json = False,
) -> None:
    """Forget runs that have ended; `visionloom gc` then frees what only they needed."""
    with _opened(json) as (console, workspace):
        from visionloom.runs.history import ended, forget

        found = {run.id: run for run in (ended(workspace, word) for word in runs)}.values()
        for run in found:
            forget(workspace, run)
            console.say(f"Run {run.id} is forgotten. `visionloom gc` frees its space.")
        console.result([_run_json(run) for run in found])


def rebuild(json: Json = False) -> None:
    """Make damaged records again from the folders of the runs; no run may be going on."""
    with Console(as_json=json) as console:
        done = Workspace().rebuild_records()
        if done.moved is not None:
            console.say(f"The damaged file is kept as {done.moved}.")
        console.say(f"{len(done.runs)} runs were brought back.")
        if done.lost:
            console.say(f"Of these, lost: {', '.join(done.lost)}")
        for reason in done.unreadable:
            console.say(reason, "yellow")
        console.result({"runs": done.runs, "lost": done.lost, "unreadable": done.unreadable})


def _again(run_word: str, *, detach: bool, json: bool, word: str) -> None:
    from visionloom.cli.run import carry_out

    with _opened(json) as (console, workspace):
        from visionloom.runs.pipeline_run import changed_data, continue_run
        from visionloom.spec.context import Log

        run = workspace.records.find_run(run_word)
        if run.state not in RUN_ENDS - {"succeeded"}:
            raise RunStateError(
                f"Run {run.id} is {run.state}; it cannot be {word}.",
                "Follow it with `visionloom runs show`." if run.state not in RUN_ENDS else "",
            )
        prepared = continue_run(workspace, run)
        for step, name in changed_data(workspace.records.steps(run.id), prepared.decisions):
            console.listener(
                Log(
                    f"This is not the run as it began: {name} of the step {step} changed since. "
                    "What depends on it is made anew, a stopped training from its start.",
                    "warning",
                )
            )
        carry_out(console, workspace, prepared, kind=run.kind, detach=detach)


@contextmanager
def _opened(json: bool) -> Iterator[tuple[Console, Workspace]]:
    """Console and workspace; runs whose supervisor died are seen to before anything is said."""
    with Console(as_json=json) as console:
        from visionloom.runs.follow import reconcile
        from visionloom.spec.context import Log

        workspace = Workspace()
        try:
            reconcile(workspace, console.listener)
        except RecordsError as error:
            # nobody may write, or nothing can be written: what is recorded can be read still
            console.listener(Log(error.message, "warning"))
        yield console, workspace


def _head(console: Console, run: RunRow) -> None:
    from visionloom.runs.history import seconds_of

    took = seconds_of(run)
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.created))
    console.say(f"{run.id}  {run.name}", "bold")
    console.say(f"{run.state}{f': {run.reason}' if run.reason else ''}")
    console.say(f"submitted {when}{f', took {duration(took)}' if took is not None else ''}")
    if run.parent:
        console.say(f"continues {run.parent}")
    if run.file:
        console.say(f"file {run.file}")
    console.say(f"folder {run.folder}", "dim")


def _run_json(run: RunRow) -> dict[str, Any]:
    left_out = {"pipeline", "supervisor", "options"}
    return {name: value for name, value in vars(run).items() if name not in left_out}


def _took(step: StepRow) -> str:
    return "" if step.seconds is None or step.state == "reused" else duration(step.seconds)


def _why(step: StepRow) -> str:
    return str(step.decision.get("why", ""))


def _verb(step: StepRow) -> str:
    if step.state in {"reused", "skipped"}:
        return step.state
    return "not run" if step.state == "queued" else f"run, {step.state}"


def _accuracy(figures: Any) -> str:
    value = figures.get("top1_accuracy")
    return "" if value is None else f"{value:.1%}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
