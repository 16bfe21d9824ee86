"""Which paths a page may lead on to: those of the console, never an address and nothing that could become one."""

from __future__ import annotations

import re
from typing import Final

_PATH: Final = re.compile(r"/console/(?:[A-Za-z0-9_-]{1,64}(?:/[A-Za-z0-9_-]{1,64}){0,5})?")
# A file would be fetched in place of a page, and the pages of signing in lead nowhere.
_NO_PAGE: Final = re.compile(r"^/console/sign-|/(?:file|original|as-sent|paper)/")
_QUERY: Final = re.compile(r"[A-Za-z0-9_.~%&=+:@-]{0,2000}")


def is_page(path: str) -> bool:
    """Whether this is a path of the console, without a query."""
    return bool(_PATH.fullmatch(path))


def is_ours(target: str) -> bool:
    """Whether this is a path of the console, with or without a query."""
    path, _, query = target.partition("?")
    return is_page(path) and bool(_QUERY.fullmatch(query))


def next_path(wanted: str) -> str:
    """The path to go on to, with what narrows it; the list of cases for anything that is no page of ours."""
    path, _, _ = wanted.partition("?")
    if not is_page(path) or _NO_PAGE.search(path):
        return "/console/"
    return wanted if is_ours(wanted) else path


def with_query(path: str, more: str) -> str:
    """A path with something added to its query."""
    return f"{path}{'&' if '?' in path else '?'}{more}"
