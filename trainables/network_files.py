"""Trained networks in files of a user's own: read, fitted to a network, and known by their content.

A file holds tensors by the names of the network's `state_dict`: as safetensors, or as `torch.save`
wrote them. No code of a file is ever run.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from trainables.addresses import filesystem
from trainables.jobs.contents import on_paper, weights_of
from trainables.networks.architecture import Architecture
from trainables.store.errors import reason
from trainables.weights import Weights

INSIDE = ("state_dict", "model_state_dict", "model", "weights", "net")
"""Where a checkpoint of a training program may have its weights."""

PREFIXES = ("module.", "_orig_mod.")
"""What DistributedDataParallel and torch.compile put before each name."""

SAVED = (b"PK", b"\x80")
"""How what torch.save writes begins: a zip file, in earlier versions a pickle."""

SAFETENSORS = ".safetensors"


class NetworkFileError(ValueError):
    """What is wrong with a file, in one line that does not name it."""


def read(address: str, network: Architecture) -> Weights:
    """Return the weights of a network from a file: parameters and running statistics, 32 bits.

    `address` is a path or a URL of fsspec. Raises NetworkFileError.
    """
    content = _content(address)
    if address.endswith(SAFETENSORS):
        held: Mapping[str, Any] = _safetensors(content)
    else:
        held = _unwrapped(_unpickled(content))
    return _fitted(held, network)


def content_of(weights: Weights) -> str:
    """Return a hash of names, shapes and values, whatever file they were in."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        value = weights[name].contiguous()
        digest.update(f"{name} {list(value.shape)}\n".encode())
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()[:32]


def _content(address: str) -> bytes:
    try:
        files, path = filesystem(address)
        if files.isdir(path):
            raise NetworkFileError("this is a folder, not a file")
        content: bytes = files.cat_file(path)
    except NetworkFileError:
        raise
    except FileNotFoundError:
        raise NetworkFileError("there is no such file") from None
    except Exception as error:  # each file system has errors of its own
        raise NetworkFileError(f"it cannot be read: {reason(error)}") from None
    if not content:
        raise NetworkFileError("the file is empty")
    return content


def _safetensors(content: bytes) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(content)
    except (SafetensorError, ValueError) as error:
        raise NetworkFileError(f"it is no safetensors file: {_line(error)}") from None


def _unpickled(content: bytes) -> Any:
    try:
        return torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
    except pickle.UnpicklingError:
        if not content.startswith(SAVED):
            raise NetworkFileError(
                "torch.load cannot read it: torch.save did not write it"
            ) from None
        raise NetworkFileError(
            "it holds more than tensors, and their code is not run; write "
            "torch.save(network.state_dict(), FILE), or safetensors"
        ) from None
    except Exception as error:  # of whatever the bytes are taken for
        if not content.startswith(SAVED):
            raise NetworkFileError(
                "torch.load cannot read it: torch.save did not write it"
            ) from None
        raise NetworkFileError(f"torch.load cannot read it: {_line(error)}") from None


def _line(error: Exception) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0][:120]


def _unwrapped(held: Any) -> Mapping[str, Any]:
    """Return what of a file's content is the mapping of names to tensors."""
    found = held
    if isinstance(held, Mapping) and not any(isinstance(one, Tensor) for one in held.values()):
        inside = [name for name in INSIDE if isinstance(held.get(name), Mapping)]
        if len(inside) == 1:
            found = held[inside[0]]
        elif inside:
            raise NetworkFileError(f"it holds several networks: {', '.join(inside)}; keep one")
    if not isinstance(found, Mapping) or not any(isinstance(o, Tensor) for o in found.values()):
        raise NetworkFileError(
            "it holds no tensors by name; write torch.save(network.state_dict(), FILE)"
        )
    return found


def _fitted(held: Mapping[str, Any], network: Architecture) -> Weights:
    """Return the weights of the network among named tensors; the first that is wrong is told."""
    found = {str(name): value for name, value in held.items()}
    while found and any(all(n.startswith(p) for n in found) for p in PREFIXES):
        found = {name.partition(".")[2]: value for name, value in found.items()}
    shapes = weights_of(network)
    # A weight that two layers share is there under both names.
    known = {*shapes, *on_paper(network).state_dict()}
    for name, value in found.items():
        if isinstance(value, Tensor) and value.is_floating_point() and name not in known:
            raise NetworkFileError(f"{name} is in the file, but not in the network {network.name}")
    weights: Weights = {}
    for name, shape in shapes.items():
        if name not in found:
            raise NetworkFileError(f"the file lacks {name} of the network {network.name}")
        value = found[name]
        if not isinstance(value, Tensor) or not value.is_floating_point():
            raise NetworkFileError(f"{name} holds no floating-point numbers")
        if value.shape != shape:
            raise NetworkFileError(
                f"{name} is {_size(value.shape)} in the file and {_size(shape)} in the network "
                f"{network.name}"
            )
        weights[name] = value.detach().to(torch.float32).contiguous().clone()
        if not bool(weights[name].isfinite().all()):
            raise NetworkFileError(f"{name} has values that are NaN or infinite")
    return weights


def _size(shape: torch.Size) -> str:
    return " x ".join(map(str, shape)) if shape else "a single number"
