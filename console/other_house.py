"""Which other house is put forward to a person who says that a case is not ours; none where a member could be misled."""

from __future__ import annotations

from collections.abc import Sequence

from config.directory import Body
from console.explanation import Why
from router.wordlists import find_body, find_named_body
from store.corrections import Correction


def house_of(story: str, why: Why, corrected: Sequence[Correction]) -> Body | None:
    """The house that a story is about. `corrected`: what people changed of what was found, the first first.

    Its words are asked only where a person said that the case is not about us, or the classifier found it as surely as a rule
    wants it before it refuses: a refund of treatment by a physiotherapist is ours. Where it is in doubt, the story must call a
    house by its name and may have nothing of one of our departments. Where it is about us, a person chooses.
    """
    said = {name: value for one in corrected if one.undone_at is None for name, value in one.wanted.items()}
    if said.get("off_scope", why.surely_off_scope):
        return find_body(story)
    if why.perhaps_off_scope and "off_scope" not in said and not (said.get("department") or why.department):
        return find_named_body(story)
    return None
