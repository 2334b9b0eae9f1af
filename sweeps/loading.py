"""From a spec's name or file, and `--set` overrides, to a `Sweep`; every error in one line.

An error says the file and line or the override, the key, what is wrong and what is allowed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from sweeps.builtin import builtin_specs as builtin_specs
from sweeps.errors import UserError, did_you_mean, one_line, shown
from sweeps.home import resolve
from sweeps.placement import Machines
from sweeps.spec import Sweep, varying
from sweeps.spec.fields import Where
from sweeps.spec.overrides import apply, decoded, note, option, source, touches
from sweeps.spec.text import NotASpec, follow, parse, read_file
from sweeps.spec.wording import Problem, problem
from trainables import data
from trainables.recipes import RECIPES


def load(
    spec: str,
    overrides: Sequence[str] = (),
    data_folder: Path | None = None,
    machines: Machines | None = None,
) -> tuple[Sweep, str]:
    """The sweep that a built-in name or a file means, and its text with the overrides noted.

    `overrides` are `key.path=value`, the value in YAML. Data of the user's own that the spec names
    are decoded into `data_folder`, unless they were before; or listed, if they are streamed.
    What the recipe leaves open is chosen for `machines`, or for this one. Raises UserError.
    """
    overrides = decoded(overrides)
    raw, text, node = _read(spec)
    sweep = validate(
        raw, overrides, where=_where(spec), node=node, data_folder=data_folder, machines=machines
    )
    return sweep, text + note(overrides)


def read(spec: str, overrides: Sequence[str] = ()) -> tuple[dict[str, Any], str, yaml.Node]:
    """A spec's keys with the overrides, its text, and the YAML nodes of the text. Not validated.

    Raises UserError.
    """
    raw, text, node = _read(spec)
    return apply(raw, decoded(overrides)), text, node


def validate(
    raw: Mapping[str, Any],
    overrides: Sequence[str] = (),
    *,
    where: str = "the spec",
    node: yaml.Node | None = None,
    data_folder: Path | None = None,
    machines: Machines | None = None,
) -> Sweep:
    """The sweep that a spec's keys and overrides mean; arguments as for `load`.

    `where` and `node`, the YAML that the keys were read from, are for errors. Raises UserError.
    """
    validation = _Validation(raw, where, node, data_folder, machines)
    keys = validation.keys(overrides)
    try:
        return validation.sweep(keys)
    except ValidationError as error:
        wrong = problem(error, lambda location: validation.written(location, overrides))
    raise UserError(f"{validation.blamed(wrong, overrides)}: {wrong}")


@dataclass
class _Validation:
    """Validating one spec with several choices of its overrides: to find out which is to blame."""

    raw: Mapping[str, Any]
    where: str
    node: yaml.Node | None
    data_folder: Path | None
    machines: Machines | None
    found: dict[str, str] = field(default_factory=dict)
    """Address of data -> content name, for all the overrides."""

    def keys(self, overrides: Sequence[str]) -> dict[str, Any]:
        """The spec's keys, with the content name of data of the user's own, which are looked at."""
        keys = apply(self.raw, overrides)
        recipe = keys.get("recipe")
        if isinstance(recipe, dict) and "data_address" in recipe:
            place = self.place(("recipe", "data_address"), overrides)
            raise UserError(f"{place}: recipe.data_address: unknown key; write the address as data")
        return self._resolved(keys, overrides, ("recipe", "data"))

    def _resolved(
        self, keys: dict[str, Any], overrides: Sequence[str], where: Where
    ) -> dict[str, Any]:
        """The keys with the content name of data of the user's own; `where` these are said."""
        if not names_address(keys):
            return keys
        recipe = keys["recipe"]
        address = recipe["data"]
        folder = self.data_folder or resolve().data
        try:
            address = data.full(address)  # workers have another current folder
            name = data.resolve(address, folder, crops=_crops(recipe))
        except (data.DataError, ValueError) as error:
            place = f"{self.place(where, overrides)}: {'.'.join(map(str, where))}"
            raise UserError(f"{place}: {one_line(str(error), 200)}") from None
        except OSError as error:
            raise UserError(one_line(f"cannot keep the data of {address}: {error}", 300)) from None
        self.found[recipe["data"]] = name
        return keys | {"recipe": recipe | {"data": name, "data_address": address}}

    def sweep(self, keys: Mapping[str, Any]) -> Sweep:
        """Raises ValidationError, and UserError if something that varies is data without files."""
        return varying.validated(keys, self._of_one_recipe)

    def _of_one_recipe(self, keys: Mapping[str, Any]) -> Sweep:
        resolved = self._resolved(dict(keys), (), ("vary", "data"))
        return Sweep.model_validate(resolved, context={"machines": self.machines})

    def written(self, location: Where, overrides: Sequence[str]) -> yaml.Node | None:
        """The YAML that was said last of a place."""
        for override in reversed(overrides):
            whole, own = source(override, location)
            if whole:
                return own
        return follow(self.node, location)[1]

    def place(self, location: Where, overrides: Sequence[str]) -> str:
        """Who said something of a place, as errors name it."""
        for override in reversed(overrides):
            if touches(override, location):
                return option(override)
        if self.node is None or not location:
            return self.where
        return f"{self.where}:{follow(self.node, location)[0]}"

    def blamed(self, wrong: Problem, overrides: Sequence[str]) -> str:
        """The override without which this problem would not be there, or the place in the file.

        Of several, it is one that sets the place itself, and the last.
        """
        without = {
            override: self._problem([*overrides[:index], *overrides[index + 1 :]], wrong)
            for index, override in enumerate(overrides)
        }
        last_first = list(reversed(without))
        own = [override for override in last_first if touches(override, wrong.location)]
        gone = [o for o in last_first if (other := without[o]) is None or not other.beside(wrong)]
        for suspects in (own, gone, last_first):
            for override in suspects:
                if without[override] != wrong:
                    return option(override)
        return self.place(wrong.location, overrides)

    def _problem(self, overrides: Sequence[str], wrong: Problem) -> Problem | None:
        """The problem with these overrides alone; `wrong` where that cannot be said."""
        try:
            keys = apply(self.raw, overrides)
        except UserError:
            return None
        if names_address(keys):
            name = self.found.get(keys["recipe"]["data"])
            if name is None:
                return wrong  # these data have not been looked at
            keys["recipe"] = keys["recipe"] | {"data": name}
        try:
            self.sweep(keys)
        except ValidationError as error:
            return problem(error, lambda location: self.written(location, overrides))
        return None


def _read(spec: str) -> tuple[dict[str, Any], str, yaml.Node]:
    text = read_file(_find(spec))
    try:
        raw, node = parse(text)
    except NotASpec as error:
        raise UserError(f"{_where(spec)}:{error.line}: {error}") from None
    return raw, text, node


def names_address(raw: Mapping[str, Any]) -> bool:
    """Whether a spec's data are the user's own, by their address."""
    recipe = raw.get("recipe")
    address = recipe.get("data") if isinstance(recipe, dict) else None
    return isinstance(address, str) and data.is_address(address)


def _where(spec: str) -> str:
    """As errors name it."""
    return spec if spec in builtin_specs() else one_line(str(Path(spec)), 150)


def _crops(recipe: Mapping[str, Any]) -> bool:
    """Whether a recipe crops images as it reads them: their folder is listed, not decoded."""
    base = recipe.get("base")
    own = RECIPES[base].augmentation if isinstance(base, str) and base in RECIPES else None
    return recipe.get("augmentation", own) == "crop-flip"


def _find(spec: str) -> Path:
    known = builtin_specs()
    if spec in known:
        return known[spec]
    path = os.path.expanduser(spec)
    if os.path.isfile(path):
        return Path(path)
    if os.path.exists(path):
        raise UserError(f"{_where(spec)} is not a file")
    if os.sep in spec or spec.endswith((".yaml", ".yml")):
        raise UserError(f"cannot read {_where(spec)}: no such file")
    guess = did_you_mean(spec, known)
    raise UserError(f"no spec named {shown(spec)} is built in, and there is no such file{guess}")
