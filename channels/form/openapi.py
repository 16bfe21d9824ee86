"""The OpenAPI description of the API: written by hand as data, proved against the running application by a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

_FILE: Final = Path(__file__).resolve().parent / "openapi.yaml"


def description(base_url: str) -> dict[str, Any]:
    """Return the description (OpenAPI 3.1) with the configured address as its server."""
    data: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    data["servers"] = [{"url": base_url}]
    return data
