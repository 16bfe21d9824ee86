"""Facts in short form, as rule sets carry them: what differs from an ordinary complaint, and nothing else.

    {kind: complaint, second_line: 0.96, department: incapacity, abstained_on: [department]}

Flags are true, false or a probability (true from one half on); `kind` and `department` are a label or a label with its
probability ([incapacity, 0.6]). Everything left out is an ordinary complaint of a known language by mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from pydantic import BaseModel, Field, ValidationError

from channels.message import Attachment, InboundMessage, Sender
from classifier.classification import Classification
from config.strict_yaml import in_words
from config.vocabulary import FLAGS, KINDS, Channel, Department, Flag, Kind, Language
from router.decision import Facts

_WHEN: Final = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
# What a label or flag given without a probability is taken to have.
_SURE: Final = 0.97

# Who wrote is told by no example, only whether by an e-mail address.
_BY_MAIL: Final = "marie.dubois@example.org"
_BY_PHONE: Final = "+32470000000"

_Chance = float
_FlagValue = bool | float


class ShortFacts(BaseModel, extra="forbid", frozen=True):
    """The short form of facts; see the module for how it is read."""

    channel: Channel = "email"
    account: str = "plaintes@partenamut.example"
    mailbox_queue: str = "department"
    sender: str | None = _BY_MAIL
    subject: str = ""
    text: str = "…"
    attachments: int = Field(0, ge=0, le=10)
    earlier_cases: int = Field(0, ge=0)
    defects: tuple[str, ...] = ()
    member_number: str = ""
    language: Language = "fr"
    kind: Kind | tuple[Kind, _Chance] = "complaint"
    anonymous: _FlagValue = False
    off_scope: _FlagValue = False
    doctor: _FlagValue = False
    urgent: _FlagValue = False
    second_line: _FlagValue = False
    department: Department | tuple[Department, _Chance] | None = None
    abstained_on: tuple[str, ...] = ()


def facts_from(short: Mapping[str, Any]) -> Facts:
    """Facts from their short form. Raises ValueError, in words, when a key or value is unknown."""
    try:
        form = ShortFacts.model_validate(dict(short))
    except ValidationError as error:
        raise ValueError("; ".join(in_words(error))) from None
    message = InboundMessage(
        channel=form.channel,
        account=form.account,
        external_id="example",
        sender=_sender(form),
        subject=form.subject,
        text=form.text,
        reply=form.text,
        received_at=_WHEN,
        attachments=tuple(Attachment(f"{n}.txt", "text/plain", b"") for n in range(form.attachments)),
        member_number=form.member_number,
        defects=form.defects,
    )
    return Facts(message, _classification(form), form.mailbox_queue, date(2026, 11, 18), form.earlier_cases)


def short_of(facts: Facts) -> dict[str, Any]:
    """The facts of a case in short form, without a word of its member: what the classifier made of them is what rules ask."""
    message, said = facts.message, facts.classification
    kinds = said.probabilities.get("kind") or {}
    department = next((list(one) for one in said.departments if one[0] == said.department), None)
    short: dict[str, Any] = {
        "channel": message.channel,
        "account": message.account,
        "mailbox_queue": facts.mailbox_queue,
        "sender": None if message.sender is None else _BY_MAIL if message.sender.kind == "email" else _BY_PHONE,
        "attachments": min(len(message.attachments), 10),
        "earlier_cases": facts.earlier_cases,
        "defects": list(message.defects),
        "member_number": "given" if message.member_number else "",
        "language": said.language,
        "kind": [said.kind, round(float(kinds.get(said.kind, _SURE)), 4)],
        **{flag: _weighed(said, flag) for flag in FLAGS},
        "department": department,
        "abstained_on": list(said.abstained),
    }
    usual = ShortFacts.model_validate({}).model_dump(mode="json")
    return {name: value for name, value in short.items() if value != usual[name]}


def _weighed(said: Classification, flag: Flag) -> _FlagValue:
    """How likely a flag was; where it was decided otherwise than at one half, what was decided."""
    chance, decided = round(said.probability(flag), 4), bool(said.flags.get(flag, False))
    return chance if (chance >= 0.5) == decided else decided


def _sender(form: ShortFacts) -> Sender | None:
    if form.sender is None:
        return None
    return Sender("email" if "@" in form.sender else "phone", form.sender)


def _classification(form: ShortFacts) -> Classification:
    kind, chance = form.kind if isinstance(form.kind, tuple) else (form.kind, _SURE)
    rest = (1 - chance) / (len(KINDS) - 1)
    probabilities: dict[str, Any] = {"kind": {name: chance if name == kind else rest for name in KINDS}}
    flags: dict[Flag, bool] = {}
    for flag in FLAGS:
        value = getattr(form, flag)
        probabilities[flag] = (_SURE if value else 1 - _SURE) if isinstance(value, bool) else float(value)
        flags[flag] = probabilities[flag] >= 0.5
    department: tuple[Department, float] | None = None
    if form.department is not None:
        department = form.department if isinstance(form.department, tuple) else (form.department, _SURE)
    return Classification(
        language=form.language,
        kind=kind,
        flags=flags,
        department=department[0] if department else None,
        departments=(department,) if department else (),
        probabilities=probabilities,
        abstained=form.abstained_on,
        evidence=(),
        model="example",
    )
