"""The figures of what a sweep searched for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from analysis import searches
from analysis.figures import search
from analysis.report.plot import Plot

if TYPE_CHECKING:
    from analysis.study import Study

ALONG = {"rewind": "rewind iteration", "level": "pruning level"}


def plots(study: Study, wanted: Sequence[searches.Search]) -> Iterator[Plot]:
    """Yield a figure for each thing that is searched for, along k or along levels."""
    kinds = dict.fromkeys((one.find, one.along) for one in wanted)
    for find, along in kinds:
        own = [one for one in wanted if (one.find, one.along) == (find, along)]
        lines = searches.ended(study, own)
        if lines:
            yield Plot(
                search.figure(study, lines),
                name=f"search-{find}-{along}",
                title=f"Search: from which {ALONG[along]} on {find}"
                if along == "rewind"
                else f"Search: up to which {ALONG[along]} {find}",
                caption="Every trial that the search looked at (dots), and the mean of each point "
                "with its 95 % interval over inits. The dashed line is what decides, "
                "for the mean of the trials at a point, or of one init where each is searched by "
                "itself; the band is the bracket in which the search ended.",
                alt=f"Points of single trials against the {ALONG[along]}, a panel per strategy "
                "and sparsity, with the bracket that was found. The table of searches has the "
                "numbers.",
            )
