"""Planes of two levels (Unmasking Figures 3, 7 and 8), against a plain loop over their points."""

from __future__ import annotations

from benchmarks import plain
from benchmarks.harness import Row, Setting, Spread, Target, compare, core, estimate, seconds
from benchmarks.training import LENET, RESNET20, Ours, dense_mask, initial, random_images
from sweeps.plan import cost
from trainables import data, measures
from trainables.data.split import Split
from trainables.jobs.kinds import pretrained, pruned, trained
from trainables.measures.landscape import evaluate_plane
from trainables.measures.plane import Options
from trainables.planes import Plane, Point, grid, plane_of
from trainables.pruning.masks import masked, prune_by_magnitude
from trainables.recipe import Recipe

GRID = grid(Options().side, Options().margin)

ROWS_TIMED = 51
"""Of LeNet's grid by the engine: all."""

ROWS_COMPARED = 10
"""Of LeNet's grid by the engine, in turns with the plain loop."""

POINTS_EACH = 20
"""Points of the engine to one of the plain loop, whose cost is linear in them."""

TRAINED_ITERATIONS = 1000
"""Of the two networks of LeNet's plane."""

LENET_CHUNK = 1000
RESNET20_CHUNK = 500
"""Examples that the plain loops evaluate at once."""

RESNET20_POINTS = 3
RESNET20_EXAMPLES = 1000
"""Timed."""


def lenet(setting: Setting) -> list[Row]:
    train, test = data.load(LENET, setting.data).train, data.load(LENET, setting.data).test
    first = Ours(LENET, initial(LENET), train)
    first.advance(setting.effort.of(TRAINED_ITERATIONS))
    mask = prune_by_magnitude(first.state.weights, dense_mask(first.state.weights, "lenet-300-100"),
                              LENET.pruning_fraction)  # fmt: skip
    second = Ours(LENET, initial(LENET), train, mask)
    second.state.weights = masked(second.state.weights, mask)
    second.advance(setting.effort.of(TRAINED_ITERATIONS))
    plane = plane_of(first.state.weights, second.state.weights, (None, mask))
    what = f"LeNet-300-100 plane of {len(GRID):,} points on {len(test):,} images"
    timed = GRID[: Options().side * setting.effort.of(ROWS_TIMED)]
    spent = seconds(lambda: evaluate_plane(LENET.network, plane, timed, test))
    spent *= len(GRID) / len(timed)
    compared = GRID[: Options().side * setting.effort.of(ROWS_COMPARED)]
    note = "processor time of one core, once"
    if len(timed) < len(GRID):
        note += f"; timed: {len(timed):,} of the points, which stand for the whole"
    return [
        Row(what, Spread.once(spent), "s", target=Target(most=60), note=note),
        _against_plain(setting, LENET, plane, test, LENET_CHUNK, compared, POINTS_EACH, what, 5),
        estimate(what, cost.seconds(_job(LENET), core()), spent),
    ]


def resnet20(setting: Setting) -> list[Row]:
    first, second = (initial(RESNET20, seed).weights for seed in (1, 2))
    mask = prune_by_magnitude(first, dense_mask(first, RESNET20.network), RESNET20.pruning_fraction)
    plane = plane_of(first, masked(second, mask), (None, mask))
    split = random_images(setting.effort.of(RESNET20_EXAMPLES))
    parts = len(_job(RESNET20).shards)
    what = f"ResNet-20 plane of {len(GRID):,} points on 10,000 images, in {parts} parts"
    points, times = GRID[:: -(-len(GRID) // RESNET20_POINTS)], 10_000 / len(split)
    row = _against_plain(
        setting, RESNET20, plane, split, RESNET20_CHUNK, points, 1, what, 1.5, times
    )
    planned = sum(cost.seconds(part, core()) for part in _job(RESNET20).shards)
    return [row, estimate(what, planned, row.ours.median)]


def _job(recipe: Recipe) -> measures.Measurement:
    """Return the job of the plane of a recipe's dense network and its first level."""
    start = pretrained(recipe, 1, 0, 0)
    dense = trained(start, 0, 1)
    return measures.measured("plane", [dense, trained(start, 0, 1, pruned(dense))])


def _against_plain(
    setting: Setting,
    recipe: Recipe,
    plane: Plane,
    split: Split,
    chunk: int,
    points: list[Point],
    each: int,
    what: str,
    target: float,
    times: float = 1.0,
) -> Row:
    """Compare on some points, of which the plain loop has one in `each`; both stand for the grid.

    The examples stand for `times` as many.
    """
    few = points[::each]
    examples = plain.inputs(split)
    scores = {}

    def ours() -> None:
        scores["ours"] = evaluate_plane(recipe.network, plane, points, split)

    def against() -> None:
        scores["plain"] = plain.plane(recipe.network, plane, few, examples, split.labels, chunk)

    compared = compare(ours, against, repeats=setting.effort.repeats)
    errors = [score.error for score in scores["ours"][::each]]
    others = [score.error for score in scores["plain"]]
    own, other = (times * len(GRID) / len(timed) for timed in (points, few))
    return Row(
        work=f"{what}; against a plain loop over the points",
        ours=compared.ours.times(own),
        unit="s",
        against=compared.against.times(other),
        ratio=compared.ratio.times(other / own),
        target=Target(least=target),
        note=f"timed: {len(points)} points, {len(few)} in the plain loop, on {len(split):,} "
        "images, which stand for the whole; processor time; the errors must be identical",
        wrong="" if errors == others else f"errors {errors}, in the plain loop {others}",
    )
