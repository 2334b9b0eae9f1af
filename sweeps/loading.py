"""From a spec's name or file, and `--set` overrides, to a `Sweep`; every error in one line.

An error says the file and line, the key, what is wrong and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from sweeps.engine import Machines
from sweeps.errors import UserError, did_you_mean
from sweeps.home import resolve
from sweeps.spec import Dense, Pruned, Resources, Sweep
from trainables import data
from trainables.addresses import absolute
from trainables.recipe import Recipe
from trainables.recipes import RECIPES

Location = tuple[str | int, ...]


class _Loader(yaml.SafeLoader):
    """YAML 1.1, but `1e-4` is a number and a repeated key is an error."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+$"),
    list("-+0123456789."),
)


def builtin_specs() -> dict[str, Path]:
    """Name -> file of the specs that come with the package."""
    folder = Path(str(resources.files("sweeps"))) / "specs"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load(
    spec: str,
    overrides: Sequence[str] = (),
    data_folder: Path | None = None,
    machines: Machines | None = None,
) -> tuple[Sweep, str]:
    """The sweep that a built-in name or a file means, and its text with the overrides noted.

    `overrides` are `key.path=value`, the value in YAML. A folder or archive of images that the
    spec names is decoded into `data_folder`, unless it was before; or listed, if it is streamed.
    What the recipe leaves open is chosen for `machines`, or for this one. Raises UserError.
    """
    raw, text, node = read(spec, overrides)
    where = _where(spec)
    _resolve_images(raw, data_folder or resolve().data, where)
    try:
        sweep = Sweep.model_validate(raw, context={"machines": machines})
    except ValidationError as error:
        raise UserError(_one_line(error, where, node, overrides)) from None
    return sweep, text + "".join(f"# --set {override}\n" for override in overrides)


def read(spec: str, overrides: Sequence[str] = ()) -> tuple[dict[str, Any], str, yaml.Node | None]:
    """A spec's keys with the overrides, its text, and the YAML nodes of the text. Not validated.

    Raises UserError.
    """
    path = _find(spec)
    where = _where(spec)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {_reason(error)}") from None
    try:
        node = yaml.compose(text, Loader=_Loader)
        _reject_repeated_keys(node, where)
        raw = yaml.load(text, Loader=_Loader)  # a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise UserError(f"{where}{line}: this is not YAML: {problem}") from None
    if not isinstance(raw, dict):
        raise UserError(f"{where}: a spec is a mapping of keys such as name, recipe and rewind")
    for override in overrides:
        _apply(raw, override)
    return raw, text, node


def names_images(raw: Mapping[str, Any]) -> bool:
    """Whether a spec's data are a folder or archive of images, by its address."""
    recipe = raw.get("recipe")
    address = recipe.get("data") if isinstance(recipe, dict) else None
    return (
        isinstance(address, str)
        and address not in data.DATA
        and ("/" in address or Path(address).exists())
    )


def _where(spec: str) -> str:
    """As errors name it."""
    return spec if spec in builtin_specs() else str(Path(spec))


def _resolve_images(raw: dict[str, Any], folder: Path, where: str) -> None:
    """Put the content name of a folder or archive of images in the place of its address."""
    recipe = raw.get("recipe")
    if isinstance(recipe, dict) and "data_address" in recipe:
        raise UserError(f"{where}: recipe.data_address: unknown key; write the address as data")
    if not names_images(raw):
        return
    assert isinstance(recipe, dict)
    address = recipe["data"]
    try:
        address = absolute(address)  # workers have another current folder
        if _crops(recipe):
            from trainables.data.folder import places

            name = places.find(address, folder).name
        else:
            from trainables.data import images

            name = images.resolve(address, folder)
    except (data.DataError, ValueError) as error:
        raise UserError(f"{where}: recipe.data: {error}") from None
    except OSError as error:
        raise UserError(f"cannot keep the images of {address}: {error}") from None
    recipe |= {"data": name, "data_address": address}


def _crops(recipe: Mapping[str, Any]) -> bool:
    """Whether a recipe crops images as it reads them: their folder is listed, not decoded."""
    base = recipe.get("base")
    own = RECIPES[base].augmentation if isinstance(base, str) and base in RECIPES else None
    return recipe.get("augmentation", own) == "crop-flip"


def _find(spec: str) -> Path:
    known = builtin_specs()
    if spec in known:
        return known[spec]
    path = Path(spec)
    if path.is_file():
        return path
    if path.exists():
        raise UserError(f"{spec} is not a file")
    guess = did_you_mean(spec, known)
    raise UserError(f"no spec named {spec!r} is built in, and there is no such file{guess}")


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _reject_repeated_keys(node: yaml.Node | None, where: str) -> None:
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                raise UserError(f"{where}:{line}: the key {key.value!r} is there twice")
            seen.add(key.value)
            _reject_repeated_keys(value, where)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _reject_repeated_keys(item, where)


def _apply(raw: dict[str, Any], override: str) -> None:
    """Set one `key.path=value` in the raw spec."""
    path, equals, value = override.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise UserError(f"--set {override}: write KEY=VALUE, recipe.iterations=200 say")
    target = raw
    for key in keys[:-1]:
        if key == "recipe" and isinstance(target.get(key), str):
            target[key] = {"base": target[key]}
        inner = target.setdefault(key, {})
        if not isinstance(inner, dict):
            raise UserError(f"--set {override}: {key} has no keys of its own")
        target[key] = target = dict(inner)
    try:
        target[keys[-1]] = yaml.load(value, Loader=_Loader)
    except yaml.YAMLError:
        raise UserError(f"--set {override}: {value!r} is not YAML") from None


def _one_line(
    error: ValidationError, where: str, node: yaml.Node | None, overrides: Iterable[str]
) -> str:
    # An unknown key is the likelier slip: it comes before the key that is missing for it.
    problems = sorted(error.errors(include_url=False), key=lambda p: p["type"] == "missing")
    first = problems[0]
    location: Location = first.get("ctx", {}).get("at") or first["loc"]
    keys, line = _walk(node, location)
    dotted = _dotted(keys)
    places = [o for o in overrides if _touches(o.partition("=")[0].strip(), dotted)]
    place = f"--set {places[-1]}" if places else f"{where}:{line}"
    others = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{place}: {dotted + ': ' if dotted else ''}{_words(first, location)}{others}"


def _words(problem: Mapping[str, Any], location: Location) -> str:
    kind, value, message = problem["type"], problem["input"], problem["msg"]
    last = location[-1] if location else ""
    match kind:
        case "extra_forbidden":
            return f"unknown key{did_you_mean(str(last), _allowed_keys(location))}"
        case "missing":
            return f"this key is missing; allowed here: {', '.join(_allowed_keys(location))}"
        case "at":
            return str(message)
        case "value_error":
            return str(message).removeprefix("Value error, ")
        case "union_tag_not_found" | "model_attributes_type":
            return (
                "a subnetwork is dense, or a mapping with a strategy: {strategy: imp, levels: [3]}"
            )
        case "string_pattern_mismatch":
            return f"{value!r} has characters other than letters, digits, '.', '_' and '-'"
        case "too_short":
            return "the list is empty"
        case "literal_error" if location[:1] == ("matching",):
            return f"{value!r} is neither 'one-std' nor a number of percentage points"
    text = str(message).replace("Input should be", "must be")
    return f"{text}, not {value!r}"


def _allowed_keys(location: Location) -> list[str]:
    match location:
        case ("recipe", _):
            own = {"data_address"}  # filled in from `data`
            return ["base", "length", *Recipe.__dataclass_fields__.keys() - own]
        case ("resources", _):
            return list(Resources.model_fields)
        case ("subnetworks", int(), "dense", _):
            return list(Dense.model_fields)
        case ("subnetworks", int(), _, _):
            return list(Pruned.model_fields)
    return list(Sweep.model_fields)


def _walk(node: yaml.Node | None, location: Location) -> tuple[Location, int]:
    """The part of a location that is keys and indices of the file, and the line it leads to.

    pydantic's own words in it (the name of a union's member) are passed over.
    """
    line, keys = (node.start_mark.line + 1 if node else 1), []
    for step in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == step), None)
            if found:
                line, node = found[0].start_mark.line + 1, found[1]
            elif step == location[-1]:
                keys.append(step)  # a key that is missing, or came by --set
                break
            elif not keys:
                keys.append(step)  # it all came by --set
                node = None
                continue
            else:
                continue
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
        elif isinstance(step, int) or step != location[-1] or isinstance(node, yaml.ScalarNode):
            if location[:1] == ("recipe",) and step == location[-1]:
                keys.append(step)  # recipe: NAME, overridden by --set
            continue
        keys.append(step)
    return tuple(keys), line


def _touches(override: str, key: str) -> bool:
    """Whether an override set this key, a part of it, or what it is a part of."""
    inside = re.compile(r"$|[.\[]")
    return any(
        outer and whole.startswith(outer) and inside.match(whole, len(outer))
        for outer, whole in ((override, key), (key, override))
    )


def _dotted(keys: Location) -> str:
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}"
    return text.removeprefix(".")
