"""Trained networks from files of a user's own, as the ends of paths."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, Field

from sweeps.errors import one_line, shown
from sweeps.spec.fields import STRICT, Where, error_at, unfit
from trainables.addresses import absolute, is_url
from trainables.jobs.given import Given
from trainables.networks.architecture import Architecture
from trainables.recipe import Recipe

MAX_NETWORKS = 100

NAME = re.compile(r"[^\x00-\x1f\x7f,:\"']{1,100}")
"""What results call a network: `files:FIRST,SECOND` is a pair's strategy."""


NOTHING_TRAINED: dict[str, Any] = {"rewind": [0], "inits": [0], "orders": [1, 2]}
"""What a spec of files alone has in these places."""


def files_alone(subnetworks: Any) -> bool:
    """Whether all subnetworks of a spec, as it is written, are files."""
    return (
        isinstance(subnetworks, list)
        and bool(subnetworks)
        and all(isinstance(one, dict) and one.get("strategy") == "files" for one in subnetworks)
    )


def completed(spec: Any, stored: bool) -> Any:
    """Return a spec of files alone with what only trainings need filled in; any other as it is.

    `spec` is as it is written. Raises an error of the place where it says one of these itself,
    unless it was `stored`.
    """
    if not isinstance(spec, dict) or not files_alone(spec.get("subnetworks")):
        return spec
    if not stored:
        for name in NOTHING_TRAINED:
            if name in spec:
                raise error_at((name,), "is of networks that are trained here, not of files")
    return {**NOTHING_TRAINED, **spec}


class NetworkFile(BaseModel):
    """A file that holds a trained network."""

    model_config = STRICT
    name: str
    """What results call it."""
    address: str
    """Path or URL, as the user wrote it."""
    content: str = ""
    """Hash of the weights; empty until the file was read."""


def _networks(value: Any) -> Any:
    """A list of paths, or a mapping of names to paths; of a stored spec, what files were."""
    if isinstance(value, Mapping | list) and len(value) < 2:
        raise ValueError(f"a path needs at least 2 files, and there {'is 1' if value else 'are 0'}")
    if isinstance(value, Mapping):
        if not all(isinstance(one, str) for pair in value.items() for one in pair):
            raise unfit()
        return [{"name": name, "address": address} for name, address in value.items()]
    if not isinstance(value, list):
        raise unfit()
    if all(isinstance(one, Mapping) for one in value):
        return value
    if not all(isinstance(one, str) and one for one in value):
        raise unfit()
    names = _names(value)
    return [{"name": name, "address": address} for name, address in zip(names, value, strict=True)]


def _names(addresses: Sequence[str]) -> list[str]:
    """Return the shortest endings of paths, in whole parts, that tell them apart."""
    parts = [PurePosixPath(address.rpartition("://")[2]).parts for address in addresses]
    length = 1
    while True:
        names = ["/".join(one[-length:]) for one in parts]
        if len(set(names)) == len(set(map(tuple, parts))) or length > max(map(len, parts)):
            return names
        length += 1


Paths = Annotated[
    list[Annotated[str, Field(min_length=1)]], Field(min_length=2, max_length=MAX_NETWORKS)
]
NamedPaths = Annotated[dict[str, str], Field(min_length=2, max_length=MAX_NETWORKS)]
"""How a user writes networks."""


class Files(BaseModel):
    """Networks that a user trained elsewhere; every pair of them is a trial."""

    model_config = STRICT
    strategy: Literal["files"]
    """Networks from files, which are measured and not trained."""
    networks: Annotated[
        list[NetworkFile],
        BeforeValidator(_networks, json_schema_input_type=Paths | NamedPaths),
        Field(min_length=2, max_length=MAX_NETWORKS),
    ]
    """Paths or URLs of safetensors files, or of a `state_dict` that torch.save wrote; or a mapping
    of names to these."""

    levels: ClassVar[list[int]] = [0]
    rewind: ClassVar[None] = None

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return len(self.networks) * (len(self.networks) - 1) // 2

    def known(self, recipe: Recipe, where: Where) -> Files:
        """Return the same with the content of each file. Raises an error of the place."""
        found: list[NetworkFile] = []
        for index, one in enumerate(self.networks):
            here = (*where, "networks", index)
            try:
                content = one.content or content_at(one.address, recipe.architecture)
            except ValueError as error:
                raise error_at(here, one_line(f"{one.address}: {error}", 300)) from None
            if not NAME.fullmatch(one.name) or not one.name.strip():
                raise error_at(
                    here,
                    f"{shown(one.name)} is no name for results: 1 to 100 characters without "
                    "quotes, ',' and ':'; write networks: {name: path}",
                )
            for other in found:
                if other.name == one.name:
                    raise error_at(
                        here,
                        f"{other.address} and {one.address} are both called {shown(one.name)}; "
                        "write networks: {name: path}",
                    )
                if other.content == content:
                    raise error_at(here, f"{other.address} and {one.address} hold the same weights")
            found.append(one.model_copy(update={"content": content}))
        return self.model_copy(update={"networks": found})

    def jobs(self, recipe: Recipe) -> list[Given]:
        """Return the job of each network, sorted by name."""
        return [
            Given(of=recipe, content=one.content, name=one.name, address=one.address)
            for one in sorted(self.networks, key=lambda one: one.name)
        ]


def content_at(address: str, architecture: Architecture) -> str:
    """Return the hash of the weights in a file. Raises ValueError, whose text is one line."""
    stamp: tuple[float, int] | None = None
    if not is_url(address):
        try:
            found = os.stat(absolute(address))
            stamp = found.st_mtime, found.st_size
        except OSError:
            pass  # reading it says what is wrong
    return _content(address, architecture, stamp)


@cache
def _content(address: str, architecture: Architecture, stamp: object) -> str:
    """A spec is validated several times, and its files are read once."""
    from trainables import network_files

    return network_files.content_of(network_files.read(address, architecture))
