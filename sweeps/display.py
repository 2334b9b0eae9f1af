"""What the command line shows: plans, outcomes, tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from analysis import records
from sweeps.errors import UserError
from sweeps.run.progress import duration

if TYPE_CHECKING:
    import pandas as pd

    from sweeps.results import Results
    from sweeps.run.driver import Outcome

JOB_NAMES = {
    "State": "pretrain: W_k",
    "Arm": "train: an arm",
    "ImpMask": "prune: the next IMP mask",
    "RandomMask": "prune: a random mask",
    "Instability": "measure: the path of a pair",
}

TABLE_COLUMNS = (
    records.STRATEGY,
    records.LEVEL,
    records.WEIGHTS_LEFT,
    records.REWIND,
    records.INIT_SEED,
    "order_seed_1",
    "order_seed_2",
    *(records.split_metric(records.INSTABILITY, split) for split in records.SPLITS),
    *(records.split_metric(records.ACCURACY, split) for split in records.SPLITS),
)
"""Of the trials, on a terminal."""


def plan_text(summary: dict[str, Any]) -> RenderableType:
    table = Table("job", "planned", "to do", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, numbers in summary["jobs"].items():
        table.add_row(JOB_NAMES[name], f"{numbers['planned']:,}", f"{numbers['to_do']:,}")
    for name in ("trainings", "iterations"):
        numbers = summary[name]
        table.add_row(name, f"{numbers['planned']:,}", f"{numbers['to_do']:,}")
    size = summary["estimated_bytes"]
    lines = [
        f"{summary['sweep']}: {summary['trials']:,} trials of {summary['recipe']}",
        f"Sharing: {summary['sharing_factor']:.1f} times fewer iterations than with every trial "
        f"run alone ({summary['iterations_unshared']:,})",
        f"Estimated: {duration(summary['estimated_seconds'])} with {_workers(summary)}, "
        f"{_bytes(size['to_do'])} to store ({_bytes(size['planned'])} in all)",
    ]
    if summary["workers_each"] > 1:
        hours = summary["estimated_worker_seconds"] / 3600
        lines.append(f"Work: {hours:,.1f} hours of one {summary['hardware']}")
    if "estimated_cost" in summary:
        lines.append(
            f"Cost: {summary['estimated_cost']:,.2f}, at {summary['price_per_hour']:g} an hour for "
            "each worker until the sweep ends"
        )
    return Group(Text(lines[0]), table, *map(Text, lines[1:]))


def _workers(summary: dict[str, Any]) -> str:
    number, each = summary["workers"], summary["workers_each"]
    one = f"one {summary['hardware']} each"
    if each > 1:
        return f"{_several(number, 'training')} at a time on {each} workers of {one}"
    return f"{_several(number, 'worker')} of {one}"


def _several(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _bytes(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def outcome_text(outcome: Outcome, again: str, log: Path) -> RenderableType:
    """How a run ended, and how to go on where it is not complete."""
    tally = outcome.tally
    lines = []
    if tally.jobs == 0:
        lines.append(f"nothing to do: all {tally.reused} jobs are in the store")
    else:
        trainings = _several(tally.trainings_done, "training")
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
    if outcome.skipped:
        lines.append(f"{_several(outcome.skipped, 'job')} not done: an input failed")
    if outcome.failed:
        lines.append(f"tracebacks: {log}")
    if outcome.recording_error is not None:
        error = outcome.recording_error
        lines.append(f"MLflow could not be written ({error}); the results are in the store")
    if outcome.interrupted or outcome.failed or outcome.recording_error is not None:
        lines.append(f"to go on from here: {again}")
    return Text("\n".join(lines))


def print_summary(console: Console, results: Results) -> None:
    """The table of all cells, the onsets, where published values are from, and the findings."""
    from analysis import tables

    sources = tables.sources(results.cells)
    for frame in (
        tables.summary(results.cells),
        tables.onset_table(results.cells, results.samples),
    ):
        table = _table(frame)
        if sources:
            # The paper's columns take the room of the lines: 100 characters hold them all.
            table.box, table.padding = None, (0, 1, 0, 0)
        console.print(table)
        if sources:
            console.print()
    if sources:
        console.print(sources)
    print_findings(console, results)


def print_scope(console: Console, results: Results, own: Results) -> None:
    """Say whose trials the results are, where they are not just those of the submission `own`."""
    earlier = len(results.trials) - len(own.trials)
    if earlier:
        console.print(
            f"{len(results.trials)} trials, {earlier} of them of other submissions with this recipe"
        )
    if results.others:
        console.print(
            f"{_several(results.others, 'trial')} more under the name {results.name} with another "
            f"recipe: sweeps results {results.name}"
        )


def print_findings(console: Console, results: Results) -> None:
    from analysis.findings import findings, partial

    if partly := partial(results.trials, results.planned):
        console.print(partly)
    for finding in findings(results.cells):
        console.print(f"• {finding}")


def _table(frame: pd.DataFrame) -> Table:
    table = Table(*map(str, frame.columns))
    for row in frame.itertuples(index=False):
        table.add_row(*map(str, row))
    return table


def write_trials(console: Console, trials: pd.DataFrame, format_: str, output: Path | None) -> None:
    """Trials to a file, or to standard output. Raises UserError if the file can't be written."""
    if format_ == "table" and output is None:
        # Keys and the single arms' accuracies are for files.
        console.print(_table(trials[list(TABLE_COLUMNS)].round(2)))
        console.print(f"{len(trials)} trials")
        return
    try:
        if format_ == "parquet":
            trials.to_parquet(output, index=False)
            return
        if format_ == "json":
            text = trials.to_json(orient="records", indent=1) + "\n"
        elif format_ == "csv":
            text = trials.to_csv(index=False)
        else:
            text = trials.to_string(index=False) + "\n"
        if output is None:
            print(text, end="")
        else:
            output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {output}: {error.strerror}") from None
