"""What our own border server found out about the sender (Authentication-Results, RFC 8601)."""

from __future__ import annotations

import re
from typing import Final

from channels.mail.fields import Headers, unfold
from channels.message import Authentication

_COMMENT = re.compile(r"\([^()]*\)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_DMARC = re.compile(r"\s*dmarc(?:\s*/\s*1)?\s*=\s*([a-z]+)(?=[\s;]|\Z)", re.IGNORECASE)
_RESULTS: Final[dict[str, Authentication]] = {"pass": "pass", "bestguesspass": "none", "none": "none", "fail": "fail"}


def _without_comments(value: str) -> str:
    for _ in range(5):
        shorter = _COMMENT.sub(" ", value)
        if shorter == value:
            break
        value = shorter
    return value


def dmarc_result(headers: Headers, authserv_id: str) -> Authentication:
    """Return the DMARC result that our own server wrote, "unknown" when it wrote none or no server is configured.

    Only the topmost Authentication-Results counts (everything below may come from the sender), and only when its
    identifier is the configured one, compared whole; "none" is also said when our server checked but found no policy.
    """
    if not authserv_id:
        return "unknown"
    values = headers.all("authentication-results")
    if not values:
        return "unknown"
    # Quoted values first: a quoted semicolon, parenthesis or "dmarc=pass" is the sender's own word, not a result.
    value = _without_comments(_QUOTED.sub('""', unfold(values[0][:16_384])))
    identifier, _, results = value.partition(";")
    words = identifier.split()
    if not words or words[0].lower() != authserv_id.strip().lower() or len(words) > 2:
        return "unknown"
    found = {match[1].lower() for result in results.split(";") if (match := _DMARC.match(result))}
    if len(found) != 1:
        return "none" if not found else "unknown"
    return _RESULTS.get(found.pop(), "unknown")
