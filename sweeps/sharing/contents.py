"""What an archive of results holds, as models that check it: the manifest, and runs of MLflow."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
)

from sweeps.errors import UserError, shown
from sweeps.spec import Sweep

FORMAT = "stability-sweeps archive"
VERSION = 1
"""Raised when a reader of the version before could not make sense of an archive."""

README, MANIFEST, REPORT = "README.txt", "manifest.json", "report.html"

Kind = Literal["sweep", "trial", "training"]
FOLDERS: dict[Kind, str] = {"sweep": "submissions", "trial": "trials", "training": "trainings"}
"""Kind of a run -> the folder of the files of such runs, and the name of their list."""

NETWORKS = frozenset({"arm", "state", "mask", "perturbation", "given", "progress"})
"""Kinds of artifacts that hold weights or masks."""
MEASUREMENTS = frozenset({"instability", "measurement"})
SMALL = MEASUREMENTS | {"threshold", "curve", "submission"}
"""Kinds of artifacts that are in every archive."""

KEY = r"[0-9a-f]{32}"
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]{0,250}\.(?:yaml|json|csv|html)")
"""Of a run's file. Others, which users have put there by hand, are not shared."""
ARTIFACT = re.compile(
    rf"store/(?P<kind>{'|'.join(sorted(SMALL | NETWORKS))})/(?P<digits>[0-9a-f]{{2}})/"
    rf"(?P<key>(?P=digits)[0-9a-f]{{30}})\.(?:json|[0-9a-f]{{12}}\.[0-9]{{1,15}}\.[a-z0-9]{{1,20}})"
)
_ELSEWHERE = re.compile(
    rf"README\.txt|report\.html|tables/[a-z_]+\.csv|specs/{KEY}\.yaml"
    r"|records/(?:submissions|trials|trainings)\.jsonl"
    rf"|(?:submissions|trials|trainings)/{KEY}/{FILE_NAME.pattern}"
)


def fits(path: str) -> bool:
    """Return whether a path is one that an archive may hold beside its manifest."""
    return bool(_ELSEWHERE.fullmatch(path) or ARTIFACT.fullmatch(path))


_NAME: TypeAdapter[str] = TypeAdapter(Sweep.model_fields["name"].rebuild_annotation())


def _named(name: str) -> str:
    try:
        return _NAME.validate_python(name)
    except ValidationError:
        raise ValueError(f"{shown(name)} is no name of a sweep") from None


def check_name(name: str, where: str) -> str:
    """Return a sweep's name if a spec may have it. Raises UserError, which begins with `where`."""
    try:
        return _named(name)
    except ValueError:
        raise UserError(
            f"{where} {shown(name)}: a sweep's name is 1 to 100 letters, digits, '.', '_' and '-', "
            "and begins with a letter or a digit"
        ) from None


LAX = ConfigDict(frozen=True, extra="ignore")
"""What a later version adds without a new format is passed over."""

Key = Annotated[str, Field(pattern=rf"^{KEY}$")]


class File(BaseModel):
    """A file of an archive."""

    model_config = LAX
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Described(BaseModel):
    """A submission, in the manifest."""

    model_config = LAX
    key: Key
    submitted_at: str
    trials: int
    """That it asks for."""
    recorded: int
    """Of these, those that are recorded."""
    own_code: dict[str, str] = {}
    """`module:object` -> identity of its code; of data, of their content."""
    data: list[str] = []
    """Addresses of data of the user's own."""


class Manifest(BaseModel):
    """What an archive is, and the size and hash of each of its files."""

    model_config = LAX
    format: str
    format_version: int
    written_by: dict[str, str]
    """Package -> version."""
    exported_at: str
    """ISO 8601, UTC."""
    sweep: Annotated[str, AfterValidator(_named)]
    weights: bool
    """Whether networks and masks are in it."""
    submissions: Annotated[list[Described], Field(min_length=1)]
    """The latest first."""
    files: dict[str, File]


def _written(value: float) -> float | str:
    """JSON has no word for what is not finite."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


Number = Annotated[
    float,
    BeforeValidator(lambda value: float(value) if isinstance(value, str) else value),
    PlainSerializer(_written),
]


class SharedRun(BaseModel):
    """All that MLflow holds of a run, without ids and without who wrote it."""

    model_config = LAX
    kind: Kind
    key: Key
    """Of the submission, the trial or the learning curve."""
    parent: Key | None
    """The submission below which MLflow shows it."""
    name: str
    status: Literal["FINISHED", "KILLED", "FAILED"]
    started: int
    """Unix time, milliseconds."""
    ended: int | None
    params: dict[str, str]
    tags: dict[str, str]
    metrics: list[tuple[str, Number, int, int]]
    """Name, value, Unix time in milliseconds, step."""
    files: list[Annotated[str, Field(pattern=rf"^{FILE_NAME.pattern}$")]]

    def path(self, file: str) -> str:
        """Return where a file of this run lies in an archive."""
        return f"{FOLDERS[self.kind]}/{self.key}/{file}"


def records_path(kind: Kind) -> str:
    """Return where an archive lists all runs of a kind, one per line."""
    return f"records/{FOLDERS[kind]}.jsonl"


def first_of(error: ValidationError) -> str:
    """Return the first thing that a model found wrong, in a few words."""
    first: Any = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
