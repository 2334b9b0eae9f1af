"""scikit-learn's digits: 1797 real handwritten digits of 8x8 pixels, 1000 of them for training.

Pixels (0 to 16) are divided by 16. The file and the split are scikit-learn's, read here without
importing it, which would take a worker 4 s.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from trainables.data.decoded import Decoded
from trainables.data.errors import DataError

EXAMPLES = 1797

TRAINING = (
    "37c7bb354a198f2ee6a992de289db2e125d7f1ecd54bff50d8d3e1f7cee769e1fe2fc6cd59ce015e6d3c610bbd"
    "d7b0204bbbe8d136bd311db5decf659ff9275a86145ecff6a7723a7a6fbde01f6feefab517fe0ee1fec95133f6"
    "fa05c969f33c447ac358592191bddbefd0342b97fa594602eded0d8e1abf4ed38fb163c810582de8beab37bfb7"
    "9d565b6355abbe09a07a9c11766c75306d12753a5dfaf9709ddef60dfd3e2e02732c37b6066af26931defd7ba7"
    "570a8dcc53c6de36b2333791759ecd2cd54d7cf64d51bfd25938da37108f7e27375bebad79cdb5ed6ac343e298"
)
"""One bit an example, in the file's order: set for those that
`train_test_split(train_size=1000, test_size=797, stratify=labels, random_state=0)` trains on."""


def read(name: str, folder: Path) -> Decoded:
    """Return both splits in the file's order, as floating-point numbers [N, 1, 8, 8].

    Raises DataError without scikit-learn, with which the file comes.
    """
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise DataError("the digits come with scikit-learn, which is not installed")
    table = np.loadtxt(Path(package.origin).parent / "datasets/data/digits.csv.gz", delimiter=",")
    pixels = torch.from_numpy(table[:, :64]).float().view(-1, 1, 8, 8) / 16
    labels = torch.from_numpy(table[:, 64]).long()
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(TRAINING), dtype=np.uint8))
    train = torch.from_numpy(bits[:EXAMPLES].astype(bool))
    return Decoded(pixels[train], labels[train], pixels[~train], labels[~train])
