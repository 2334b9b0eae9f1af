"""Which cluster is meant, and how to speak to it.

# clusters.yaml
default: lab
clusters:
  lab:
    address: http://127.0.0.1:8265     # Ray's dashboard, through a tunnel say
    tracking: http://127.0.0.1:5000    # the MLflow tracking server
    token_file: ~/.ray/lab_token       # or token_variable: LAB_TOKEN
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from sweeps.cluster import token
from sweeps.errors import UserError, did_you_mean
from sweeps.spec import STRICT

Address = Annotated[str, Field(pattern=r"^https?://[^/\s]+")]

AGAIN = "SWEEPS_AGAIN"
"""Environment variable of a submitted driver: the command that goes on where it ends early."""


class Entry(BaseModel):
    """A cluster in the file."""

    model_config = STRICT
    address: Address
    tracking: Address | None = None
    token_file: str | None = None
    token_variable: str | None = None
    """Name of the environment variable that holds the token."""

    @model_validator(mode="after")
    def _one_token(self) -> Entry:
        if self.token_file and self.token_variable:
            raise ValueError("give token_file or token_variable, not both")
        return self


class Clusters(BaseModel):
    """The file."""

    model_config = STRICT
    default: str | None = None
    clusters: dict[str, Entry] = {}

    @model_validator(mode="after")
    def _known(self) -> Clusters:
        if self.default is not None and self.default not in self.clusters:
            raise ValueError(
                f"default {self.default!r} is not a cluster of the file"
                f"{did_you_mean(self.default, self.clusters)}"
            )
        return self


@dataclass(frozen=True)
class Cluster:
    """Where a cluster is."""

    name: str
    """As the user calls it: a name of the file, or the address."""
    address: str
    tracking: str | None = None
    token: Mapping[str, str] | None = None
    """Ray's environment variables for its token; None: as Ray finds it."""

    def authenticate(self) -> None:
        """Give Ray's client in this process the token."""
        if self.token is not None:
            for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
                os.environ.pop(name, None)
            os.environ.update(self.token)
        token.close(token.file())
        found = self.token or os.environ.keys() & {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"}
        if found or os.path.exists(token.file()):
            os.environ.setdefault("RAY_AUTH_MODE", "token")


def file() -> Path:
    """Where clusters are named."""
    if given := os.environ.get("SWEEPS_CONFIG"):
        return Path(given)
    folder = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(folder) / "sweeps" / "clusters.yaml"


def find(address: str | None) -> Cluster:
    """By an address or a name: what is given, else `SWEEPS_ADDRESS`, else the file's default.

    Raises UserError.
    """
    known = _read()
    wanted = address or os.environ.get("SWEEPS_ADDRESS") or known.default
    if not wanted:
        raise UserError(
            "which cluster? --address URL or NAME, or SWEEPS_ADDRESS, or a default in "
            + str(file())
        )
    tracking = os.environ.get("SWEEPS_TRACKING") or None
    if wanted not in known.clusters:
        if "://" not in wanted:
            guess = did_you_mean(wanted, known.clusters) or "; give its address, http://HOST:PORT"
            raise UserError(f"no cluster is named {wanted!r} in {file()}{guess}")
        if not wanted.startswith(("http://", "https://")):
            raise UserError(
                f"{wanted} is not a cluster's address: http://HOST:PORT of Ray's dashboard"
            )
        return Cluster(wanted, wanted.rstrip("/"), tracking)
    entry = known.clusters[wanted]
    return Cluster(wanted, entry.address.rstrip("/"), entry.tracking or tracking, _token(entry))


def _token(entry: Entry) -> dict[str, str] | None:
    if entry.token_variable:
        token = os.environ.get(entry.token_variable)
        if not token:
            raise UserError(f"{entry.token_variable}, which {file()} names, holds no token")
        return {"RAY_AUTH_TOKEN": token}
    if entry.token_file:
        path = Path(entry.token_file).expanduser()
        if not path.is_file():
            raise UserError(f"there is no token file {path}, which {file()} names")
        return {"RAY_AUTH_TOKEN_PATH": str(path)}
    return None


def _read() -> Clusters:
    path = file()
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Clusters()
    except PermissionError as error:
        if not os.environ.get("SWEEPS_CONFIG"):  # a home of somebody else
            return Clusters()
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"cannot read {path}: {' '.join(str(error).split())}") from None
    try:
        return Clusters.model_validate(raw or {})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        problem = first["msg"].removeprefix("Value error, ")
        raise UserError(f"{path}: {where + ': ' if where else ''}{problem}") from None
