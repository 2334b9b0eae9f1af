"""What a report says of a sweep beyond its numbers."""

import pytest

from sweeps.reporting import worded


@pytest.mark.parametrize(
    ("recorded", "words"),
    [
        ("None", "none"),
        ("{}", "none"),
        ("()", "none"),
        ("", "–"),
        ("True", "yes"),
        ("False", "no"),
        ("('a', 'b')", "a, b"),
        ("(600, 900)", "600, 900"),
        ("((1, 2), (3, 4))", "1, 2; 3, 4"),
        ("{'hidden': (48, 48), 'batchnorm': True}", "hidden: [48, 48], batchnorm: yes"),
        ("{'width': None}", "width: none"),
        ("0.1", "0.1"),
        ("1307594e92", "1307594e92"),
        ("digits-mlp", "digits-mlp"),
        ("(not a value", "(not a value"),
    ],
)
def test_hyperparameters_are_said_in_words(recorded: str, words: str) -> None:
    assert worded(recorded) == words
