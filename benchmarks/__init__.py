"""What sweeps cost, measured beside what they would cost without this project.

harness.py             counts, interleaved timing, spreads, rows and their JSON
peer.py, plain.py      what is compared with: OpenLTH's work restated; plain PyTorch loops
training.py, paths.py, replicas.py, memory.py, sweeps_through_cli.py
                       the benchmarks, each a function of a `Setting` that returns rows
registry.py            their names
one.py, __main__.py    one benchmark in a process of its own; `python -m benchmarks`
"""
