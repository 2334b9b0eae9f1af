"""The styles in which figures are tested: on paper there is least room."""

import pytest

EITHER = ["paper", pytest.param("page", marks=pytest.mark.slow)]
