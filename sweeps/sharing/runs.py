"""Runs of MLflow as an archive holds them: read from one home's records, written to another's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mlflow.entities import Metric, Param, RunTag, ViewType

from analysis import records
from sweeps.errors import UserError
from sweeps.home import Home
from sweeps.recording import files
from sweeps.recording.drivers import abandoned, this_driver
from sweeps.sharing.contents import FILE_NAME, Kind, SharedRun

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

FILTERS: dict[Kind, str] = {
    "sweep": records.IS_SUBMISSION,
    "trial": records.IS_TRIAL,
    "training": records.IS_TRAINING,
}
KEYS: dict[Kind, str] = {
    "sweep": records.SWEEP_KEY,
    "trial": records.TRIAL_KEY,
    "training": records.CURVE_KEY,
}
"""Kind -> the tag that holds a run's key."""

NOT_SHARED = {records.DRIVER, records.PARENT, "mlflow.runName", "mlflow.user"}
"""Tags of who wrote a run, and ids, which are others in each home."""

AT_ONCE = 100
"""Params, and tags, that MLflow takes at a time; of metrics it is 1,000."""

ReadText = Callable[[str], str]
"""The text of a run's file, by its name."""


def shared(client: MlflowClient, home: Home, run: Run, parent: str | None) -> SharedRun:
    """Return all that is recorded of a run; one that is not finished counts as killed.

    `parent` is the key of the submission below which it is shown.
    """
    tags = run.data.tags
    kind = next(one for one in KEYS if one == tags[records.KIND])
    status: Any = run.info.status if run.info.status in ("FINISHED", "FAILED") else "KILLED"
    names = files.names(client, home, run)
    return SharedRun(
        kind=kind,
        key=tags[KEYS[kind]],
        parent=parent,
        name=run.info.run_name,
        status=status,
        started=run.info.start_time,
        ended=run.info.end_time,
        params=run.data.params,
        tags={name: value for name, value in tags.items() if name not in NOT_SHARED},
        metrics=list(_metrics(client, run, kind)),
        files=sorted(name for name in names if FILE_NAME.fullmatch(name)),
    )


def _metrics(client: MlflowClient, run: Run, kind: Kind) -> Iterator[tuple[str, float, int, int]]:
    """Yield every value of a run's metrics: of a trial there is one of each, but of paths that
    earlier versions recorded."""
    # MLflow tells time and step of the latest value nowhere else but by a request per metric.
    latest = {one.key: one for one in run.data._metric_objs}
    for name in sorted(run.data.metrics):
        if kind == "trial" and name not in records.CURVE_METRICS:
            one = latest[name]
            yield name, one.value, one.timestamp, one.step
            continue
        for one in client.get_metric_history(run.info.run_id, name):
            yield name, one.value, one.timestamp, one.step


class Runs:
    """The runs of one sweep in a home, found by kind and key, and written to."""

    def __init__(self, client: MlflowClient, home: Home, experiment: str, deleted: bool = False):
        """See which runs there are; also the `deleted` ones, which its restoring brings back."""
        self._client, self._home, self._experiment = client, home, experiment
        view = ViewType.ALL if deleted else ViewType.ACTIVE_ONLY
        self.found: dict[tuple[Kind, str], Run] = {}
        for kind, condition in FILTERS.items():
            for run in _search(client, experiment, condition, view):
                self.found[kind, run.data.tags[KEYS[kind]]] = run

    @property
    def submissions(self) -> dict[str, Run]:
        """Key -> run of each submission."""
        return {key: run for (kind, key), run in self.found.items() if kind == "sweep"}

    def check(self, one: SharedRun) -> None:
        """Raise UserError where a trial is recorded here with other numbers, or a sweep runs."""
        here = self.found.get((one.kind, one.key))
        if here is None:
            return
        ended = abandoned(here) or here.data.tags.get(records.DRIVER) == this_driver()
        if one.kind == "sweep" and here.info.status == "RUNNING" and not ended:
            raise UserError(f"submission {one.key[:8]} is running: wait for its end")
        if one.kind != "trial" or here.info.status != "FINISHED":
            return
        theirs, ours = _measured(one), records.measured(here)
        other = {label for label in theirs.keys() & ours.keys() if theirs[label] != ours[label]}
        values = {name: value for name, value, _, _ in one.metrics}
        for name in values.keys() & here.data.metrics.keys():
            if not _same(values[name], here.data.metrics[name]):
                other.add(name)
        if other:
            raise UserError(
                f"trial {one.key[:8]} is recorded here with another {min(other)} than in the file; "
                "--as NAME imports it under another name"
            )

    def adds(self, one: SharedRun) -> bool:
        """Return whether a run of an archive brings anything that is not recorded here."""
        here = self.found.get((one.kind, one.key))
        if here is None or here.info.status == "RUNNING":  # of an import that was interrupted
            return True
        if one.kind == "trial" and here.info.status == "FINISHED":
            return not _measured(one).keys() <= records.measured(here).keys()
        return one.kind != "sweep" and here.info.status != "FINISHED" == one.status

    def begin(self, one: SharedRun, parent: str | None = None) -> str:
        """Find or make a run, under way, below the run with the id `parent`; return its id."""
        here = self.found.get((one.kind, one.key))
        if here is not None:
            if one.kind == "sweep":
                self._client.update_run(here.info.run_id, status="RUNNING")
                self._client.set_tag(here.info.run_id, records.DRIVER, this_driver())
            return str(here.info.run_id)
        above = {records.DRIVER: this_driver()} if parent is None else {records.PARENT: parent}
        run = self._client.create_run(
            self._experiment, start_time=one.started, run_name=one.name, tags=one.tags | above
        )
        return str(run.info.run_id)

    def adopt(self, one: SharedRun, parent: str) -> None:
        """Show a run that was here before below the submission with the id `parent`, as the archive
        has it: the latest that asks for it."""
        here = self.found.get((one.kind, one.key))
        if here is not None and here.data.tags.get(records.PARENT) != parent:
            self._client.set_tag(here.info.run_id, records.PARENT, parent)

    def fill(self, run_id: str, one: SharedRun, read: ReadText) -> None:
        """Write what a run is to hold; `read` returns the text of one of its files."""
        run = self._client.get_run(run_id)
        for name in one.files:
            files.write_text(self._client, self._home, run, name, read(name))
        params = [Param(n, value) for n, value in one.params.items() if n not in run.data.params]
        tags = [RunTag(n, value) for n, value in one.tags.items() if run.data.tags.get(n) != value]
        metrics = [Metric(*values) for values in one.metrics]
        while params or tags or metrics:
            self._client.log_batch(
                run_id, metrics=metrics[:900], params=params[:AT_ONCE], tags=tags[:AT_ONCE]
            )
            metrics, params, tags = metrics[900:], params[AT_ONCE:], tags[AT_ONCE:]

    def end(self, run_id: str, one: SharedRun) -> None:
        """End a run as it ended."""
        if one.kind == "sweep":
            self._client.delete_tag(run_id, records.DRIVER)
        self._client.set_terminated(run_id, one.status, end_time=one.ended)


def _search(client: MlflowClient, experiment: str, condition: str, view: int) -> Iterator[Run]:
    token = None
    while True:
        page = client.search_runs([experiment], condition, view, 1000, page_token=token)
        yield from page
        if not (token := page.token):
            return


def _measured(one: SharedRun) -> dict[str, str]:
    """As `records.measured`, of a run in an archive."""
    prefix = records.MEASURED
    found = {n.removeprefix(prefix): key for n, key in one.tags.items() if n.startswith(prefix)}
    if any(name == records.split_metric(records.ACCURACY, "test") for name, *_ in one.metrics):
        found.setdefault(records.INSTABILITY, one.key)
    return found


def _same(one: float, other: float) -> bool:
    return one == other or (one != one and other != other)


def by_key(runs: Iterable[Run], kind: Kind) -> Mapping[str, Run]:
    """Return key -> run, of several with one key the last, as results show it."""
    return {run.data.tags[KEYS[kind]]: run for run in runs}
