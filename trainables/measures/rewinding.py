"""State of a network at rewinding: its error, and how far training moves it (LMC appendix C)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainables.measures.measure import Column, Measure, Values, Work

if TYPE_CHECKING:
    from trainables.measures.context import Context, SplitName
    from trainables.weights import Weights

SPLITS: tuple[SplitName, ...] = ("test", "train")


@dataclass(frozen=True)
class Options:
    train_examples: int | None = None
    """Training examples, a fixed sample, that the error on the train split is of; None: all."""


def compute(weights: Sequence[Weights], context: Context, options: Options) -> Values:
    """Return the error of W_k (%) on each split, and L2 distances over trainable parameters.

    `weights` are W_0, W_k and the two copies trained from W_k, W_T(1) and W_T(2). The error is that
    of W_k as it is, before pruning (Figure 10); for distances the mask of a subnetwork is on all
    four (Figure 12). `rewinding_l2_from_init` is from W_0 to W_k, `rewinding_l2_to_end` from
    W_k to W_T (mean of the two copies), `rewinding_l2_between` between the copies. BatchNorm's
    running statistics are left out; sums are taken in 64-bit floats.
    """
    from trainables.pruning.masks import masked

    whole = weights[1]
    initial, rewound, *copies = map(masked, weights, context.masks)
    names = [name for name, _ in context.network(rewound).named_parameters()]

    def distance(one: Weights, other: Weights) -> float:
        squares = ((one[n].double() - other[n].double()).square().sum() for n in names)
        return float(sum(squares)) ** 0.5

    return {
        **{f"rewinding_error_{split}": context.score(whole, split).error for split in SPLITS},
        "rewinding_l2_from_init": distance(initial, rewound),
        "rewinding_l2_to_end": sum(distance(rewound, copy) for copy in copies) / len(copies),
        "rewinding_l2_between": distance(*copies),
    }


MEASURE = Measure(
    name="rewinding",
    columns=(
        *(
            Column(
                name=f"rewinding_error_{split}",
                unit="%",
                low=0,
                high=100,
                about=f"{split} error of W_k, before its copies are trained",
            )
            for split in SPLITS
        ),
        Column(name="rewinding_l2_from_init", low=0, about="L2 distance from W_0 to W_k"),
        Column(
            name="rewinding_l2_to_end",
            low=0,
            about="L2 distance from W_k to the trained weights, mean of the two copies",
        ),
        Column(
            name="rewinding_l2_between", low=0, about="L2 distance between the two trained copies"
        ),
    ),
    compute=compute,
    origins=True,
    Options=Options,
    work=lambda options: Work(passes=1, train_examples=options.train_examples),
)
