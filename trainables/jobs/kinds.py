"""The kinds of job: what a job is, which jobs it needs, and the content key of its artifact.

    Training     W_k, or a copy of it trained to the end        (LMC Algorithms 1 and 2)
    Mask         which weights a subnetwork keeps               (LMC Algorithm 2)
    Threshold    up to which loss adaptive pruning may go       (Unmasking section 2.2)
    Perturbation W_k moved in a random direction                (Unmasking appendix D)
    Given        a trained network from a file of the user's
    Measurement  what a measure says of some trained networks   (LMC Algorithm 1)

Jobs hold the jobs they need, so a job carries its whole ancestry: any worker can make any
artifact again. Two jobs are equal when their keys are. This module describes; `execute` does.
`trained`, `pretrained`, `pruned`, `randomly_pruned`, `adaptively_pruned` and
`trainables.measures.measured` make jobs.

Keys never change their meaning: stored results stay valid. So the identities below spell some
names (`arm`, `first`, `second`) that the fields no longer have.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from trainables.jobs.given import Given as Given
from trainables.jobs.job import Job as Job
from trainables.jobs.job import Work as Work
from trainables.jobs.learning import Evaluation
from trainables.jobs.mask import Mask as Mask
from trainables.jobs.mask import adaptively_pruned as adaptively_pruned
from trainables.jobs.mask import pruned as pruned
from trainables.jobs.mask import randomly_pruned as randomly_pruned
from trainables.jobs.measurement import Measurement as Measurement
from trainables.jobs.measurement import Network as Network
from trainables.jobs.measurement import Options as Options
from trainables.jobs.perturbation import Perturbation as Perturbation
from trainables.jobs.threshold import Threshold as Threshold
from trainables.recipe import Recipe, Stage
from trainables.seeds import derive

Stream = Literal["init", "reinit"]
"""`reinit` draws other initial weights than `init` from the same seed."""

Strategy = str
"""How a subnetwork comes about: dense, imp, random-pruning, random-reinit, or a pruning method."""

State: TypeAlias = "Training | Perturbation"
"""From which a copy is trained."""


@dataclass(frozen=True, eq=False)
class Training(Job):
    """A network at iteration `until` of a training under one order seed.

    Without `start`, the training begins with weights drawn from the seed. What it leads to is
    W_k: its artifact holds the optimizer's state, too, from which training goes on.

    With a `start` it is a copy: it begins at iteration `begin` with the weights of `start`, masked,
    and a fresh optimizer, or that of `start` (`carries_optimizer`). Its artifact holds the weights.
    `start` is W_begin, perturbed or not, or freshly drawn weights for random reinitialisation; or,
    where training starts over after copying (LMC Figure 4), W_k with `begin` 0.
    """

    of: Recipe
    init_seed: int
    order_seed: int
    until: int
    stream: Stream = "init"
    """From which the initial weights are drawn."""
    earlier: Training | None = None
    """The nearest state of the same training that the plan also wants; training goes on from
    there. It is not part of the key: the same network comes out."""
    start: State | None = None
    begin: int = 0
    mask: Mask | None = None
    strategy: Strategy = "dense"
    """How the subnetwork came about. It is not part of the key, which follows from mask and
    start."""
    independent: bool = False
    """Whether its order and augmentation also depend on the seed of initial weights; if not, all
    networks of one order seed see the same batches."""
    evaluation: Evaluation | None = None
    """When the network is evaluated while it is trained. It is not part of the key: the same
    network comes out."""
    alongside: Measurement | None = None
    """A measurement for which it is trained beside others of its cell; that stores it, too. Not
    part of the key."""

    @property
    def kind(self) -> str:
        return "arm" if self.is_copy else "state"

    @property
    def is_copy(self) -> bool:
        return self.start is not None

    @property
    def task(self) -> str:
        return "train: an arm" if self.is_copy else "pretrain: W_k"

    @property
    def recipe(self) -> Recipe:
        return self.of

    @property
    def level(self) -> int:
        return self.mask.level if self.mask else 0

    @property
    def noise_seed(self) -> int:
        """What the order of examples and their augmentation are drawn from."""
        if self.independent:
            return derive("noise", self.init_seed, self.order_seed)
        return self.order_seed

    @property
    def carries_optimizer(self) -> bool:
        """Whether it goes on with the optimizer's state at `start`, where there is one."""
        has_state = self.of.optimizer != "sgd" or self.of.momentum > 0
        trained = self.start is not None and self.start.until > 0 and self.begin > 0
        return self.of.optimizer_at_rewind == "carried" and trained and has_state

    @property
    def inputs(self) -> tuple[Job, ...]:
        before = self.earlier or self.start
        found = (before, self.mask, self.alongside)
        return tuple(job for job in found if job is not None)

    def identity(self) -> dict[str, Any]:
        identity = self._identity_of_copy() if self.is_copy else self._identity_of_state()
        sees_examples = self.is_copy or self.until > 0
        return identity | ({"seeds": "independent"} if self.independent and sees_examples else {})

    def _identity_of_state(self) -> dict[str, Any]:
        drawn = {
            "recipe": self.of.identity("init"),
            "stream": self.stream,
            "init_seed": self.init_seed,
        }
        if self.until == 0:
            return drawn
        return drawn | {
            "recipe": self.of.identity("init", "training"),
            "order_seed": self.order_seed,
            "iteration": self.until,
        }

    def _identity_of_copy(self) -> dict[str, Any]:
        assert self.start is not None
        stages: tuple[Stage, ...] = ("training", "length")
        if self.carries_optimizer:
            stages = (*stages, "rewinding")
        return {
            "recipe": self.of.identity(*stages),
            "start": self.start.key,
            "rewind": self.begin,
            "order_seed": self.order_seed,
            "mask": self.mask.key if self.mask else None,
        }

    @property
    def iterations(self) -> int:
        return self.until - (self.earlier.until if self.earlier else self.begin)

    @property
    def subnetwork(self) -> str:
        """In a spec's words: dense, or by which strategy it was pruned to which level."""
        if isinstance(self.start, Perturbation):
            return self.start.subnetwork
        return self.strategy if self.mask is None else f"{self.strategy} level {self.level}"

    @property
    def copied(self) -> str:
        """Where a copy was made: "k=120"; "k=120 from 0" where training starts over."""
        if self.start is not None and self.begin < self.start.until:
            return f"k={self.start.until} from {self.begin}"
        return f"k={self.begin}"

    @property
    def title(self) -> str:
        if self.start is not None:
            copy = f"init {self.init_seed} {self.copied} {self.subnetwork}"
            return f"train {copy} order {self.order_seed}"
        if self.stream == "reinit":
            return f"reinitialise init {self.init_seed}"
        return f"pretrain init {self.init_seed} to k={self.until}"


def pretrained(
    of: Recipe,
    init_seed: int,
    order_seed: int,
    until: int,
    earlier: Training | None = None,
    stream: Stream = "init",
    evaluation: Evaluation | None = None,
    independent: bool = False,
) -> Training:
    """Return the job of W_k, k = `until`, which goes on from an `earlier` state; or of W_0."""
    return Training(
        *(of, init_seed, order_seed, until, stream, earlier),
        independent=independent,
        evaluation=evaluation,
    )


def trained(
    start: State,
    begin: int,
    order_seed: int,
    mask: Mask | None = None,
    strategy: Strategy | None = None,
) -> Training:
    """Return the job of a copy that is trained from iteration `begin` to the end of training.

    The strategy is dense without a mask, and IMP with one, unless said otherwise. It is evaluated
    on its way as `start` was, and its seeds are independent if those of `start` are.
    """
    return replace(
        pretrained(start.of, start.init_seed, order_seed, start.of.iterations),
        start=start,
        begin=begin,
        mask=mask,
        strategy=strategy or ("imp" if mask else "dense"),
        independent=start.independent,
        evaluation=start.evaluation,
    )
