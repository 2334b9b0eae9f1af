"""A small transformer that foretells the next token at each position (GPT-2's layers).

It has token and position embeddings; blocks of causal self-attention and a two-layer perceptron
with GELU, each after a LayerNorm and added to its own input; a last LayerNorm; and an output layer
that is not tied to the embedding. Prunable are the weights of its linear layers: those of
attention, of the perceptrons and of the output.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from trainables.networks.arguments import Inputs, positive

# Shapes: B sequences of L positions, each of D values (the width), by H heads of E = D / H values.


def build(
    width: int = 64,
    depth: int = 2,
    heads: int = 4,
    classes: int = 103,
    inputs: Inputs = (32,),
) -> TinyGPT:
    """Return a transformer of `depth` blocks. Tokens are from 0 to `classes` - 1.

    Raises ValueError where `heads` does not divide `width`, or examples are no sequences.
    """
    for name, value in (("width", width), ("depth", depth), ("heads", heads)):
        positive(name, value)
    if width % heads:
        raise ValueError(f"width must be a multiple of heads ({heads}), not {width}")
    if len(inputs) != 1:
        raise ValueError(f"it takes sequences of tokens [positions], not {list(inputs)}")
    return TinyGPT(width, depth, heads, classes, inputs[0])


class Attention(nn.Module):
    """Causal self-attention: a position sees itself and what is before it."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x_BLD: Tensor) -> Tensor:
        batch, length, width = x_BLD.shape
        qkv = self.qkv(x_BLD).view(batch, length, 3, self.heads, width // self.heads)
        q_BHLE, k_BHLE, v_BHLE = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        y_BHLE = scaled_dot_product_attention(q_BHLE, k_BHLE, v_BHLE, is_causal=True)
        mixed: Tensor = self.out(y_BHLE.transpose(1, 2).reshape(batch, length, width))
        return mixed


class Block(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width), Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x_BLD: Tensor) -> Tensor:
        x_BLD = x_BLD + self.attention(self.norm1(x_BLD))
        return x_BLD + self.narrow(gelu(self.wide(self.norm2(x_BLD))))


class TinyGPT(nn.Module):
    """Tokens [B, L] (int64) to logits [B, L, classes]: of the token that follows each position."""

    def __init__(self, width: int, depth: int, heads: int, classes: int, length: int):
        super().__init__()
        self.tokens = nn.Embedding(classes, width)
        self.positions = nn.Embedding(length, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, classes, bias=False)

    def forward(self, tokens_BL: Tensor) -> Tensor:
        places_L = torch.arange(tokens_BL.shape[1], device=tokens_BL.device)
        x_BLD = self.tokens(tokens_BL) + self.positions(places_L)
        for block in self.blocks:
            x_BLD = block(x_BLD)
        logits: Tensor = self.output(self.norm(x_BLD))
        return logits
