"""PyTorch's own kernels for what autograd would call, under readable names."""

from __future__ import annotations

import torch

_aten = torch.ops.aten
batch_norm_backward = _aten.native_batch_norm_backward.default
log_softmax_backward = _aten._log_softmax_backward_data.default
nll_forward = _aten.nll_loss_forward.default
nll_backward = _aten.nll_loss_backward.default
relu_backward = _aten.threshold_backward.default
