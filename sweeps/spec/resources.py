"""What Ray keeps for a worker, where a spec says it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, field_validator

from sweeps.spec.fields import STRICT


class Resources(BaseModel):
    """What Ray keeps for a worker, where it is not to follow from the recipe."""

    model_config = STRICT
    cpus: Annotated[float, Field(ge=0)] | None = None
    """CPU cores."""
    gpus: Annotated[float, Field(gt=0)] | None = None
    """A share of one GPU (0.25: four workers on it), or whole ones."""

    @field_validator("gpus")
    @classmethod
    def _share(cls, gpus: float | None) -> float | None:
        if gpus is not None and gpus > 1 and gpus != int(gpus):
            raise ValueError(f"{gpus} GPUs are neither a share of one nor whole ones")
        return gpus
