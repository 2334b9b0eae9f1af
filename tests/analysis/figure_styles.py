"""The styles in which figures are tested: on paper there is least room."""

from few import few

EITHER = few(["paper", "page"], "paper")
