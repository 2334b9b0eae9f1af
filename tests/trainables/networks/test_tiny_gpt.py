"""The transformer: sizes by hand, and against one put together from torch's own layers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from trainables import networks
from trainables.arguments import Arguments
from trainables.networks import NETWORKS
from trainables.networks.architecture import Architecture

TOKENS = torch.randint(0, 103, (3, 32), generator=torch.Generator().manual_seed(0))


def small(**arguments: Any) -> nn.Module:
    torch.manual_seed(0)
    return networks.build(Architecture("tiny-gpt", Arguments(arguments))).eval()


def test_sizes_by_hand() -> None:
    facts = NETWORKS["tiny-gpt"]
    attention, perceptron = 4 * 64 * 64, 2 * 64 * 256
    block = attention + perceptron + (3 * 64 + 64 + 256 + 64) + 2 * 2 * 64  # biases, LayerNorms
    assert facts.prunable == 2 * (attention + perceptron) + 64 * 103
    assert facts.output == 64 * 103
    assert facts.parameters == 103 * 64 + 32 * 64 + 2 * block + 2 * 64 + 64 * 103
    # Each of 32 positions multiplies with each weight; attention scores and mixes 32 x 32 pairs.
    assert facts.forward_flops == 2 * 32 * facts.prunable + 2 * (2 * 2 * 32 * 32 * 64)
    assert facts.curved == 2 * (32 * 256 + 4 * 32 * 32)


def test_prunable_are_the_weights_of_linear_layers() -> None:
    names = networks.prunable(small())
    assert len(names) == 2 * 4 + 1
    assert names[-1] == "output.weight", "which prune_output is about"
    assert not any("tokens" in name or "positions" in name or "norm" in name for name in names)


@pytest.mark.parametrize("place", [1, 17, 31])
def test_a_character_changes_no_earlier_logit(place: int) -> None:
    network, changed = small(), TOKENS.clone()
    changed[:, place] = (changed[:, place] + 1) % 103
    with torch.no_grad():
        before, after = network(TOKENS), network(changed)
    assert before.shape == (3, 32, 103)
    assert torch.equal(before[:, :place], after[:, :place])
    assert (before[:, place:] != after[:, place:]).any(-1).all(), "all later ones see it"


def test_it_is_torchs_pre_norm_encoder_with_a_causal_mask() -> None:
    network = small(width=32, heads=2, depth=2)
    layers = []
    for block in network.blocks:
        layer = nn.TransformerEncoderLayer(
            32, 2, 128, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        ).eval()
        attention = block.attention
        for ours, theirs in (
            (attention.qkv.weight, layer.self_attn.in_proj_weight),
            (attention.qkv.bias, layer.self_attn.in_proj_bias),
        ):
            theirs.data = ours.data
        layer.self_attn.out_proj.load_state_dict(attention.out.state_dict())
        layer.linear1.load_state_dict(block.wide.state_dict())
        layer.linear2.load_state_dict(block.narrow.state_dict())
        layer.norm1.load_state_dict(block.norm1.state_dict())
        layer.norm2.load_state_dict(block.norm2.state_dict())
        layers.append(layer)
    mask = nn.Transformer.generate_square_subsequent_mask(32)
    with torch.no_grad():
        values = network.tokens(TOKENS) + network.positions.weight
        for layer in layers:
            values = layer(values, src_mask=mask, is_causal=True)
        expected = network.output(network.norm(values))
        torch.testing.assert_close(network(TOKENS), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"heads": 3}, r"width must be a multiple of heads \(3\), not 64"),
        ({"depth": 0}, "depth must be a whole number, at least 1"),
        ({"inputs": [1, 8, 8]}, "it takes sequences of tokens"),
    ],
)
def test_other_arguments_are_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        small(**arguments)


def test_initial_std_is_that_of_matrices_and_embeddings() -> None:
    weights = networks.initial_weights("tiny-gpt", "kaiming-normal", "init", 1, 0.02)
    for name, value in weights.items():
        if value.ndim == 2:
            assert value.std() == pytest.approx(0.02, rel=0.1), name
            assert abs(value.mean()) < 6 * 0.02 / value.numel() ** 0.5
        elif "norm" in name and name.endswith("weight"):
            assert bool((value == 1).all()), name
        else:
            assert not value.any(), name
    again = networks.initial_weights("tiny-gpt", "kaiming-normal", "init", 1, 0.02)
    assert all(torch.equal(value, again[name]) for name, value in weights.items())
