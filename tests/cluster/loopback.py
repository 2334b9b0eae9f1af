"""`make cluster-test`: a real cluster by `ray up`, on this machine, from nothing to nothing.

clusters/local.yaml, with two addresses of the loopback device for machines: one is the head, the
other a worker that Ray's autoscaler starts by ssh. A sweep goes there and its results are compared
with those of `sweeps run`, bit for bit. Everything happens in namespaces of its own (processes,
network, mounts): the ports are the usual ones whatever else runs here, `ray down`, which ends
every Ray it sees, sees only ours, and what is left over at the end can be listed.

Needs root, and Debian's openssh-server, rsync and iproute2.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
HEAD, WORKER = "127.0.0.1", "127.0.0.2"
ADDRESS, TRACKING = f"http://{HEAD}:8265", f"http://{HEAD}:5000"
SPEC = ["digits-mlp", "--set", "inits=2", "--set", "rewind=[0, 120]"]
TOOLS = {
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "rsync": "rsync",
    "ip": "iproute2",
    "unshare": "util-linux",
}
ALONE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--net"]
INSIDE = "SWEEPS_CLUSTER_TEST"


def main() -> int:
    os.environ["PATH"] = f"{BIN}:{os.environ['PATH']}:/usr/sbin:/sbin"
    for tool, package in TOOLS.items():
        if not shutil.which(tool):
            print(f"cluster-test: {tool} is missing: apt-get install {package}", file=sys.stderr)
            return 2
    if INSIDE not in os.environ:
        return enter()
    with tempfile.TemporaryDirectory(prefix="sweeps-cluster-") as folder:
        test(Path(folder))
    return 0


def enter() -> int:
    """This script again, alone with itself. The shell is there to reap orphans, as init does."""
    if subprocess.run([*ALONE, "true"], stderr=subprocess.DEVNULL).returncode:
        print("cluster-test: may not make namespaces: root is needed", file=sys.stderr)
        return 2
    command = [*ALONE, "sh", "-c", '"$@"; exit $?', "sh", sys.executable, __file__]
    return subprocess.run(command, env=os.environ | {INSIDE: "1"}).returncode


def test(folder: Path) -> None:
    before = processes()
    client, machine, store = (folder / name for name in ("client", "machine", "store"))
    for path in (client, machine, store, folder / "ray"):
        path.mkdir()
    Path("/tmp/ray").mkdir(exist_ok=True)
    run("mount", "--bind", str(folder / "ray"), "/tmp/ray")
    run("ip", "link", "set", "lo", "up")
    os.environ.update(HOME=str(client), PYTHONPATH=str(ROOT), COLUMNS="200")
    for name in [name for name in os.environ if name.startswith(("SWEEPS_", "RAY_"))]:
        del os.environ[name]
    with sshd(folder, machine):
        run("ray", "get-auth-token", "--generate")
        configuration = configure(folder, store)
        with timed("ray up"):
            run("ray", "up", "-y", configuration, cwd=ROOT)
        try:
            with timed("until the worker has joined"):
                wait(lambda: nodes() == 2, 180)
            head = pid_of_head(machine)
            with timed("ray up again"):
                run("ray", "up", "-y", configuration, cwd=ROOT)
            assert pid_of_head(machine) == head, "a second `ray up` restarted the head"
            sweep(folder, store)
        except BaseException:
            show_logs(machine)
            raise
        finally:
            with timed("ray down, until nothing is left"):
                run("ray", "down", "-y", configuration, cwd=ROOT)
                wait(lambda: not left(before), 120)
    print("nothing is left running")


def sweep(folder: Path, store: Path) -> None:
    """On the cluster, on the cluster again, here: always the same."""
    there, here = folder / "there", folder / "here"
    for path in (there, here):
        path.mkdir()
    begun = time.monotonic()
    identity = sweeps("submit", *SPEC, "--address", ADDRESS, cwd=there).splitlines()[-1]
    with timed("submission to the first stored result"):
        wait(lambda: artifacts(store), 180)
    log = sweeps("logs", identity, "-f", "--address", ADDRESS, cwd=there)
    print(f"  {time.monotonic() - begun:5.1f} s  first submission, whole")
    assert "90 trainings" in log, log
    print(sweeps("status", identity, "--address", ADDRESS, cwd=there))
    assert machines_that_trained() == 2
    made = artifacts(store)
    with timed("second submission, whole"):
        again = sweeps("submit", *SPEC, "--wait", "--address", ADDRESS, cwd=there)
    assert artifacts(store) == made, again
    assert identity in sweeps("list", "--address", ADDRESS, cwd=there)
    trials = results(there, "--tracking", TRACKING)
    sweeps("report", "digits-mlp", "--tracking", TRACKING, "-o", "report.html", cwd=there)
    assert "<svg" in (there / "report.html").read_text()
    with timed("sweeps run, here"):
        sweeps("run", *SPEC, "--workers", "2", "--home", str(here / "home"), cwd=here)
    assert artifacts(here / "home" / "store") == made, "other bits than those of a local run"
    assert results(here, "--home", str(here / "home")) == trials
    print(f"{len(made)} stored results and {len(trials)} trials equal those of a local run")


def configure(folder: Path, store: Path) -> str:
    """clusters/local.yaml for this machine. Its programs are there; the project is what rsync
    brought."""
    config = yaml.safe_load((ROOT / "clusters" / "local.yaml").read_text())
    config["provider"] = {"type": "local", "head_ip": HEAD, "worker_ips": [WORKER]}
    config["auth"] = {"ssh_user": "root", "ssh_private_key": str(folder / "key")}
    to_path = config["setup_commands"][-1]
    assert ".bashrc" in to_path
    config["setup_commands"] = [
        f"ln -sfn {BIN.parent} ~/sweeps-env",
        to_path,
        "grep -q PYTHONPATH ~/.bashrc || echo 'export PYTHONPATH=~/stability-sweeps' >> ~/.bashrc",
    ]
    start, join = config["head_start_ray_commands"], config["worker_start_ray_commands"]
    start[-1] = changed(start[-1], "/mnt/shared/sweeps", f"{store} --cpus 1")
    start[-1] += f" --node-ip-address {HEAD}"
    # Both machines have the same disk, where each would take the other's files for its own.
    join[:] = [changed(c, "sweeps node", "SWEEPS_HOME=~/worker sweeps node") for c in join]
    join[-1] += f" --cpus 1 -- --node-ip-address {WORKER} --temp-dir {folder}/ray2"
    path = folder / "cluster.yaml"
    path.write_text(yaml.safe_dump(config))
    return str(path)


def changed(text: str, old: str, new: str) -> str:
    assert old in text, f"{old!r} is not in {text!r}"
    return text.replace(old, new)


@contextmanager
def sshd(folder: Path, home: Path) -> Iterator[None]:
    """An ssh server for both machines, where a folder of ours is root's home."""
    users = [line.split(":") for line in Path("/etc/passwd").read_text().splitlines()]
    changed_users = [[*u[:5], str(home), "/bin/bash"] if u[0] == "root" else u for u in users]
    (folder / "passwd").write_text("".join(":".join(user) + "\n" for user in changed_users))
    run("mount", "--bind", str(folder / "passwd"), "/etc/passwd")
    for key in ("host", "key"):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key))
    settings = {
        "ListenAddress": "0.0.0.0",
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "key.pub",
        "PermitRootLogin": "prohibit-password",
        "StrictModes": "no",
        "UsePAM": "no",
        "PidFile": "none",
    }
    (folder / "sshd_config").write_text("".join(f"{k} {v}\n" for k, v in settings.items()))
    Path("/run/sshd").mkdir(exist_ok=True)
    command = [str(shutil.which("sshd")), "-D", "-e", "-f", str(folder / "sshd_config")]
    with (folder / "sshd.log").open("w") as log:
        server = subprocess.Popen(command, stderr=log)
    try:
        yield
    finally:
        server.terminate()
        server.wait()


def show_logs(machine: Path) -> None:
    """Of what may have gone wrong; the folders are about to be removed."""
    logs = [*machine.glob("*/node/*.log"), *Path("/tmp/ray/session_latest/logs").glob("monitor*")]
    for log in logs:
        lines = log.read_text(errors="replace").splitlines()[-30:]
        print(f"== {log}", *lines, sep="\n", file=sys.stderr)


def nodes() -> int:
    """How many machines are in the cluster."""
    return state("list_nodes", "n.node_id for n in found if n.state == 'ALIVE'")


def machines_that_trained() -> int:
    chosen = "a.node_id for a in found if 'BatchTrainable' in a.class_name"
    return state("list_actors", chosen)


def state(listing: str, chosen: str) -> int:
    """How many different things Ray's state API lists, asked as any client does."""
    code = (
        f"from ray.util.state import {listing}\n"
        f"found = {listing}(address='{ADDRESS}')\n"
        f"print(len({{{chosen}}}))"
    )
    environment = os.environ | {"RAY_AUTH_MODE": "token"}
    return int(run(sys.executable, "-c", code, env=environment).splitlines()[-1])


def pid_of_head(machine: Path) -> str:
    return (machine / ".sweeps" / "node" / "supervisord.pid").read_text()


def artifacts(store: Path) -> set[str]:
    """Names of what is stored for good: kind, key and checksum of the content."""
    return {
        str(path.relative_to(store))
        for path in store.rglob("*")
        if re.fullmatch(r"[0-9a-f]{32}\.[0-9a-f]{12}\.\d+\.\w+", path.name)
        and path.relative_to(store).parts[0]
        not in ("checkpoint", "damaged", "submission", "submitted")
    }


def results(folder: Path, *where: str) -> list[dict[str, object]]:
    """What `sweeps results` says, without MLflow's own run ids."""
    rows = json.loads(sweeps("results", "digits-mlp", "--format", "json", *where, cwd=folder))
    rows = [{name: value for name, value in row.items() if name != "run_id"} for row in rows]
    return sorted(rows, key=json.dumps)


def sweeps(*arguments: str, cwd: Path) -> str:
    return run(sys.executable, "-c", "from sweeps.cli import main; main()", *arguments, cwd=cwd)


def run(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Its output. A failure shows all of it."""
    done = subprocess.run(
        command, cwd=cwd, env=env, text=True, stdin=subprocess.DEVNULL, capture_output=True
    )
    if done.returncode:
        raise SystemExit(
            f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}"
        )
    return done.stdout


def processes() -> dict[int, str]:
    found = {}
    for process in Path("/proc").iterdir():
        with suppress(OSError):  # it has ended
            if process.name.isdigit() and (command := (process / "cmdline").read_bytes()):
                found[int(process.name)] = command.replace(b"\0", b" ").decode(errors="replace")
    return found


def left(before: dict[int, str]) -> list[str]:
    """What runs that did not before, but for the ssh server and what it still has open."""
    return [c for pid, c in processes().items() if pid not in before and "sshd" not in c]


def wait(happened: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            listed = "\n".join(command[:150] for command in processes().values())
            raise SystemExit(f"it did not happen within {seconds} s; running are\n{listed}")
        time.sleep(0.2)


@contextmanager
def timed(what: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    print(f"  {time.monotonic() - begun:5.1f} s  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
