"""What one job does: networks, data, training, pruning, paths and measures.

Everything here but `jobs.trainable` needs only torch, numpy, safetensors and fsspec, so that
it runs anywhere there is torch.
"""
