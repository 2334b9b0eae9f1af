"""A plain function as an iterator over its progress."""

import threading

import pytest

from trainables.measures.stepping import Stopped, in_steps
from trainables.training.evaluation import finish


def counting(to):
    def function(tell):
        for number in range(to):
            tell(float(number))
        return "done"

    return function


def test_it_yields_what_is_told_and_returns_what_is_returned():
    assert list(in_steps(counting(3))) == [0.0, 1.0, 2.0]
    assert finish(in_steps(counting(3))) == "done"
    assert finish(in_steps(counting(0))) == "done"


def test_it_never_runs_beside_its_caller():
    """Between two steps nothing moves, however long that takes."""
    reached = []

    def function(tell):
        for number in range(3):
            reached.append(number)
            tell(number)

    steps = in_steps(function)
    next(steps)
    assert reached == [0]
    for _ in range(1000):
        assert reached == [0]
    next(steps)
    assert reached == [0, 1]
    steps.close()


def test_what_it_raises_is_raised_at_the_caller_with_its_place():
    def function(tell):
        tell(0.5)
        raise KeyError("lost")

    steps = in_steps(function)
    assert next(steps) == 0.5
    with pytest.raises(KeyError, match="lost") as raised:
        next(steps)
    assert raised.traceback[-1].name == "function"


@pytest.mark.parametrize("stubborn", [False, True])
def test_closing_it_ends_the_function(stubborn):
    """Also one that takes all errors for its own and goes on telling."""
    ended = []

    def function(tell):
        try:
            tell(0.1)
            tell(0.2)
        except BaseException as error:
            ended.append(type(error))
            if stubborn:
                try:
                    tell(0.3)
                except BaseException as again:
                    ended.append(type(again))
            raise

    steps = in_steps(function)
    next(steps)
    steps.close()
    assert ended == [Stopped] * (2 if stubborn else 1)
    assert not [one for one in threading.enumerate() if one.name == "measure"]


def test_a_function_that_was_never_begun_never_runs():
    ran = []
    in_steps(lambda tell: ran.append(1)).close()
    assert not ran
