"""Evaluating a network while it is trained, for its learning curve."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TYPE_CHECKING

from trainables import data, networks
from trainables.jobs.events import Evaluated, Step
from trainables.jobs.learning import SPLITS, Point
from trainables.pruning.masks import masked
from trainables.training.evaluation import chunk_of, evaluating, told
from trainables.training.schedules import learning_rate

if TYPE_CHECKING:
    from trainables.jobs.batch import UnderWay
    from trainables.jobs.execute import Executor


def evaluate(executor: Executor, one: UnderWay) -> Generator[Step]:
    """Evaluate a training's network if that is due where it is; its curve has one point more then.

    Yields its progress in between, so that a worker can be left meanwhile, and the point.
    """
    job, iteration = one.job, one.training.state.iteration
    evaluation = job.evaluation
    if evaluation is None or not evaluation.due(iteration, one.begin, job.until):
        return
    if one.curve and one.curve[-1].iteration == iteration:
        return
    recipe, team = job.recipe, executor.team
    network = networks.build(recipe.architecture).eval()
    networks.bind(
        network, networks.channels_last(masked(one.training.state.weights, one.training.mask))
    )
    examples = data.load(recipe, executor.data_folder)
    begin = time.perf_counter()
    values: dict[str, float] = {}
    for name in SPLITS:
        split = getattr(examples, name).sample(evaluation.examples)
        steps = evaluating(
            [lambda: network], split, chunk_of(network, recipe.device), team, executor.decoders
        )
        (score,) = yield from told(steps, lambda share: one.progress)
        values |= {f"error_{name}": score.error, f"loss_{name}": score.loss}
    one.seconds += time.perf_counter() - begin
    rate = learning_rate(recipe, min(iteration, recipe.iterations - 1))
    point = Point(iteration, team.decide(time.time()), rate, values)
    one.curve.append(point)
    yield Evaluated(job, point)
