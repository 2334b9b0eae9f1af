"""Measures by name: what is computed of trained networks. One file each, and a row of `MEASURES`.

A spec may also name a measure of its user's as `module:object`. Nothing here imports torch until
something is measured.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from trainables.jobs.kinds import (
    Measurement,
    Network,
    Options,
    Perturbation,
    State,
    Training,
)
from trainables.measures.measure import Column, Measure, NoOptions, Value, Values, Work
from trainables.measures.shards import divided
from trainables.registry import Door, PluginError, check_call

__all__ = ["Column", "Measure", "NoOptions", "Value", "Values", "Work"]

MEASURES = {
    "instability": "trainables.measures.instability:MEASURE",
    "accuracy": "trainables.measures.accuracy:MEASURE",
    "barrier": "trainables.measures.barrier:MEASURE",
    "throughout": "trainables.measures.throughout:MEASURE",
    "rewinding": "trainables.measures.rewinding:MEASURE",
    "distance": "trainables.measures.distance:MEASURE",
    "disagreement": "trainables.measures.disagreement:MEASURE",
    "plane": "trainables.measures.plane:MEASURE",
}
"""Name -> where its `Measure` lies."""

DOOR = Door("measure", MEASURES, "stability_sweeps.measures")


def find(name: str) -> Measure:
    """Return the measure of that name. Raises PluginError if there is none, or it is no Measure."""
    found = DOOR.find(name)
    if not isinstance(found, Measure):
        raise PluginError(
            f"measure {name}: it is a {type(found).__name__}, not a trainables.measures.Measure"
        )
    with DOOR.calling(name):
        check_call(found.compute, (None, None, None), {})
    return found


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A measure with its options, as a sweep wants it: all that planning and records need.

    It stands in stored specs, so that records can be read and written again where the code of a
    user's own measure is not at hand.
    """

    measure: str
    """Its name, as in a spec."""
    arity: int
    version: int
    source: str
    """Identity of the code of a measure that is not built in."""
    options: Options
    """Those that are not at their default, sorted by name."""
    suffix: str
    """Of recorded columns' names: it tells apart measurements of one trial with other options."""
    columns: tuple[Column, ...]
    work: Work
    derived_from: str = ""
    """The measure from whose values it follows, which has the same options; version and source are
    that one's."""
    origins: bool = False
    while_training: bool = False
    of_levels: bool = False

    def of(self, networks: Sequence[Network], cell: Sequence[Network] = ()) -> Measurement:
        """Return the job that measures some networks, of all copies in a `cell`.

        What is measured while networks are trained is measured of all pairs in the cell at once, by
        the job of the first; the others wait for it.
        """
        job = Measurement(
            measure=self.derived_from or self.measure,
            version=self.version,
            source=self.source,
            of=tuple(networks),
            origins=_origins(networks[0]) if self.origins else (),
            options=self.options,
            work=self.work,
        )
        if not self.while_training:
            return divided(job)
        copies = tuple(one for one in cell or networks if isinstance(one, Training))
        own = tuple(one for one in networks if isinstance(one, Training))
        job = replace(job, every=dict(self.options)["every"], together=own)
        first = replace(job, of=copies[: self.arity], together=copies)
        return first if first == job else replace(job, after=first)

    def values(self, measured: Mapping[str, Any]) -> dict[str, Any]:
        """Return what it says, from the values of its job's measurement."""
        if not self.derived_from:
            return dict(measured)
        measure = find(self.measure)
        options = measure.Options(**dict(self.options))
        names = ("weights_left", "weights_left_2")
        left = {name: measured[name] for name in names if name in measured}
        return {**left, **measure.compute(measured, None, options)}


def wanted(name: str, own: Mapping[str, Any], shared: Mapping[str, Any] | None = None) -> Wanted:
    """Return a measure with its `own` options and, of those that all measures share, what it has.

    Raises PluginError if there is no such measure, and what its `Options` raise.
    """
    measure = find(name)
    known = {field.name: field.default for field in fields(measure.Options)}
    usual = {option: value for option, value in (shared or {}).items() if option in known}
    made = measure.Options(**(usual | dict(own)))
    options = {option: getattr(made, option) for option in sorted(known)}
    of = find(measure.derived_from) if measure.derived_from else measure
    with DOOR.calling(name):
        work = of.work(made)
    for option, value in options.items():
        if not _plain(value):
            raise PluginError(
                f"measure {name}: its option {option} is a {type(value).__name__}; allowed are "
                "numbers, text, true and false, None, and tuples of these"
            )
    telling = [
        f"{o}:{_told(v)}"
        for o, v in options.items()
        if v != usual.get(o, known[o]) and o != "keep"  # which changes no value
    ]
    if name == "instability":
        telling = []  # trials are known by it: none has two
    return Wanted(
        measure=name,
        arity=measure.arity,
        version=of.version,
        source=DOOR.identity(measure.derived_from or name),
        options=tuple((o, value) for o, value in options.items() if value != known[o]),
        suffix="".join(f"/{one}" for one in telling),
        columns=measure.columns,
        work=work,
        derived_from=measure.derived_from,
        origins=measure.origins,
        while_training=measure.while_training,
        of_levels=measure.of_levels,
    )


def _origins(network: Network) -> tuple[State, State]:
    """Return the jobs of W_0 and W_k, from which a copy descends; W_k as it was perturbed."""
    if not isinstance(network, Training) or network.start is None:
        raise ValueError("only copies of W_k that are trained here have a W_0 and a W_k")
    start = network.start
    w_k = start.state if isinstance(start, Perturbation) else start
    return replace(w_k, until=0, earlier=None), start


def _plain(value: Any) -> bool:
    """Whether a value can stand in a key and in a stored spec."""
    if isinstance(value, tuple):
        return all(map(_plain, value))
    return value is None or isinstance(value, bool | int | float | str)


def _told(value: Any) -> str:
    """Return an option's value as part of a name in MLflow, which takes few characters and not
    many of them. Values that differ are told apart."""
    text = str(value)
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", text)[:40]
    return plain if plain == text else f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def measured(name: str, of: Sequence[Network], **options: Any) -> Measurement:
    """Return the job that measures some networks. Raises as `wanted`."""
    return wanted(name, options).of(of)
