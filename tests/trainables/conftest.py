"""For these tests: one thread, an S3 server, short recipes, and digits-mlp in plain PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from s3_server import S3Server, forget_connections
from torch import Tensor, nn

from trainables.recipe import Recipe
from trainables.recipes import RECIPES


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def denormals_flushed(_denormals_as_before: None) -> None:
    """As training does: plain loops must have the same bits."""
    torch.set_flush_denormal(True)


@pytest.fixture(autouse=True)
def gradients_on() -> Iterator[None]:
    """A test that leaves them off must not fail another."""
    yield
    torch.set_grad_enabled(True)


@pytest.fixture(scope="session")
def shared_server() -> Iterator[S3Server]:
    server = S3Server()
    server.start()
    forget_connections()  # to the server of an earlier test
    yield server
    server.stop()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def s3(shared_server: S3Server, credentials: None, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """A running server that the environment points at."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", shared_server.url)
    return shared_server


@pytest.fixture
def short() -> Callable[..., Recipe]:
    """digits-mlp for 60 iterations, with changes."""

    def make(**changes: object) -> Recipe:
        return replace(
            RECIPES["digits-mlp"], **({"iterations": 60, "milestones": (30, 45)} | changes)
        )

    return make


class Flattening(nn.Sequential):
    """Takes examples of any shape."""

    def forward(self, inputs: Tensor) -> Tensor:
        return super().forward(inputs.flatten(1))


class Plain:
    """digits-mlp as a Sequential, by its docstring: 64-48-48-48-48-48-48-10 with BatchNorm."""

    @staticmethod
    def place(name: str) -> str:
        """Where the Sequential has a tensor of ours: linears.2.weight is its 6.weight."""
        if name.startswith("output."):
            return name.replace("output", "18")
        part, index, leaf = name.split(".")
        return f"{3 * int(index) + {'linears': 0, 'norms': 1}[part]}.{leaf}"

    @classmethod
    def network(cls, weights: dict[str, Tensor]) -> nn.Sequential:
        """With a copy of these weights, in their dtype."""
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise([64, 48, 48, 48, 48, 48, 48]):
            layers += [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU()]
        network = Flattening(*layers, nn.Linear(48, 10)).to(next(iter(weights.values())).dtype)
        ours = {cls.place(name): value for name, value in weights.items()}
        missing, unexpected = network.load_state_dict(ours, strict=False)
        assert not unexpected
        assert all(name.endswith("num_batches_tracked") for name in missing)
        return network

    @classmethod
    def weights(cls, network: nn.Sequential, names: list[str]) -> dict[str, Tensor]:
        """A copy of a Sequential's tensors under our names."""
        held = network.state_dict()
        return {name: held[cls.place(name)].clone() for name in names}


@pytest.fixture(scope="session")
def plain() -> type[Plain]:
    return Plain
