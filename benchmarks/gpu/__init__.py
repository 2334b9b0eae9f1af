"""What a GPU does with this product's trainings and paths. Needs torch alone, and no data set.

    python -m benchmarks.gpu --out results.jsonl      measure, on a machine with a GPU
    python -m benchmarks.gpu.table results.jsonl      tables
    python -m benchmarks.gpu.fit results.jsonl        rates for `sweeps plan`

Each row is written when it is measured; one that fails says why, and the others go on.
"""
