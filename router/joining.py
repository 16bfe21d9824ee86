"""To which case a message belongs: which proof decides, and what it may do. A table, and nothing but.

A proof lets somebody add to a case, never read it: joining changes no contact and sends no history. "hold" keeps the
message apart on the case, for a mediator; the sender is told nothing. Authentication is what our own border server says
of the mail (`InboundMessage.authentication`); without a configured authserv-id it is always "unknown".

What each proof is worth:

- `reply_tag`, `own_message_id`: a signed part that we made, so it came from somebody who has our message. It joins when
  the sender is known on that case, with a badge when the mail was not authenticated; else it is held. This holds
  without any authserv-id, so an ordinary reply always finds its case.
- `conversation`: the key of a chat, or the number of a phone, is the conversation itself. It joins.
- `quoted_reference`: references can be counted through. It joins when the sender is known and the mail is
  authenticated; else it is held. Where no authserv-id is configured, it is therefore always held.
- `thread`: In-Reply-To or References naming an earlier message of the member, whose id we did not make and everybody who
  got a copy of it knows: worth the same as a quoted reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from channels.message import Authentication

ProofKind = Literal["reply_tag", "own_message_id", "conversation", "quoted_reference", "thread"]
Action = Literal["join", "hold", "new"]

# From the strongest to the weakest: which one counts when a message carries several.
PROOFS: Final[tuple[ProofKind, ...]] = (
    "reply_tag",
    "own_message_id",
    "conversation",
    "thread",
    "quoted_reference",
)
_SIGNED: Final[tuple[ProofKind, ...]] = ("reply_tag", "own_message_id")


@dataclass(frozen=True, slots=True)
class Proof:
    """Something in a message that names a case. For the signed kinds, the signature was checked before."""

    kind: ProofKind
    case_id: str


@dataclass(frozen=True, slots=True)
class Joining:
    """What happens to a message. `badge`: joined, but shown as not authenticated. `why` is for the case's time line."""

    action: Action
    case_id: str
    why: str
    badge: bool = False


def strongest(proofs: Sequence[Proof]) -> Proof | None:
    """The proof that counts; of several of one kind, the first. Whether the sender is known is asked of its case."""
    return min(proofs, key=lambda proof: PROOFS.index(proof.kind), default=None)


def join(proofs: Sequence[Proof], sender_known: bool, authentication: Authentication) -> Joining:
    """What to do with a message; `sender_known`: its address is a contact of the case of `strongest(proofs)`."""
    proof = strongest(proofs)
    if proof is None:
        return Joining("new", "", "nothing in it names a case")
    words, authenticated = _WORDS[proof.kind], authentication == "pass"
    if proof.kind == "conversation":
        return Joining("join", proof.case_id, words)
    if not sender_known:
        return Joining("hold", proof.case_id, f"{words}, but the sender is not known on the case")
    if authenticated:
        return Joining("join", proof.case_id, f"{words}, from a known and authenticated sender")
    if proof.kind in _SIGNED:
        return Joining("join", proof.case_id, f"{words}, from a known address, not authenticated", badge=True)
    return Joining("hold", proof.case_id, f"{words}, from a known address, but not authenticated")


_WORDS: Final[dict[ProofKind, str]] = {
    "reply_tag": "answers to our signed address",
    "own_message_id": "answers our signed message",
    "conversation": "same conversation",
    "quoted_reference": "quotes the reference",
    "thread": "answers an earlier message of the case",
}
