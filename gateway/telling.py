"""Whether a line of a conversation says anything of the matter: an answer to a question of ours must not change what it is about.

"john@mail.example" below a complaint about a refund made a message to another body of it, and "yes" a compliment.
"""

from __future__ import annotations

from typing import Final

from chatbot.understanding import tokens_of, understand, without
from classifier.classification import Identity

# What is answered to these in a few words is a name, an address, a number, a yes.
_ANSWERED_IN_SHORT: Final = frozenset(
    {"ask.name", "ask.contact", "ask.mandate", "ask.address", "ask.code", "ask.reference", "ask.person", "ask.stop",
     "ask.correction", "sum_up", "anonymous"}
)  # fmt: skip
_SHORT: Final = 5
_SAYS_NOTHING: Final = ("filler", "thanks", "greeting", "small", "yes", "no", "correction", "name_lead", "contact_lead")


def tells(text: str, step: str, identity: Identity, entry: str) -> bool:
    """Whether the classifier should read this line with the story, `step` being the question that was open.

    `entry`: what the knowledge answers to it, if it does; a question on the procedure is no part of the matter.
    """
    meaning = understand(text)
    if meaning.pure or (meaning.question and entry):
        return False
    own = text
    for place in identity.found:
        if place.start >= 0:
            own = own[: place.start] + " " * (place.end - place.start) + own[place.end :]
    left = [token for token in without(tokens_of(own), *_SAYS_NOTHING) if not token.isdigit()]
    return len(left) > (_SHORT if step in _ANSWERED_IN_SHORT else 0)
