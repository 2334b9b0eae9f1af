"""Sweeps submitted to a cluster: Ray jobs whose driver is `sweeps run` on the head.

A submission's id is the sweep's name, a part of its content's hash and a number: submitting what
is already under way finds it instead of doing it twice.
"""

from __future__ import annotations

import logging
import platform
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from sweeps import plugins
from sweeps.cluster import network_files
from sweeps.cluster.config import AGAIN, Cluster
from sweeps.cluster.submission import CONTENT, PRIORITY, PROJECT, SWEEP, Submission
from sweeps.errors import ClusterError, UserError, did_you_mean
from sweeps.loading import load, names_address, read
from sweeps.placement import ANYTHING
from trainables.data import is_code
from trainables.plugin_sources import digest
from trainables.store import content_key

if TYPE_CHECKING:
    from ray.job_submission import JobSubmissionClient
    from ray.util.state.common import NodeState

SPEC_FILE = "spec.yaml"
OWN_CODE = "own-code"
"""The folder of own code, beside it. No module can have this name: a job's workers would find those
of its working directory before any other."""

STOP_SECONDS = 120
"""That a driver has to checkpoint what is under way."""

UNSEEN_SECONDS = 4
"""Within which Ray sees that a job has ended, on a busy machine, too."""

LABELS = {"sweeps-version": lambda: version("stability-sweeps"), "python": platform.python_version}
"""What `sweeps node` says of a machine; a client must agree."""


class Jobs:
    """The submissions of one cluster. Methods raise ClusterError if it can't be spoken to."""

    def __init__(self, cluster: Cluster):
        """Raises ClusterError unless a cluster answers, UserError if it refuses the token."""
        cluster.authenticate()
        self.cluster = cluster
        with _spoken_to(cluster):
            from ray.dashboard.modules import dashboard_sdk
            from ray.job_submission import JobSubmissionClient

            # It tells of each upload, as what it is called by does too.
            for name in (dashboard_sdk.__name__, "ray._private.runtime_env.packaging"):
                logging.getLogger(name).setLevel(logging.WARNING)
            self._client: JobSubmissionClient = JobSubmissionClient(cluster.address)

    def submit(
        self,
        spec: str,
        overrides: Sequence[str] = (),
        workers: int | None = None,
        priority: int = 0,
    ) -> tuple[Submission, bool]:
        """Start a sweep, or find the same one under way; and whether it was started.

        The priority is no part of what the sweep is: one that is under way keeps its own.

        The own code that the spec names is sent with it, see `trainables.plugins.use`, and so are
        networks from files below the current folder. Raises
        UserError for a spec that is wrong.
        """
        raw, text, _ = read(spec, overrides)
        files = network_files.sent(raw)
        if names_address(raw):
            _check_address(raw["recipe"]["data"])
        elif not network_files.on_the_cluster_alone(raw):
            load(spec, overrides, machines=ANYTHING)
        own = plugins.named(raw)
        plugins.check(raw)
        self.check_versions()
        code: dict[str, Any] = {"own_code": digest(own)} if own else {}
        if files:
            code["files"] = network_files.digests(files)
        content = content_key("submission", {"spec": raw, **code})
        earlier = [one for one in self.all() if one.content == content]
        for one in earlier:
            if one.under_way:
                return one, False
        name = raw["name"]
        identity = f"{name}-{content[:8]}-{len(earlier) + 1}"
        command = ["sweeps", "run", SPEC_FILE, "--cluster", "auto"]
        command += [part for override in overrides for part in ("--set", override)]
        if own:
            command += ["--plugins", OWN_CODE]
        if workers:
            command += ["--workers", str(workers)]
        again = ["sweeps", "submit", spec, *command[5 : 5 + 2 * len(overrides)]]
        if priority:
            command += ["--priority", str(priority)]
            again += ["--priority", str(priority)]
        with tempfile.TemporaryDirectory() as folder, _spoken_to(self.cluster):
            (Path(folder) / SPEC_FILE).write_text(text, encoding="utf-8")
            for name, network in files.items():
                place = Path(folder) / name
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(network, place)
            for source in own:
                file = Path(folder) / OWN_CODE / source.file
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(source.content)
            try:
                self._client.submit_job(
                    entrypoint=shlex.join(command),
                    submission_id=identity,
                    runtime_env={
                        "working_dir": folder,
                        "env_vars": {
                            "RAY_JOB_STOP_WAIT_TIME_S": str(STOP_SECONDS),
                            AGAIN: shlex.join(again),
                        },
                    },
                    metadata={
                        SWEEP: name,
                        CONTENT: content,
                        PROJECT: version("stability-sweeps"),
                        PRIORITY: str(priority),
                    },
                )
            except RuntimeError as error:
                if "already exists" not in str(error):
                    raise
                return self.get(identity), False  # somebody was quicker
        return self.get(identity), True

    def all(self) -> list[Submission]:
        """Every submission, the latest first."""
        with _spoken_to(self.cluster):
            jobs = self._client.list_jobs()
        found = [Submission.of(job) for job in jobs if CONTENT in (job.metadata or {})]
        return sorted(found, key=lambda one: one.begun or time.time(), reverse=True)

    def get(self, identity: str | None) -> Submission:
        """By id or by the sweep's name, then the latest; without either the latest of all.

        Raises UserError if there is none.
        """
        every = self.all()
        for one in every:
            if identity in (None, one.id, one.sweep):
                return one
        if not every:
            raise UserError(f"nothing was submitted to {self.cluster.name}")
        known = [one.id for one in every]
        raise UserError(
            f"no submission {identity!r} on {self.cluster.name}"
            + did_you_mean(str(identity), known[:10])
        )

    def log(self, one: Submission) -> str:
        """What its driver printed so far."""
        with _spoken_to(self.cluster):
            text: str = self._client.get_job_logs(one.id)
        return text

    def follow(self, one: Submission) -> Iterator[str]:
        """What its driver prints, as it does, to its end."""
        seen = 0
        while True:
            ended = not self.get(one.id).under_way
            text = self.log(one)
            if len(text) > seen:
                yield text[seen:]
                seen = len(text)
            if ended:
                return
            time.sleep(1)

    def stop(self, one: Submission) -> Submission:
        """Stop it; its trainings store checkpoints first. Returns it as it then is."""
        with _spoken_to(self.cluster):
            self._client.stop_job(one.id)
        deadline = time.monotonic() + STOP_SECONDS + 30
        while (now := self.get(one.id)).under_way and time.monotonic() < deadline:
            time.sleep(0.5)
        return now

    def run_on_head(self, command: Sequence[str], seconds: float) -> str:
        """Run a command as a job on the head, and return what it printed, whether it failed or not.

        The job is removed. Raises ClusterError if it takes longer.
        """
        with _spoken_to(self.cluster):
            identity = self._client.submit_job(
                entrypoint=shlex.join(command), submission_id=f"doctor-{token_hex(6)}"
            )
            deadline = time.monotonic() + seconds
            while not self._client.get_job_status(identity).is_terminal():
                if time.monotonic() > deadline:
                    self._client.stop_job(identity)
                    raise ClusterError(
                        f"{self.cluster.name} did not do `{shlex.join(command)}` in {seconds:g} s"
                    )
                time.sleep(0.5)
            text: str = self._client.get_job_logs(identity)
            self._remove(identity)
        return text

    def _remove(self, identity: str) -> None:
        """Remove a job that has ended, for good.

        Ray looks after a job once a second. If it finds one gone that it had not yet seen end, it
        writes that the job failed, and leaves it alone from then on.
        """
        self._client.delete_job(identity)
        deadline = time.monotonic() + UNSEEN_SECONDS
        while time.monotonic() < deadline:
            time.sleep(0.5)
            if identity in {job.submission_id for job in self._client.list_jobs()}:
                self._client.delete_job(identity)
                return

    def nodes(self) -> list[NodeState]:
        """Every machine that the cluster has or had."""
        with _spoken_to(self.cluster):
            from ray.util.state import list_nodes

            found: list[NodeState] = list_nodes(address=self.cluster.address, detail=True)
        return found

    def check_versions(self) -> None:
        """Raises ClusterError where a machine says that it has other versions."""
        for node in self.nodes():
            for name, ours in LABELS.items():
                theirs = (node.labels or {}).get(name)
                if theirs not in (None, ours()):
                    raise ClusterError(
                        f"{self.cluster.name} has {name.removesuffix('-version')} {theirs} where "
                        f"this machine has {ours()}: install the same on both"
                    )


def _check_address(address: str) -> None:
    """Raise UserError where data are at a path that means nothing on a cluster."""
    if not (is_code(address) or address.startswith("/") or "://" in address):
        raise UserError(
            f"recipe.data: {address} is a path of this machine; on a cluster: "
            "a URL, or an absolute path that all of its machines have"
        )


@contextmanager
def _spoken_to(cluster: Cluster) -> Iterator[None]:
    """What Ray's client raises in one line."""
    try:
        yield
    except (UserError, ClusterError):
        raise
    except OSError as error:
        raise ClusterError(f"no Ray cluster answers at {cluster.address}") from error
    except Exception as error:  # Ray's client raises many kinds, RuntimeError most of all
        line = " ".join(str(error).split())
        if type(error).__name__ == "AuthenticationError" or " 401" in line or " 403" in line:
            raise UserError(
                f"the cluster at {cluster.address} refuses this token; set RAY_AUTH_TOKEN or "
                "RAY_AUTH_TOKEN_PATH, or token_file in the file of clusters"
            ) from error
        raise ClusterError(f"the cluster at {cluster.address} fails: {line[:300]}") from error
