"""`python -m sweeps`: the command line."""

from sweeps.cli import main

main()
