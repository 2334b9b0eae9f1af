"""`sweeps plan`: what a sweep would do, and cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sweeps import terminal
from sweeps.commands.options import (
    BudgetOption,
    DataOption,
    HomeOption,
    PluginsOption,
    PriceOption,
    SetOption,
    SpecArgument,
    StoreOption,
    WorkersOption,
    check_choice,
)


def plan(
    spec: SpecArgument,
    set_: SetOption = [],  # noqa: B006 (typer copies it)
    format_: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="table or json")
    ] = "table",
    plugins: PluginsOption = None,
    workers: WorkersOption = None,
    hardware: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="what each worker has, for the estimate: cpu (a core) or h100"
        ),
    ] = "cpu",
    budget: BudgetOption = None,
    price_per_hour: PriceOption = None,
    home: HomeOption = None,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Show the jobs of a sweep, what sharing saves, and the cost; run nothing.

    \b
    Examples:
      sweeps plan digits-mlp --set inits=5
      sweeps plan resnet20-cifar10 --workers 8 --hardware h100 --price-per-hour 4
    """
    import json
    from itertools import chain

    from sweeps import placement
    from sweeps.display import plan_text
    from sweeps.home import resolve
    from sweeps.loading import load, read
    from sweeps.machine.this import this_core
    from sweeps.plan import expand, growing, learning, precision
    from sweeps.plan.hardware import HARDWARE
    from sweeps.plan.summary import at_most, summarize
    from sweeps.plugins import use
    from sweeps.running.forecast import within
    from sweeps.spec.budget import overrides
    from trainables.data.errors import say
    from trainables.store import Store

    check_choice("--format", format_, ("table", "json"))
    check_choice("--hardware", hardware, tuple(HARDWARE))
    changed = overrides(budget, price_per_hour)
    use(spec, plugins)
    place = resolve(home, store, data=data)
    if budget is None and "budget" not in read(spec, set_)[0]:
        changed = []  # a price alone says what everything costs
    sweep, _ = load(spec, [*set_, *changed], place.data)
    if hardware == "cpu":
        placement.check_threads(sweep.recipe)
    url = place.store
    there = Store(url) if "://" in url or Path(url).exists() else None
    now, facts = (expand(sweep), {}) if there is None else growing.from_store(sweep, there)
    more = growing.most(sweep, facts, now) if now.open else []
    graph = growing.least(sweep, facts) if now.open else now
    complete, note = set(), ""
    if there is not None:
        every = chain(graph.jobs.values(), *more)
        complete = there.complete((job.kind, job.key) for job in every)
        note = learning.stored(graph, complete, there).note
    cores = max(1, placement.cores() // sweep.recipe.workers)
    workers = workers or (cores if hardware == "cpu" else 1)
    on = this_core(say) if hardware == "cpu" else HARDWARE[hardware]
    for slower in dict.fromkeys(precision.warning(one.recipe, on) for one in sweep.each):
        if slower:
            say(slower)
    if price_per_hour is None and sweep.budget is not None:
        price_per_hour = sweep.budget.price_per_hour
    summary = summarize(graph, complete, workers, on, price_per_hour)
    if sweep.search is not None:
        summary["searched"] = list(sweep.search.over)
    if now.open and (sweep.search is None or sweep.search.stop_early is not None):
        summary["at_most"] = at_most(now, more, complete, workers, on, price_per_hour)
    if sweep.budget is not None:
        summary["budget"] = within(sweep.budget, place, graph, complete, workers, on)
    if format_ == "json":
        print(json.dumps(summary, indent=2))
    else:
        terminal.console().print(plan_text(summary))
        if note:
            terminal.console().print(note, soft_wrap=True)
