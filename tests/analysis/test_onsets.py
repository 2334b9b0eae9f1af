import math

import pandas as pd
import pytest

from analysis.cells import cells, samples
from analysis.onsets import onsets, sample_onsets, typical_onsets

nan, inf = math.nan, math.inf

PAIRS = [(1, 2), (1, 3), (2, 3)]


def line(frame, twice, instabilities, strategy="dense", level=0):
    """Trials of one line, alike in two inits: {k: instability}."""
    rows = (twice(strategy, level, k, instability=v) for k, v in instabilities.items())
    return frame(*(row for of_k in rows for row in of_k))


# --- brackets ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instabilities", "failed", "onset", "last"),
    [
        ({0: 60.0, 20: 1.0, 60: 0.5}, 0, 20, 60),
        ({0: 60.0, 120: 0.5}, 0, 120, 120),
        ({0: 60.0, 5: 50.0, 20: 1.0}, 5, 20, 20),
        ({0: 0.5, 20: 1.0, 60: 0.5}, None, 0, 60),
        ({0: 60.0, 20: 3.0, 60: 2.0}, 60, None, 60),
        ({0: 60.0, 20: 1.0, 60: 5.0, 120: 1.0}, 60, 120, 120),  # stable, unstable, stable
        ({0: 1.0, 20: 1.0, 60: 5.0}, 60, None, 60),  # not at the end
        ({0: 60.0, 20: nan, 60: 1.0}, 0, 60, 60),  # what cannot be judged fails nothing
        ({0: nan, 20: 1.0, 60: 1.0}, None, 20, 60),
        ({0: 60.0, 20: 1.0, 60: nan}, 0, 20, 20),  # and 60 is not claimed
        ({0: nan, 20: nan}, None, None, None),
        ({100: 1.0}, None, 100, 100),
        ({100: 3.0}, 100, None, 100),
        ({500: 0.1, 20: 1.0, 100: 0.4, 0: 50.0}, 0, 20, 500),  # whatever the order
    ],
)
def test_an_onset_lies_between_the_last_failure_and_where_stability_begins_to_last(
    frame, twice, instabilities, failed, onset, last
):
    [found] = onsets(cells(line(frame, twice, instabilities)), "stable").to_dict("records")
    wanted = {"failed": failed, "onset": onset, "last": last}
    assert {name: None if pd.isna(found[name]) else found[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("instabilities", "first"),
    [
        ({0: 60.0, 20: 1.0, 60: 0.5}, 20),
        ({0: 1.0, 20: 5.0, 60: 0.5}, 0),  # it does not last
        ({0: 60.0, 20: 1.0, 60: 5.0}, 20),  # there is none that lasts
        ({0: 60.0, 20: 3.0}, None),
        ({0: nan, 20: 1.0}, 20),
    ],
)
def test_the_first_point_at_which_a_verdict_holds(frame, twice, instabilities, first):
    [found] = onsets(cells(line(frame, twice, instabilities)), "stable")["first"]
    assert (None if pd.isna(found) else found) == first


def test_the_onset_does_not_rest_on_the_order_of_the_rows(frame, twice):
    shuffled = cells(line(frame, twice, {0: 60.0, 20: 1.0, 60: 0.5})).iloc[[1, 2, 0]]
    assert onsets(shuffled, "stable")["onset"].tolist() == [20]


def test_onsets_of_matching(study):
    found = onsets(cells(study), "matching")
    assert found["strategy"].tolist() == ["dense", "imp", "random-pruning"]
    assert found["level"].tolist() == [0, 11, 11]
    assert found["weights_left"].tolist() == pytest.approx([100.0, 8.589934592, 8.589934592])
    assert found["onset"].tolist() == [pd.NA, 120, pd.NA]
    assert found["failed"].tolist() == [pd.NA, 0, 120]
    assert found["last"].tolist() == [pd.NA, 120, 120], "dense networks match nothing"


def test_recipes_have_onsets_of_their_own(frame, twice):
    rows = [
        *twice(rewind=0, recipe="a", instability=9.0),
        *twice(rewind=20, recipe="a", instability=1.0),
        *twice(rewind=60, recipe="b", instability=1.0),
    ]
    found = onsets(cells(frame(*rows)), "stable")
    assert found[["recipe", "onset"]].to_numpy().tolist() == [["a", 20], ["b", 60]]


def test_no_onset_of_matching_without_a_reference(frame, trial):
    found = onsets(cells(frame(trial("imp", 1))), "matching")
    assert found["onset"].isna().tolist() == [True]
    assert str(found["onset"].dtype) == "Int64"


def test_no_cells_have_no_onsets(frame):
    found = onsets(cells(frame()), "stable")
    assert len(found) == 0
    assert str(found["onset"].dtype) == "Int64"
    assert len(typical_onsets(samples(frame()), "stable")) == 0


# --- per sample -------------------------------------------------------------------------

STABLE, UNSTABLE = 0.5, 30.0


def with_onsets(frame, trial, onsets_, points=(0, 20, 60, 120), **what):
    """Nine samples or fewer, each stable from its own onset on."""
    return samples(
        frame(
            *(
                trial(
                    rewind=k,
                    init=i // 3,
                    orders=PAIRS[i % 3],
                    instability=STABLE if k >= onset else UNSTABLE,
                    **what,
                )
                for i, onset in enumerate(onsets_)
                for k in points
            )
        )
    )


def typical(found):
    [row] = typical_onsets(found, "stable").to_dict("records")
    return row["median"], row["majority"], row["reach"], row["n"]


def test_the_median_onset_is_not_that_of_the_mean(frame, trial):
    found = with_onsets(frame, trial, [20] * 3 + [60] * 4 + [120] * 2)
    assert sorted(sample_onsets(found, "stable")["onset"]) == [20] * 3 + [60] * 4 + [120] * 2
    assert onsets(cells(found), "stable")["onset"].tolist() == [120]
    assert typical(found) == (60, 60, 9, 9)


@pytest.mark.parametrize(
    ("own", "median"),
    [
        ([0, 20, 20, 60, 60, inf, inf, inf, inf], 60),  # five of nine: the fifth smallest
        ([0, 20, 20, 60, inf, inf, inf, inf, inf], inf),  # four of nine: no point
        ([20, 60], 60),
        ([20, inf], inf),
        ([20, 20, 60, inf], 60),
        ([20, 20, inf, inf], inf),
        ([120], 120),
    ],
)
def test_a_median_needs_more_than_half_of_the_samples(frame, trial, own, median):
    found = with_onsets(frame, trial, own)
    reach = sum(onset < inf for onset in own)
    # Samples that stay stable once they are have their majority where they have their median.
    assert typical(found) == (median, median, reach, len(own))


def test_a_majority_may_be_of_other_samples_at_each_point(frame, trial):
    values = {1: (UNSTABLE, STABLE, UNSTABLE, STABLE), 2: (UNSTABLE, STABLE, STABLE, STABLE)}
    values[3] = (UNSTABLE, UNSTABLE, STABLE, STABLE)
    rows = [
        trial(rewind=k, init=init, instability=value)
        for init, of_init in values.items()
        for k, value in zip((0, 20, 60, 120), of_init, strict=True)
    ]
    # Their own onsets are 120, 20 and 60.
    assert typical(samples(frame(*rows))) == (60, 20, 3, 3)


def test_a_sample_passes_over_what_does_not_count(frame, trial):
    """Of three inits one fails to train at 20: mean, median and majority say the same."""
    rows = [
        trial(
            rewind=k,
            init=init,
            instability=UNSTABLE if k == 0 and init == 1 else STABLE,
            accuracies=(97.0, 10.0 if k == 20 and init == 1 else 97.0),
        )
        for k in (0, 20, 60)
        for init in (1, 2, 3)
    ]
    found = samples(frame(*rows))
    assert sample_onsets(found, "stable")["onset"].tolist() == [60, 0, 0]
    assert typical(found) == (0, 0, 3, 3)


@pytest.mark.parametrize("lost", [(1, 2), (1, 2, 3)])
def test_mean_median_and_majority_pass_over_the_same_points(frame, trial, lost):
    """Most samples fail to train at 20, and at 120 there is but one sample, which is unstable."""
    rows = [
        trial(
            rewind=k,
            init=init,
            instability=UNSTABLE if k in (0, 120) else STABLE,
            accuracies=(97.0, 10.0 if k == 20 and init in lost else 97.0),
        )
        for k in (0, 20, 60, 120)
        for init in ((1,) if k == 120 else (1, 2, 3))
    ]
    found = samples(frame(*rows))
    [mean] = onsets(cells(found), "stable").to_dict("records")
    assert (mean["failed"], mean["onset"], mean["last"], mean["n"]) == (0, 60, 60, 3)
    assert mean["unjudged"] == "20, 120"
    assert typical(found) == (60, 60, 3, 3)
    [row] = typical_onsets(found, "stable").to_dict("records")
    assert (row["last"], row["unjudged"]) == (60, "20, 120")


def test_points_of_one_sample_each_are_judged(frame, trial):
    found = samples(frame(trial(instability=UNSTABLE), trial(rewind=20, instability=STABLE)))
    [mean] = onsets(cells(found), "stable").to_dict("records")
    assert (mean["failed"], mean["onset"], mean["unjudged"], mean["n"]) == (0, 20, "", 1)
    assert typical(found) == (20, 20, 1, 1)


def test_samples_are_judged_where_most_of_them_are_measured(frame, trial):
    """As in a sweep under way: init 1 of 4 is there at 5, and init 4 lacks 60."""
    rows = [
        trial(rewind=k, init=init, orders=orders, instability=STABLE if k >= 20 else UNSTABLE)
        for init in (1, 2, 3, 4)
        for orders in PAIRS
        for k in (0, 5, 20, 60)
        if (k != 5 or init == 1) and (k != 60 or init != 4)
    ]
    found = samples(frame(*rows))
    own = sample_onsets(found, "stable")
    assert own["init_seed"].unique().tolist() == [1, 2, 3]
    assert own["onset"].tolist() == [20] * 9
    assert typical(found) == (20, 20, 9, 9)
    [row] = typical_onsets(found, "stable").to_dict("records")
    assert (row["last"], row["unjudged"]) == (60, "5")
    assert onsets(cells(found), "stable")["unjudged"].tolist() == [""], "three samples there"


def test_samples_without_a_common_point_have_no_median(frame, trial):
    rows = [trial(rewind=k, init=k, orders=orders) for k in (1, 2) for orders in PAIRS]
    assert len(typical_onsets(samples(frame(*rows)), "stable")) == 0


def test_samples_match_by_their_own_accuracy(frame, trial, twice):
    rows = [
        trial("imp", 1, k, init=init, accuracies=(accuracy, accuracy))
        for init, accuracies in {1: (97.4, 97.5), 2: (90.0, 97.5), 3: (97.5, 97.2)}.items()
        for k, accuracy in zip((0, 20), accuracies, strict=True)
    ]
    found = samples(frame(*twice(), *rows), matching=0.2)
    own = sample_onsets(found, "matching")
    assert own["strategy"].unique().tolist() == ["imp"], "dense networks match nothing"
    assert own["onset"].tolist() == [0, 20, inf]
    [row] = typical_onsets(found, "matching").to_dict("records")
    assert (row["median"], row["majority"], row["reach"], row["last"]) == (20, 0, 2, 20)
