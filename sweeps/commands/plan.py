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
        str | None,
        typer.Option(
            metavar="NAME",
            help="what each worker has: cpu (a core) or h100; by default what this machine has, "
            "and a GPU is taken for an H100",
        ),
    ] = None,
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
    from sweeps.errors import UserError
    from sweeps.home import resolve
    from sweeps.loading import load, read
    from sweeps.machine.this import this_core
    from sweeps.plan import expand, growing, learning, precision
    from sweeps.plan.hardware import GPU, HARDWARE
    from sweeps.plan.summary import at_most, summarize
    from sweeps.plugins import use
    from sweeps.running.forecast import within
    from sweeps.spec.budget import overrides
    from trainables.data.errors import say
    from trainables.store import Store

    check_choice("--format", format_, ("table", "json"))
    if hardware is not None:
        check_choice("--hardware", hardware, tuple(HARDWARE))
    changed = overrides(budget, price_per_hour)
    use(spec, plugins)
    place = resolve(home, store, data=data)
    if budget is None and "budget" not in read(spec, set_)[0]:
        changed = []  # a price alone says what everything costs
    sweep, _ = load(spec, [*set_, *changed], place.data, placement.machines_of(hardware))
    on_cpu = sweep.recipe.device == "cpu"
    if hardware is not None and on_cpu != (hardware == "cpu"):
        raise UserError(f"--hardware {hardware}: is not for recipe.device {sweep.recipe.device}")
    if on_cpu:
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
    here = (placement.cores() if on_cpu else placement.gpus()) // sweep.recipe.workers
    workers = workers or max(1, here)
    on = this_core(say) if on_cpu else HARDWARE[hardware or GPU]
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
