"""Which searches a recorded sweep is of, for its tables and figures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from analysis import records
from analysis.searches import Search
from analysis.tuned import Tuned, Unfinished

if TYPE_CHECKING:
    from sweeps.results import Results


def searches_of(results: Results) -> tuple[Search, ...]:
    """Return the searches of a sweep's submission, in the order of its subnetworks."""
    text = results.text(records.SWEEP_FILE)
    if text is None:  # of an earlier version, which had none
        return ()
    spec: dict[str, Any] = json.loads(text)
    found = []
    for one in spec["subnetworks"]:
        rewind, levels = one.get("rewind") or spec["rewind"], one.get("levels")
        if isinstance(rewind, dict):
            if not (one["strategy"] == "dense" and rewind["find"] == "matching"):
                found.append(Search(one["strategy"], rewind["find"], "rewind", rewind["per"]))
        elif isinstance(levels, dict):
            found.append(Search(one["strategy"], levels["find"], "level", levels["per"]))
    return tuple(dict.fromkeys(found))


def tuned_of(results: Results) -> Tuned | None:
    """Return what a sweep's search over hyperparameters is for; None where there is none."""
    spec = json.loads(results.text(records.SWEEP_FILE) or "{}")
    search = spec.get("search")
    if search is None:
        return None
    recorded, unfinished = set(results.trials["trial"]), {}
    own = results.submission.info.run_id
    for one in results.settings:
        part = next((part for part in one.parts if part.run.info.run_id == own), None)
        there = len(one.trials() & recorded)
        if part is not None and part.whole is not None and there < part.whole:
            unfinished[one.label] = Unfinished(there, part.whole, part.rung)
    return Tuned(search["metric"], search["mode"], unfinished)
