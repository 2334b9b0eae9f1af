"""`python -m sweeps`: the command line."""

from sweeps.cli import main

if __name__ == "__main__":
    main()
