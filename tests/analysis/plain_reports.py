"""Reports of words and tables alone, for tests that do not look at figures."""

import pytest

from analysis.report import report, side_by_side


def draw_no_figures(patch: pytest.MonkeyPatch) -> None:
    """Have reports draw nothing: that takes most of their time."""
    patch.setattr(report, "_drawn", lambda study, context: iter(()))
    patch.setattr(side_by_side, "plots", lambda parts, plots: iter(()))
