"""The state at rewinding (LMC appendix C), against torch's norms and a network's own error."""

from dataclasses import replace

import pytest
import samples
import torch
from job_samples import do, held
from measure_samples import context

from trainables import measures, networks
from trainables.jobs.kinds import pretrained, pruned, trained
from trainables.jobs.measurements import decode
from trainables.measures.rewinding import Options, compute
from trainables.store import Store, tensors

NAMES = [name for name, _ in networks.build("digits-mlp").named_parameters()]


def l2(one, other):
    flat = [torch.cat([w[name].double().flatten() for name in NAMES]) for w in (one, other)]
    return (flat[0] - flat[1]).norm().item()


def test_three_distances_and_the_error_of_the_rewound_network(arms):
    initial = networks.initial_weights("digits-mlp", "kaiming-normal", "init", 1)
    rewound = {name: 0.5 * (value + arms[0][name]) for name, value in initial.items()}
    here = replace(context(samples.digits()), masks=[None] * 4)
    found = compute((initial, rewound, *arms), here, Options())
    to_end = [l2(rewound, arm) for arm in arms]
    assert found["rewinding_l2_from_init"] == pytest.approx(l2(initial, rewound))
    assert found["rewinding_l2_to_end"] == pytest.approx(sum(to_end) / 2)
    assert found["rewinding_l2_between"] == pytest.approx(l2(*arms))
    for split in ("test", "train"):
        assert found[f"rewinding_error_{split}"] == here.score(rewound, split).error


@pytest.mark.parametrize("stream", ["init", "reinit"])
def test_the_mask_is_on_all_four_networks_for_distances_alone(tmp_path, short, stream):
    """Of random reinitialisation W_k is the fresh draw, which is W_0, too."""
    store = Store(str(tmp_path / "store"))
    recipe, k = short(), 20
    w_k = pretrained(recipe, 1, 0, k)
    mask = pruned(trained(w_k, k, 1))
    start = w_k if stream == "init" else pretrained(recipe, 1, 0, 0, stream="reinit")
    pair = [trained(start, k, order, mask) for order in (1, 2)]
    job = measures.measured("rewinding", pair)
    initial, rewound = job.origins
    assert (initial.until, rewound) == (0, start)
    do(store, w_k, mask.of, mask, *(one for one in (start, initial) if one != w_k), *pair, job)
    found = decode(job, store.read(job.kind, job.key).payload)
    kept = held(store, mask)
    four = [tensors.part(held(store, one), "weights") for one in job.origins]
    four += [held(store, one) for one in pair]
    masked = [one | {name: one[name] * keep for name, keep in kept.items()} for one in four]
    assert found["rewinding_l2_from_init"] == pytest.approx(l2(masked[0], masked[1]))
    assert (found["rewinding_l2_from_init"] == 0) == (stream == "reinit")
    to_end = [l2(masked[1], one) for one in masked[2:]]
    assert found["rewinding_l2_to_end"] == pytest.approx(sum(to_end) / 2)
    assert found["rewinding_l2_between"] == pytest.approx(l2(*masked[2:]))
    score = context(samples.digits()).score(four[1], "test")
    assert found["rewinding_error_test"] == score.error
    assert found["weights_left"] == pytest.approx(80, abs=0.01)


def test_networks_that_were_not_copied_have_no_origin(short):
    w_k = pretrained(short(), 1, 0, 20)
    with pytest.raises(ValueError, match="only copies of W_k"):
        measures.measured("rewinding", [w_k, w_k])
