"""The recipe: a network, its data and every hyperparameter of one training.

A recipe is a row of the papers' tables; `trainables.recipes` has those built in. It is typed and
frozen; the meaning and unit of each field stand below it. `affects` says which results a field
changes, and so which content keys:

    init      the initial weights
    training  every state after iteration 0
    length    the end of training only
    rewinding the trainings that start at a rewind point k > 0 from trained weights
    pruning   the masks

A field that equals its default is left out of keys, so that a field added later, with a default
that means "no change", leaves every stored result valid.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Literal

from trainables.arguments import NO_ARGUMENTS, Arguments
from trainables.contradictions import Contradiction, check
from trainables.data.table import version
from trainables.networks.architecture import Architecture

Stage = Literal["init", "training", "length", "rewinding", "pruning"]


def _field(affects: Stage | None, default: Any = MISSING) -> Any:
    return field(default=default, metadata={"affects": affects})


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One training. Raises Contradiction, a ValueError, where a value makes no sense."""

    name: str = _field(None)
    """What results are filed under; not part of any key."""

    network: str = _field("init")
    """A name in `trainables.networks`, `torchvision:NAME`, or `module:object` of one's own code."""

    network_arguments: Arguments = _field("init", NO_ARGUMENTS)  # noqa: RUF009
    """Arguments of the network, by name: `{hidden: [48, 48], batchnorm: true}`. Those at a built-in
    network's defaults are left out."""

    network_version: str = _field("init", "")
    """Identity of a network that is not built in: 12 hex digits of its source, or `@` and the
    version that its author gave it. Set when a spec is read."""

    data: str = _field("training")
    """A name in `trainables.data`, or the content name of a folder or archive of images."""

    data_address: str = _field(None, "")
    """Path or URL from which data with a content name were read. Set when a spec is read."""

    data_version: str = _field("training", "")
    """Version of data that come with other software (`python-topics`): the software, and 12 hex
    digits of the content. Set when a spec is read; empty for all other data."""

    crop_size: int | None = _field("training", None)
    """Pixels per side of the squares that images from files are cropped to. None: the size that the
    network was made for."""

    input_scaling: Literal["standardize", "unit"] = _field("training", "standardize")
    """`unit` scales pixels to [0, 1]. `standardize` then subtracts the training set's mean and
    divides by its standard deviation, per channel."""

    augmentation: Literal["none", "shift-flip", "crop-flip"] = _field("training", "none")
    """Random changes of training images, drawn from the order seed. `shift-flip` shifts them by up
    to 4 pixels (black fills in) and mirrors half of them, as the papers do on CIFAR. `crop-flip`
    crops, resizes and mirrors them, as the papers do on ImageNet."""

    initialization: Literal["kaiming-normal", "glorot-normal"] = _field("init", "kaiming-normal")
    """Distribution of initial convolutional and linear weights: variance 2 / fan-in (Kaiming) or
    2 / (fan-in + fan-out) (Glorot). Biases start at 0, BatchNorm's shifts too."""

    initial_std: float | None = _field("init", None)
    """Standard deviation of the initial values of all matrices, embeddings included, drawn from a
    normal distribution around 0, as transformers do. None: as `initialization` says."""

    batchnorm_scale: Literal["one", "uniform"] = _field("init", "one")
    """Initial scales of BatchNorm: all 1, or drawn uniformly from [0, 1), the default of OpenLTH,
    the library of LMC's authors."""

    iterations: int = _field("length")
    """T: SGD steps from initialisation to the end of training."""

    batch_size: int = _field("training")
    """Examples per iteration."""

    last_batch: Literal["keep", "drop"] = _field("training", "keep")
    """Whether to train on the smaller batch that is left over at the end of an epoch (`keep`)."""

    optimizer: Literal["sgd", "adam", "adamw"] = _field("training")
    """`sgd` has `momentum`; `adam` and `adamw` have `beta1` and `beta2`, and eps 1e-8. They differ
    in what `weight_decay` does."""

    optimizer_at_rewind: Literal["fresh", "carried"] = _field("rewinding", "fresh")
    """Optimizer state with which a copy of W_k starts at iteration k. `fresh`: none, as if training
    began there. `carried`: what pretraining had at k (momentum, or Adam's averages and number of
    steps), masked as the weights are, so that a copy under pretraining's own order seed ends where
    uninterrupted training does. Weights that were not trained to k have none to carry: at k = 0,
    and after random reinitialisation, both are the same. docs/explanation/what-is-measured.md says
    what the choice means."""

    learning_rate: float = _field("training")
    """Learning rate after warm-up and before any decay."""

    momentum: float = _field("training", 0.0)
    """Momentum of `sgd`, without dampening and not Nesterov's variant."""

    beta1: float = _field("training", 0.9)
    """Share of the running mean of gradients that `adam` and `adamw` keep per iteration."""

    beta2: float = _field("training", 0.999)
    """Share of the running mean of squared gradients that `adam` and `adamw` keep per iteration."""

    gradient_clipping: float | None = _field("training", None)
    """Highest L2 norm of the gradient of all parameters together; a longer gradient is scaled down
    to it. Gradients of pruned weights do not count. None: no clipping."""

    weight_decay: float = _field("training", 0.0)
    """Shrinks every parameter, BatchNorm's included; see `weight_decay_style`. `adamw` multiplies
    the weights by 1 - `weight_decay` * rate before each step, as PyTorch's AdamW does."""

    weight_decay_style: Literal["l2", "decoupled"] = _field("training", "l2")
    """How `sgd` and `adam` decay. `l2` adds the penalty's gradient, `weight_decay` times the
    weights. `decoupled` multiplies the weights by 1 - `weight_decay` * rate / `learning_rate`
    before each step."""

    label_smoothing: float = _field("training", 0.0)
    """Share of the target that is spread evenly over the classes."""

    schedule: Literal["steps", "cosine", "linear"] = _field("training", "steps")
    """How the rate falls after warm-up: at `milestones`, or to `final_rate` at T along half a
    cosine or a line."""

    milestones: tuple[int, ...] = _field("training", ())
    """Iterations from which the rate is multiplied by `decay`, once more at each (`steps`)."""

    decay: float = _field("training", 0.1)
    """Factor of the learning rate at each milestone."""

    final_rate: float = _field("training", 0.0)
    """Learning rate that `cosine` and `linear` reach at T. A spec may say a share of
    `learning_rate`: "10 %"."""

    warmup: int = _field("training", 0)
    """Iterations over which the rate rises linearly from 0."""

    pruning: Literal["iterative", "one-shot"] = _field("pruning", "iterative")
    """Whether a level is reached from the one before, trained, or at once from the dense network,
    trained. Both leave the same number of weights."""

    pruning_fraction: float = _field("pruning", 0.2)
    """Fraction of the remaining weights that a level removes."""

    pruning_method: str = _field("pruning", "magnitude")
    """Which weights go: a name in `trainables.pruning`, or `module:object` of one's own code."""

    pruning_options: Arguments = _field("pruning", NO_ARGUMENTS)  # noqa: RUF009
    """Options of the pruning method, by name: `{examples: 200}`. Those at a method's defaults are
    left out."""

    pruning_version: str = _field("pruning", "")
    """Identity of a method that is not built in, as `network_version`. Set when a spec is read."""

    pruning_when: Literal["", "trained", "start"] = _field(None, "")
    """What a method that is not built in looks at. Set when a spec is read."""

    prune_output: bool = _field("pruning", True)
    """Whether the output layer's weights are prunable."""

    prune_first: bool = _field("pruning", True)
    """Whether the weights of the first convolutional or linear layer are prunable."""

    prune_shortcuts: bool = _field("pruning", True)
    """Whether the 1x1 convolutions of residual shortcuts are prunable."""

    # How it is computed. Rounding differs, and training amplifies rounding: results that differ
    # in one of these have other keys and don't meet in a comparison.

    backend: Literal["loop", "stacked"] = _field("training", "loop")
    """`loop` runs trainings one after another. `stacked` runs several side by side as one network
    with more channels, which is faster where a network is too small to keep the hardware busy."""

    precision: Literal["fp32", "tf32", "bf16"] = _field("training", "fp32")
    """Precision of products in training: 32-bit floats; on a GPU, these rounded to TF32; or
    bfloat16, where weights, statistics and the optimizer keep 32 bits. Measurements are always in
    fp32."""

    device: Literal["cpu", "cuda"] = _field("training", "cpu")
    """Where a training runs: `threads` CPU cores, or a GPU."""

    threads: int = _field("training", 1)
    """CPU threads of one training, or of each of its workers."""

    slices: int = _field("training", 1)
    """Equal parts of a batch that are computed one by one, or by several workers: each has
    BatchNorm statistics of its own, and their gradients are averaged. A power of two."""

    workers: int = _field(None, 1)
    """Processes that share the slices of one training, each on a GPU, or on `threads` cores. No
    result depends on it."""

    def __post_init__(self) -> None:
        for name in ("network_arguments", "pruning_options"):
            given = getattr(self, name)
            if not isinstance(given, Arguments):
                try:
                    object.__setattr__(self, name, Arguments(given))
                except ValueError as error:
                    raise Contradiction(name, f"{error}") from None
        object.__setattr__(self, "data_version", version(self.data, self.data_version))
        check(self)

    @cached_property
    def architecture(self) -> Architecture:
        """What builds the network."""
        return Architecture(self.network, self.network_arguments, self.network_version)

    @property
    def scope(self) -> dict[str, bool]:
        """Which layers are prunable, as `networks.prunable` takes it."""
        return {
            "output": self.prune_output,
            "first": self.prune_first,
            "shortcuts": self.prune_shortcuts,
        }

    def identity(self, *stages: Stage) -> dict[str, Any]:
        """The fields that affect these stages, without those at their default."""
        affected = set(stages)
        if "training" in affected and self.schedule != "steps":
            affected.add("length")  # the rate at every iteration depends on T
        chosen = {
            f.name: getattr(self, f.name) for f in fields(self) if f.metadata["affects"] in affected
        }
        defaults = {f.name: f.default for f in fields(self)}
        return {name: value for name, value in chosen.items() if value != defaults[name]}

    def of_length(self, iterations: int) -> Recipe:
        """The same training made longer or shorter: milestones and warm-up keep their share.

        Raises Contradiction if milestones fall together.
        """

        def moved(iteration: int) -> int:
            return round(iteration * iterations / self.iterations)

        return replace(
            self,
            iterations=iterations,
            warmup=moved(self.warmup),
            milestones=tuple(map(moved, self.milestones)),
        )
