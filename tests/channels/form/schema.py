"""A small checker: does an answer keep what the OpenAPI description promises? It knows the words that the page uses."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import ClientResponse

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "null": (type(None),),
}


def check_answer(description: dict[str, Any], method: str, path: str, answer: ClientResponse, value: Any) -> None:
    """Raise AssertionError when status, content type, headers or body are not as described."""
    described = description["paths"][path][method]["responses"]
    assert str(answer.status) in described, f"{answer.status} is not described"
    response = resolve(description, described[str(answer.status)])
    assert answer.content_type in response["content"]
    for name, header in response.get("headers", {}).items():
        assert not header["required"] or name in answer.headers
    check(description, response["content"][answer.content_type]["schema"], value, "body")


def resolve(description: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Follow a `$ref` within the description."""
    while "$ref" in node:
        target: Any = description
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def check(description: dict[str, Any], schema: dict[str, Any], value: Any, where: str) -> None:
    """Raise AssertionError when `value` does not keep `schema`."""
    schema = resolve(description, schema)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    assert not kinds or any(isinstance(value, _TYPES[kind]) for kind in kinds), f"{where}: {value!r} is no {kinds}"
    assert value in schema.get("enum", [value]), f"{where}: {value!r}"
    if isinstance(value, str) and "pattern" in schema:
        assert re.search(schema["pattern"], value), f"{where}: {value!r}"
    if isinstance(value, dict):
        for name in schema.get("required", []):
            assert name in value, f"{where}: {name} is missing"
        for name, inner in value.items():
            if "properties" in schema:
                assert name in schema["properties"], f"{where}: {name} is not described"
                check(description, schema["properties"][name], inner, f"{where}.{name}")
    if isinstance(value, list):
        for index, inner in enumerate(value):
            check(description, schema.get("items", {}), inner, f"{where}[{index}]")
