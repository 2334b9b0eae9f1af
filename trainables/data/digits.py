"""scikit-learn's digits: 1797 real handwritten digits of 8x8 pixels, 1000 of them for training.

Pixels (0 to 16) are divided by 16 and standardised by the training set's scalar mean and
standard deviation.
"""

from __future__ import annotations

import torch

from trainables.data import Dataset, Split


def load() -> Dataset:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        torch.from_numpy(pixels).float() / 16,
        torch.from_numpy(labels).long(),
        train_size=1000,
        test_size=797,
        stratify=labels,
        random_state=0,
    )
    mean, deviation = train_x.mean(), train_x.std(correction=0)
    return Dataset(
        train=Split((train_x - mean) / deviation, train_y),
        test=Split((test_x - mean) / deviation, test_y),
    )
