"""One training of the product in a process of its own: prints iterations a second."""

from __future__ import annotations

import sys

from benchmarks.gpu.rows import training


def main() -> None:
    """Take a network's name and for how many seconds."""
    name, seconds = sys.argv[1], float(sys.argv[2])
    print(training(name, "cuda", "loop", "fp32", 1, 50_000, seconds)["per_second"])


if __name__ == "__main__":
    main()
