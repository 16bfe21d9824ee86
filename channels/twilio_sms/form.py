"""The body of a webhook as a form, the same way for whoever checks its signature and whoever reads it."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from multidict import MultiDict, MultiDictProxy

# A message with ten pictures has about sixty fields.
_MOST_FIELDS: Final = 400


def read_fields(body: bytes) -> MultiDictProxy[str]:
    """All fields in their order, repeated and empty ones included, since the signature covers them.

    Never by a charset that the sender names: what is not UTF-8 is replaced. Raises ValueError for too many fields.
    """
    pairs = parse_qsl(
        body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace"
    )
    return MultiDictProxy(MultiDict(pairs))
