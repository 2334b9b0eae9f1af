"""Ray's own command line as a node calls it: `python -m sweeps.cluster.ray_command start ...`.

It waits for a busy machine, and a head opens no port for Ray Client, which nothing here uses,
unless `--ray-client-server-port` asks for one.
"""

from __future__ import annotations

import sys

from sweeps import patience


def main() -> None:
    from ray.scripts import scripts

    if not any(argument.startswith("--ray-client-server-port") for argument in sys.argv):
        # As where the extra ray[client] is not installed: there is no option for none.
        scripts.get_ray_client_dependency_error = lambda: "not wanted"
    with patience.waiting():
        scripts.main()


if __name__ == "__main__":
    main()
