"""Whether a recipe's network, data, augmentation and backend go together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from trainables import data, sizes
from trainables.completing.measures import ACCURACIES
from trainables.completing.misfit import Misfit
from trainables.measures import Wanted
from trainables.measures.parts import Kind, applies
from trainables.networks import Facts
from trainables.recipe import Recipe
from trainables.registry import PluginError
from trainables.wording import one_line


def check_fit(recipe: Recipe) -> None:
    """Raise an error unless network, augmentation and backend take the data as batches."""
    facts, network = data.facts(recipe.data), network_facts(recipe)
    _check_classes(recipe, network)
    if recipe.backend == "stacked" and not network.stackable:
        raise Misfit(
            ("recipe", "backend"),
            f"backend stacked is not for {recipe.network}: replicas side by side would not compute "
            "what they do by themselves; allowed: loop",
        )
    if recipe.backend == "stacked" and data.streams(recipe):
        raise Misfit(
            ("recipe", "backend"), "backend stacked is not for images from files; allowed: loop"
        )
    if network.batchnorm:
        _check_statistics(recipe, facts.train)


def check_measures(measure: Iterable[Wanted], recipe: Recipe) -> None:
    """Raise an error where a measure wants what the network has not."""
    for index, one in enumerate(measure):
        wanted = dict(one.options).get("batchnorm") == "recalibrate"
        if wanted and one.measure == "instability" and not sizes.facts(recipe).batchnorm:
            raise Misfit(
                ("measure", index, "batchnorm"),
                f"recalibrate is for networks with BatchNorm, and {recipe.network} has none; "
                "allowed: interpolate",
            )


def _check_augmentation(recipe: Recipe) -> None:
    allowed = data.augmentations(recipe.data)
    if recipe.augmentation not in allowed:
        raise Misfit(
            ("recipe", "augmentation"),
            f"augmentation {recipe.augmentation} is not for {recipe.data}; "
            f"allowed: {', '.join(allowed)}",
        )


def network_facts(recipe: Recipe, arguments_given: bool = False) -> Facts:
    """Return the sizes of a recipe's network. Raises an error of the place that is wrong.

    `arguments_given`: whether the spec gives arguments of the network, which may be what is wrong.
    """
    _check_augmentation(recipe)  # images that are cropped have another size
    try:
        return sizes.facts(recipe)
    except PluginError as error:
        where = "network_arguments" if arguments_given else "network"
        raise Misfit(("recipe", where), one_line(str(error), 400)) from None
    except (ValueError, TypeError) as error:
        where = "network_arguments" if arguments_given else "network"
        if data.streams(recipe) and not recipe.crop_size:
            where = "crop_size"
        raise Misfit(("recipe", where), one_line(f"{recipe.network}: {error}", 300)) from None


def _check_classes(recipe: Recipe, network: Facts) -> None:
    classes = data.facts(recipe.data).classes
    if network.classes < classes:
        raise Misfit(
            ("recipe", "network"),
            f"the network {recipe.network} tells {network.classes} classes apart, but "
            f"{recipe.data} has {classes}",
        )


def check_kinds(measures: Sequence[Wanted], kinds: Collection[Kind]) -> None:
    """Raise Misfit if a measure is of no trial, or there is nothing to measure of some trials."""
    for index, one in enumerate(measures):
        if any(applies(one, kind) for kind in kinds):
            continue
        if one.of_levels:
            problem = f"{one.measure} is of networks of two levels: write compare: levels"
            raise Misfit(("measure", index), problem)
        if "alone" in kinds and one.arity == 2:
            problem = f"a pair needs at least 2 order seeds: {one.measure} compares two copies"
            raise Misfit(("orders",), problem)
        problem = f"{one.measure} is not of networks of two levels; allowed with it: copies"
        raise Misfit(("compare",), problem)
    names = [one.measure for one in measures]
    if "copies" in kinds and ACCURACIES.issubset(names):
        last = max(map(names.index, ACCURACIES))
        raise Misfit(("measure", last), "instability says accuracies, too: leave accuracy out")
    for kind in kinds:
        if not any(applies(one, kind) for one in measures):
            raise Misfit(("compare",), f"no measure is of {NOTHING_OF[kind]}")


NOTHING_OF: dict[Kind, str] = {
    "copies": "two copies; leave copies out, or add a measure such as instability",
    "alone": "one network, and with one order seed there are no pairs of copies; leave copies "
    "out, or add a measure such as accuracy",
    "levels": "networks of two levels; leave levels out, or add a measure such as instability",
}
"""What a spec compares in vain, and what to do."""


def check_origins(measures: Iterable[Wanted], from_files: bool) -> None:
    """Raises Misfit if a measure looks at the training of networks that come from files."""
    for index, one in enumerate(measures):
        if from_files and (one.origins or one.while_training):
            raise Misfit(
                ("measure", index),
                f"{one.measure} looks at how networks are trained, which is not known of "
                "networks from files",
            )


def _check_statistics(recipe: Recipe, examples: int) -> None:
    """Raises an error unless each slice of a batch has two examples for BatchNorm."""
    size, slices = recipe.batch_size, recipe.slices
    if size == slices:
        many = f" in {slices} slices" if slices > 1 else ""
        raise Misfit(
            ("recipe", "batch_size"),
            f"batch_size {size}{many} is too small for BatchNorm: at least {2 * slices}",
        )
    if 0 < examples % size < 2 * slices and recipe.last_batch == "keep":
        of = " slice of the" if slices > 1 else ""
        raise Misfit(
            ("recipe", "batch_size"),
            f"batch_size {size} leaves one example for a{of} last batch of an epoch, too few for "
            "BatchNorm; set last_batch: drop",
        )
