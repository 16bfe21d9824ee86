"""Reading YAML that people edit: safe types only, no aliases, no key twice, bounded in size and depth.

Aliases are refused because a few lines of them unfold into gigabytes; a key given twice because YAML silently keeps
the last one, and a rule would then not say what its author reads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 10

# The C loader reads a file of 1 MiB about ten times faster; both build the same safe types.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_Model = TypeVar("_Model", bound=BaseModel)


class DataError(Exception):
    """A data file of the house is wrong; the text says which file, where in it, and what was expected."""


class _Loader(_Base):  # type: ignore[misc]  # The base class is chosen at run time: C where available.
    """A safe loader that refuses a key given twice."""


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str | int):
            raise yaml.constructor.ConstructorError(None, None, "a key must be a word", key_node.start_mark)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"'{key}' is given twice", key_node.start_mark)
        seen.add(key)
    return {
        loader.construct_object(key, deep=True): loader.construct_object(value, deep=True) for key, value in node.value
    }


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def parse_yaml(text: str, *, what: str) -> Any:
    """The data in `text`; `what` names the file in messages. Raises DataError when it is not acceptable YAML."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise DataError(f"{what}: larger than 1 MiB")
    try:
        _refuse_aliases_and_depth(text, what)
        return yaml.load(text, Loader=_Loader)  # noqa: S506  # _Loader is a SafeLoader.
    except yaml.YAMLError as error:
        raise DataError(f"{what}: {_where(error)}") from None
    except (ValueError, OverflowError):
        # PyYAML raises these bare for a date or number that cannot exist, such as 2026-13-45.
        raise DataError(f"{what}: a date or number in it cannot be read") from None


def read_yaml(path: Path) -> Any:
    """The data in a file. Raises DataError when it cannot be read or is not acceptable YAML."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path.name}: larger than 1 MiB")
        return parse_yaml(path.read_text(encoding="utf-8"), what=path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path.name}: cannot be read ({type(error).__name__})") from None


def validated(model: type[_Model], path: Path) -> _Model:
    """A data file as `model`. Raises DataError with every problem that was found, the file's name first."""
    try:
        return model.model_validate(read_yaml(path))
    except ValidationError as error:
        raise DataError(f"{path.name}: " + "; ".join(in_words(error))) from None


def in_words(error: ValidationError) -> list[str]:
    """One sentence for each problem that pydantic found: where, and what is wrong there."""
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        where = ".".join(str(part) for part in problem["loc"])
        said = _SAID.get(problem["type"])
        message = said.format(**problem.get("ctx", {})) if said else problem["msg"].removeprefix("Value error, ")
        lines.append(f"{where}: {message}" if where else message)
    return lines


# What pydantic says is for programmers ("Extra inputs are not permitted"); these files are edited by people who are not.
_SAID: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "model_type": "must be keys with their values",
    "dict_type": "must be keys with their values",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "string_type": "must be words",
    "string_too_short": "must not be empty",
    "string_too_long": "has more than {max_length} characters",
    "string_pattern_mismatch": "is not written like {pattern}",
    "too_short": "must hold at least {min_length}",
    "too_long": "holds more than {max_length}",
    "literal_error": "must be {expected}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}


def _refuse_aliases_and_depth(text: str, what: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Base):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise DataError(f"{what}: anchors and aliases (& and *) are not accepted")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise DataError(f"{what}: nested deeper than {MAX_DEPTH}")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "is not YAML"
    return f"line {mark.line + 1}: {problem}" if mark is not None else str(problem)
