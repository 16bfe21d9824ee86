"""What stands in the fields of a closing beside its text: kept as one draft, and read again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

_ALWAYS: Final = ("outcome", "cause", "passed_to", "measures")
# What was only offered is nobody's choice as long as nothing is written there.
_WITH_WORDS: Final = ("recommend_text", "recommend_department", "recommend_due_on", "recommend_mail")


def written(form: Mapping[str, str]) -> str:
    """The fields of the form of a closing as a draft; "" where nothing was chosen or typed."""
    names = _ALWAYS + (_WITH_WORDS if form.get("recommend_text", "").strip() else ())
    return urlencode({name: form[name].replace("\r\n", "\n") for name in names if form.get(name, "").strip()})


def read(draft: str) -> dict[str, str]:
    """The fields of such a draft. Where drafts of two cases were put together, no words of either are left out."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(draft):
        if name in found and name in ("measures", "recommend_text"):
            found[name] += f"\n\n{value}"
        elif name in _ALWAYS + _WITH_WORDS:
            found.setdefault(name, value)
    return found
