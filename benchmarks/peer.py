"""What OpenLTH does in an iteration of LeNet-300-100 on MNIST on a CPU, restated.

OpenLTH (github.com/facebookresearch/open_lth, here as of 2ce732f) is the code that the papers'
authors published. This module does the same work with the same libraries in the same order; it
was written from a reading of

    datasets/base.py, datasets/mnist.py       an example at a time: an image, then transforms
    platforms/base.py, datasets/registry.py   no loader processes
    models/mnist_lenet.py                     linear layers and ReLU
    pruning/pruned_model.py                   masks, multiplied in by every forward pass
    training/train.py, training/optimizers.py the loop, Adam and the schedule

Left out, in the peer's favour, are its callbacks: checkpoints, and the errors on the test set that
it takes once an epoch.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset, Sampler
from torchvision import transforms

from trainables.recipe import Recipe


class Examples(Dataset[tuple[Tensor, np.int64]]):
    """MNIST's pixels [N, 28, 28] (uint8), made an image and transformed one at a time."""

    def __init__(self, pixels: Tensor, labels: Tensor):
        self.pixels, self.labels = pixels, labels.numpy()
        self.transform = transforms.Compose(
            [transforms.ToTensor(), transforms.Normalize(mean=[0.1307], std=[0.3081])]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, np.int64]:
        image = Image.fromarray(self.pixels[index].numpy())
        return self.transform(image), self.labels[index]


class Order(Sampler[int]):
    """A permutation drawn from a seed that the loop sets before each epoch."""

    def __init__(self, examples: int):
        self.examples, self.seed = examples, 0

    def __iter__(self) -> Iterator[int]:
        stream = torch.Generator().manual_seed(self.seed)
        return iter(torch.randperm(self.examples, generator=stream).tolist())

    def __len__(self) -> int:
        return self.examples


class LeNet(nn.Module):
    """Hidden layers of 300 and 100 units."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(784, 300), nn.Linear(300, 100)])
        self.output = nn.Linear(100, 10)
        self.criterion = nn.CrossEntropyLoss()
        for layer in (*self.hidden, self.output):
            nn.init.kaiming_normal_(cast(Tensor, layer.weight))

    def forward(self, images: Tensor) -> Tensor:
        values = images.view(images.size(0), -1)
        for layer in self.hidden:
            values = nn.functional.relu(layer(values))
        logits: Tensor = self.output(values)
        return logits


class Masked(nn.Module):
    """A model whose weights are multiplied by their masks whenever it is called."""

    def __init__(self, model: LeNet, masks: dict[str, Tensor]):
        super().__init__()
        self.model = model
        for name, mask in masks.items():
            self.register_buffer(self._buffer(name), mask.float())

    @staticmethod
    def _buffer(name: str) -> str:
        return "mask_" + name.replace(".", "_")

    def forward(self, images: Tensor) -> Tensor:
        for name, parameter in self.model.named_parameters():
            if hasattr(self, self._buffer(name)):
                parameter.data *= getattr(self, self._buffer(name))
        logits: Tensor = self.model(images)
        return logits


class Peer:
    """A training under way: `advance` does some more of its iterations.

    `mask` has our names of LeNet's weights (`linears.0.weight`); it is OpenLTH's way to have one
    even for the dense network.
    """

    def __init__(self, recipe: Recipe, pixels: Tensor, labels: Tensor, mask: dict[str, Tensor]):
        masks = {name.replace("linears", "hidden"): keep for name, keep in mask.items()}
        self.network = Masked(LeNet(), masks)
        self.order = Order(len(labels))
        self.loader = DataLoader(
            Examples(pixels, labels), recipe.batch_size, sampler=self.order, num_workers=0
        )
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=recipe.learning_rate)
        # The schedule is a product of factors; without milestones or warm-up one is left.
        self.schedule = LambdaLR(self.optimizer, lambda _: float(np.prod([1.0])))
        self._batches = self._epochs()

    def _epochs(self) -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            self.order.seed += 1
            yield from self.loader

    def advance(self, iterations: int) -> list[Tensor]:
        """Loss of each iteration."""
        losses = []
        for _ in range(iterations):
            images, labels = next(self._batches)
            self.optimizer.zero_grad()
            self.network.train()
            loss = self.network.model.criterion(self.network(images), labels)
            loss.backward()
            self.optimizer.step()
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", category=UserWarning)
                self.schedule.step()
            losses.append(loss.detach())
        return losses
