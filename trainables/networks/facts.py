"""What planning needs to know of a network: counted once by `counting`, and kept. No torch.

Those of built-in networks as they are by default are in a file of the package, so that planning
them needs no torch (`make facts` writes it). Others are kept in the user's cache.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from trainables.data.caches import user_cache, writing
from trainables.networks.architecture import Architecture
from trainables.networks.table import TABLE, TORCHVISION

Shape = tuple[int, ...]

FILE = Path(__file__).with_name("facts.json")

COUNTING = 1
"""Raised when counts come out otherwise."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Sizes of a network, by count."""

    inputs: Shape
    """Of an example: channels, height and width of an image."""
    classes: int
    parameters: int
    """Trainable values."""
    prunable: int
    """Weights of convolutional and linear layers, the output layer's included."""
    output: int
    """Weights of the output layer."""
    statistics: int
    """Values that are not trained: BatchNorm's running means and variances."""
    batchnorm: bool
    """Whether there are such layers: a batch must have two examples."""
    kernels: int
    """Linear, convolutional, normalising and activation layers: what an iteration costs at least,
    however small they are."""
    forward_flops: int
    """Floating-point operations of one example's forward pass (2 per multiply-add)."""
    vector_flops: int
    """The same with a convolution's channels rounded up to 16, as many as a CPU computes at
    once."""
    activations: int
    """Values that layers with parameters write in one example's forward pass."""
    first_flops: int = 0
    """Operations of an MLP's first layer, which a path computes at its ends alone."""
    stackable: bool
    """Whether `trainables.networks.stacked` can put replicas of it side by side."""

    def prunable_with(self, output: bool) -> int:
        """Return how many weights can be pruned, with or without those of the output layer."""
        return self.prunable if output else self.prunable - self.output


def _read(values: dict[str, object]) -> Facts:
    return Facts(**{**values, "inputs": tuple(values["inputs"])})  # type: ignore[arg-type]


NETWORKS: dict[str, Facts] = {
    name: _read(values) for name, values in json.loads(FILE.read_text()).items()
}
"""The built-in networks, as they are by default."""


@cache
def facts_of(architecture: Architecture, shape: Shape, integers: bool = False) -> Facts:
    """Return the sizes of a network for examples of a shape, counted if they never were.

    `integers`: examples are tokens. Raises KeyError if there is no such network, and PluginError
    where it does not build, or does not give logits for such examples.
    """
    built_in = NETWORKS.get(architecture.name)
    if built_in and not architecture.arguments and built_in.inputs == shape and not integers:
        return built_in
    file = user_cache() / "facts" / f"{_key(architecture, shape, integers)}.json"
    with suppress(OSError, ValueError, TypeError, KeyError):
        return _read(json.loads(file.read_text()))
    from trainables.networks.counting import count

    found = count(architecture, shape, integers)
    with suppress(OSError, ValueError), writing(file) as partial:
        partial.write_text(json.dumps(asdict(found)))
    return found


def _key(architecture: Architecture, shape: Shape, integers: bool) -> str:
    name, code = architecture.name, architecture.version
    if name in TABLE:
        code = _sources()
    elif name.startswith(TORCHVISION):
        code = version("torchvision")
    text = json.dumps(
        [COUNTING, version("torch"), name, code, architecture.arguments, shape, integers]
    )
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@cache
def _sources() -> str:
    """Return a hash of the code of the built-in networks."""
    found = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        found.update(file.read_bytes())
    return found.hexdigest()
