"""The ImageNet networks against torchvision's own models and what it publishes of them."""

import pytest
import torch
from torchvision import models

from trainables import networks
from trainables.networks import NETWORKS

PUBLISHED = {
    "resnet50": models.ResNet50_Weights.IMAGENET1K_V1.meta,
    "inception-v3": models.Inception_V3_Weights.IMAGENET1K_V1.meta,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_sizes_are_as_published(name):
    """Parameters; 10^9 multiply-adds a forward pass, to three decimals."""
    facts, meta = NETWORKS[name], PUBLISHED[name]
    assert facts.parameters == meta["num_params"]
    assert round(facts.forward_flops / 2e9, 3) == meta["_ops"]
    assert facts.classes == len(meta["categories"])


def test_parameters_of_lmc_table_1():
    """As printed there: 25.5M and 27.1M."""
    assert NETWORKS["resnet50"].parameters // 100_000 == 255
    assert NETWORKS["inception-v3"].parameters // 100_000 == 271


def both(name):
    """Ours, and torchvision's loaded with the same state."""
    torch.manual_seed(0)
    ours = networks.build(name)
    theirs = {
        "resnet50": models.resnet50,
        "inception-v3": lambda: models.inception_v3(init_weights=False),
    }[name]()
    missing, unexpected = theirs.load_state_dict(ours.state_dict(), strict=False)
    assert not unexpected
    assert all(key.endswith("num_batches_tracked") for key in missing)
    return ours, theirs


@pytest.mark.parametrize("name", PUBLISHED)
def test_networks_are_torchvisions(name):
    """In training, then in evaluation with the statistics that this has moved."""
    ours, theirs = both(name)
    inputs = torch.randn(2, *NETWORKS[name].inputs)
    with torch.no_grad():
        trained = []
        for network in (ours, theirs):
            torch.manual_seed(0)  # of dropout
            trained.append(network.train()(inputs))
        if name == "inception-v3":
            assert [output.shape for output in trained[0]] == [(2, 1000), (2, 1000)]
        torch.testing.assert_close(*trained, rtol=0, atol=0)
        assert torch.equal(ours.eval()(inputs[:1]), theirs.eval()(inputs[:1]))
    moved = theirs.state_dict()
    assert all(torch.equal(value, moved[key]) for key, value in ours.named_buffers())
