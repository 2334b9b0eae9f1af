"""The job of a measurement: what a measure says of some trained networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from trainables.jobs.given import Given
from trainables.jobs.job import NO_WORK, Job, Work
from trainables.recipe import Recipe

if TYPE_CHECKING:
    from trainables.jobs.kinds import State, Training

Network: TypeAlias = "Training | Given"
"""A trained network."""

Options = tuple[tuple[str, Any], ...]
"""Name and value of the options of a measure that are not at their default, sorted by name."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Measurement(Job):
    """What a measure says of some trained networks, which share recipe and data."""

    measure: str
    """Its name in `trainables.measures`, or `module:object`."""
    version: int
    """Of the measure: raised when values come out otherwise, be it by rounding."""
    source: str = ""
    """Identity of the code of a measure that is not built in."""
    of: tuple[Network, ...]
    origins: tuple[State, ...] = ()
    """W_0 and W_k from which they were copied, where the measure takes these. They follow from
    `of` and are not part of the key."""
    options: Options = ()
    work: Work = NO_WORK
    """What it takes; not part of the key."""
    every: int = 0
    """Of what is measured while the networks are trained: iterations from one measurement to the
    next. 0: trained networks are measured. It is among the options, which are part of the key."""
    together: tuple[Training, ...] = ()
    """The copies that this job trains side by side: it does the same measurement of all their
    pairs. Not part of the key."""
    after: Measurement | None = None
    """The job that also does this one. Not part of the key."""
    shard: tuple[int, int] | None = None
    """Which part of a measurement it does, from 0, and of how many; None: all. A part has a key of
    its own."""
    shards: tuple[Measurement, ...] = ()
    """The jobs that do its parts, so that it only joins what these say. Not part of the key: the
    values are the same."""

    @property
    def times(self) -> int:
        """How often it is measured while the networks are trained."""
        if not self.every:
            return 1
        first = self.together[0]
        return (first.until - 1) // self.every - first.begin // self.every + 1

    @property
    def kind(self) -> str:
        return "instability" if self.measure == "instability" else "measurement"

    @property
    def task(self) -> str:
        return f"measure: {self.measure}" + (", in parts" if self.shard else "")

    @property
    def recipe(self) -> Recipe:
        return self.of[0].recipe

    @property
    def inputs(self) -> tuple[Job, ...]:
        if self.shards:
            return self.shards
        masks = (network.mask for network in self.of if network.mask is not None)
        if not self.every:
            return (*self.origins, *self.of, *dict.fromkeys(masks))
        first = self.together[0]
        assert first.start is not None
        return (first.start, *dict.fromkeys(masks), *([] if self.after is None else [self.after]))

    def identity(self) -> dict[str, Any]:
        identity: dict[str, Any] = {"version": self.version, "data": self.recipe.data}
        if self.measure == "instability":  # as before there were other measures
            names = dict(zip(("first", "second"), self.of, strict=True))
            usual = {"points": 30}
            return identity | {n: one.key for n, one in names.items()} | usual | dict(self.options)
        identity |= {"measure": self.measure, "networks": [one.key for one in self.of]}
        if self.source:
            identity["source"] = self.source
        if self.shard:
            identity["shard"] = list(self.shard)
        return identity | ({"options": dict(self.options)} if self.options else {})

    @property
    def title(self) -> str:
        networks = _named(self.of)
        with_options = "".join(f" {name}={value}" for name, value in self.options)
        part = f", part {self.shard[0] + 1} of {self.shard[1]}" if self.shard else ""
        return f"{self.measure}{with_options}: {networks}{part}"


def _named(networks: Sequence[Network]) -> str:
    """Return which networks these are, in a few words."""
    one = networks[0]
    if isinstance(one, Given):
        return ", ".join(one.name for one in networks if isinstance(one, Given))
    orders = ",".join(str(one.order_seed) for one in networks if not isinstance(one, Given))
    return f"init {one.init_seed} {one.copied} {one.subnetwork} orders {orders}"
