"""The list from which somebody opened a case, carried along in the address of the case and in its forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from console.paths import is_ours, with_query

# The parameter that carries it.
NAME: Final = "from"
_LISTS: Final = re.compile(r"/console/(?:mine|search|queue/[a-z_]{1,24})?")


def came_from(query: Mapping[str, str], form: Mapping[str, str]) -> str:
    """The path of a list of ours, with its query; "" for anything else."""
    wanted = form.get(NAME, "") or query.get(NAME, "")
    return wanted if is_ours(wanted) and _LISTS.fullmatch(wanted.partition("?")[0]) else ""


def carrying(path: str, came: str) -> str:
    """The path of a page of a case, which then knows where somebody came from."""
    if not came:
        return path
    page, mark, place = path.partition("#")
    return f"{with_query(page, urlencode({NAME: came}, safe='/'))}{mark}{place}"


def at_place(path: str, place: int) -> str:
    """A list that shows its row at this place, the first is 1."""
    return with_query(path, f"at={place}")
