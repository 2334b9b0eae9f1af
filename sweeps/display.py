"""What the command line shows: plans, outcomes, tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from analysis import records
from sweeps import layout, terminal
from sweeps.running.progress import duration

if TYPE_CHECKING:
    import pandas as pd

    from sweeps.results import Results
    from sweeps.running.outcome import Outcome


def plan_text(summary: dict[str, Any]) -> RenderableType:
    if "at_most" in summary:
        return _bounds(summary, summary["at_most"])
    table = Table("job", "planned", "to do", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, numbers in _numbers(summary).items():
        table.add_row(name, f"{numbers['planned']:,}", f"{numbers['to_do']:,}")
    size = summary["estimated_bytes"]
    lines = [
        f"{summary['sweep']}: {_several(summary['trials'], 'trial')} of {_recipes(summary)}",
        f"Sharing: {summary['sharing_factor']:.1f} times fewer iterations than with every trial "
        f"run alone ({summary['iterations_unshared']:,})",
        f"Estimated: {duration(summary['estimated_seconds'])} with {_workers(summary)}, "
        f"{bytes_text(size['to_do'])} to store ({bytes_text(size['planned'])} in all)",
    ]
    if summary["workers_each"] > 1:
        hours = summary["estimated_worker_seconds"] / 3600
        lines.append(f"Work: {hours:,.1f} hours of one {summary['hardware']}")
    if "states_while_training" in summary:
        lines.append(_states(summary["states_while_training"]))
    if "searched" in summary:
        lines.append(_searched(summary))
    if "budget" in summary:
        lines.append(_budget(summary["budget"]))
    if "estimated_cost" in summary:
        lines.append(
            f"Cost: {summary['estimated_cost']:,.2f}, at {summary['price_per_hour']:g} an hour for "
            "each worker until the sweep ends"
        )
    return Group(Text(lines[0]), table, *map(Text, lines[1:]))


def _numbers(summary: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Of each kind of job, and of what they do."""
    return summary["jobs"] | {name: summary[name] for name in ("trainings", "iterations")}


def _recipes(summary: dict[str, Any]) -> str:
    number = summary["recipes"]
    return f"{number} recipes" if number > 1 else str(summary["recipe"])


def _bounds(least: dict[str, Any], most: dict[str, Any]) -> RenderableType:
    """The plan of a sweep that decides by what comes out how much it does."""
    table = Table("job", "at least", "at most", "to do, at most", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    few, many = _numbers(least), _numbers(most)
    for name in dict.fromkeys([*few, *many]):
        numbers = few.get(name, {"planned": 0}), many.get(name, {"planned": 0, "to_do": 0})
        planned = (f"{one['planned']:,}" for one in numbers)
        table.add_row(name, *planned, f"{numbers[1]['to_do']:,}")
    lines = [
        f"{least['sweep']}: {_several(least['trials'], 'trial')} or more of {_recipes(least)}; "
        "what comes out decides how many",
        f"Estimated: {duration(least['estimated_seconds'])} to "
        f"{duration(most['estimated_seconds'])} with {_workers(least)}, at most "
        f"{bytes_text(most['estimated_bytes']['to_do'])} to store",
    ]
    if "estimated_cost" in most:
        lines.append(
            f"Cost: {least['estimated_cost']:,.2f} to {most['estimated_cost']:,.2f}, at "
            f"{least['price_per_hour']:g} an hour for each worker until the sweep ends"
        )
    if "searched" in least:
        lines.append(_searched(least))
    if "budget" in least:
        lines.append(f"{_budget(least['budget'])}, if least is to do")
    return Group(Text(lines[0]), table, *map(Text, lines[1:]))


def _searched(summary: dict[str, Any]) -> str:
    names = ", ".join(summary["searched"])
    return f"A search over {names}: what comes out decides which recipes these are"


def _budget(of: dict[str, Any]) -> str:
    """How much of a sweep its budget allows."""
    left = f"Budget: {duration(of['seconds'])} left"
    if of["jobs"] == of["to_do"]:
        return f"{left}: everything fits"
    return (
        f"{left}: about {of['jobs']:,} of {of['to_do']:,} jobs fit, and {of['trials']:,} of "
        f"{_several(of['of_trials'], 'trial')}"
    )


def _states(of: dict[str, int]) -> str:
    """What becomes of states that are measured while networks are trained."""
    number, size = _several(of["number"], "state"), bytes_text(of["bytes"])
    if of["kept"]:
        return f"While training: {number} measured, {of['kept']:,} of them kept in the store"
    return f"While training: {number} measured and not kept ({size} if they were: keep: true)"


def _workers(summary: dict[str, Any]) -> str:
    number, each = summary["workers"], summary["workers_each"]
    one = f"one {summary['hardware']} each"
    if each > 1:
        return f"{_several(number, 'training')} at a time on {each} workers of {one}"
    return f"{_several(number, 'worker')} of {one}"


def _several(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def bytes_text(number: float) -> str:
    """Return bytes in the largest unit of which there is at least one: `12 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def outcome_text(outcome: Outcome, again: str, log: Path) -> RenderableType:
    """How a run ended, and how to go on where it is not complete."""
    tally = outcome.tally
    lines = [f"stopped: {outcome.stopped}"] if outcome.stopped else []
    if outcome.out_of_budget:
        left = tally.jobs - tally.jobs_done
        lines.append(f"{outcome.out_of_budget}; {_several(left, 'job')} left")
    if tally.jobs == 0:
        lines.append(f"nothing to do: all {tally.reused} jobs are in the store")
    else:
        trainings = _several(len(tally.trained), "training")
        iterations = _several(tally.iterations, "iteration")
        lines.append(
            f"{_several(tally.jobs_done, 'job')} done ({trainings}, {iterations}), "
            f"{tally.reused} reused, in {duration(tally.seconds)}"
        )
    if outcome.utilisation is not None and outcome.overhead_seconds_per_job is not None:
        lines.append(
            f"workers ready after {outcome.worker_startup_seconds:.1f} s, then busy "
            f"{outcome.utilisation:.0%} of the time and out of work {outcome.out_of_work:.0%}; "
            f"{1000 * outcome.overhead_seconds_per_job:.0f} ms a job besides"
            + (f"; on {outcome.machines} machines" if outcome.machines > 1 else "")
        )
    lines += [f"failed: {job.title}: {reason}" for job, reason in outcome.failed.items()]
    lines += [f"not done: {job.title}: {reason}" for job, reason in outcome.blocked.items()]
    if outcome.unmeasured:
        trials = _several(outcome.unmeasured, "trial")
        lines.append(
            f"{trials} cannot be measured: pruning needs trained weights, and those diverged"
        )
    if outcome.skipped:
        lines.append(f"{_several(outcome.skipped, 'job')} not done: an input failed")
    if outcome.failed:
        lines.append(f"tracebacks: {log}")
    if outcome.recording_error is not None:
        lines.append(f"the results are in the store, but not in MLflow: {outcome.recording_error}")
    if outcome.stopped_by is not None:
        again += " --set on_divergence=continue"
    recording_helps = outcome.recording_error is not None and outcome.recording_error.again
    if outcome.out_of_budget:
        lines.append(f"to go on from here, with a larger budget: {again}")
    elif outcome.interrupted or outcome.failed or recording_helps:
        lines.append(f"to go on from here: {again}")
    return Text("\n".join(lines))


IN_REPORT = ("share stable", "samples matching", "accuracy: interval", "drop: interval")
"""Columns of the table of cells that the report has and the terminal has no room for."""


def print_summary(console: Console, results: Results) -> None:
    """The table of all cells, the onsets, where published values are from, and the findings."""
    from analysis import level_tables, pairs, quantities, tables, tuned
    from analysis.hyperparameters import spelled
    from analysis.searches import caption, ended, of_means, table
    from analysis.study import by_recipe
    from sweeps.searched import searches_of, tuned_of

    of_pairs = pairs.table(results.pairs)
    if len(of_pairs):
        names = ("recipe", "first", "second")
        print_frame(console, of_pairs, keys=names, core=tuple(of_pairs.columns))
    summary = tables.summary(results.cells)
    of = tuned_of(results)
    if of is not None and len(results.cells):
        console.print(tuned.caption(results.trials, of))
        best = tuned.table(results.trials, results.axes, of)
        print_frame(console, best, keys=tuple(results.axes), core=tuple(best.columns))
    keys = tuple(dict.fromkeys([*results.axes, *tables.IDENTITY_COLUMNS]))
    wanted = searches_of(results)
    means = (of_means(one, wanted) for one in (results.cells, results.samples))
    shown = (
        (summary.drop(columns=[c for c in IN_REPORT if c in summary]), tables.CORE_COLUMNS),
        (tables.onset_table(*means), tables.ONSET_CORE_COLUMNS),
    )
    for frame, core in shown if len(summary) else ():
        no_onsets = core is tables.ONSET_CORE_COLUMNS and records.REWIND in results.axes
        if len(frame) and not no_onsets:  # or where k is searched over, or each init alone
            print_frame(console, spelled(frame, results.axes), keys=keys, core=core)
    lines = (
        [line for one in by_recipe(results.study).values() for line in ended(one, wanted)]
        if wanted
        else []
    )
    if lines:
        console.print(caption(lines))
        frame = table(lines)
        print_frame(console, frame, keys=tables.IDENTITY_COLUMNS, core=tuple(frame.columns))
    for title, frame in level_tables.tables(results.of_levels).items():
        console.print(title)
        print_frame(console, frame, keys=level_tables.KEYS, core=tuple(frame.columns))
    over = results.restarted
    if len(over):
        console.print("Copies that start over at iteration 0; at k = 0 all do.")
        frame = tables.summary(over)
        frame = frame.drop(columns=[c for c in IN_REPORT if c in frame])
        print_frame(console, frame, keys=tables.IDENTITY_COLUMNS, core=tables.CORE_COLUMNS)
    for title, frame in quantities.tables(results.trials, results.quantities).items():
        console.print(title)
        frame = spelled(frame, results.axes)
        print_frame(console, frame, keys=keys, core=tuple(frame.columns))
    if sources := tables.sources(results.cells):
        console.print(sources + "\n")
    print_findings(console, results)


def print_frame(
    console: Console, frame: pd.DataFrame, *, keys: Sequence[str], core: Sequence[str]
) -> None:
    """Print a frame of strings, all of it however narrow the terminal, as `layout.fitted`."""
    for table in layout.fitted(frame, console.width, keys=keys, core=core):
        console.print(table)
        console.print()


def print_scope(console: Console, results: Results) -> None:
    """Say whose trials the results are, and what else there is under the name."""
    if results.whose:
        console.print(results.whose)
    if results.scope == "recipe" and results.others:
        console.print(
            f"{_several(results.others, 'trial')} more under the name {results.name} with another "
            f"recipe: sweeps results {results.name}"
        )


def print_findings(console: Console, results: Results) -> None:
    from analysis.conclusions import conclusions
    from analysis.findings import partial
    from sweeps.searched import tuned_of

    if partly := partial(results.trials, results.planned, results.unmeasurable, results.lacking):
        console.print(partly)
    list_ = Table.grid(padding=(0, 1, 0, 0))
    for finding in conclusions(results.of_levels, results.axes, tuned_of(results)):
        list_.add_row(terminal.shown("•"), finding)
    console.print(list_)
