"""Who the writer of a message says they are, found by rules: name, numbers, mails, phones, birth, and for whom they write.

Pure, and without spaCy. Nothing here proves anything: it is what the sender claims, for a person to confirm. Third
persons ("mon fils Lucas", "mijn dochter") and the house's own addresses are not the writer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from classifier import behalf, births, names, numbers, relations
from classifier import writer as writers
from classifier.classification import Found, Identity, IdentityField, OnBehalf, Text
from classifier.lexicon import fold
from classifier.masking import FOR_LOGS, mask, masked_text
from classifier.numbers import Number
from config.vocabulary import Channel

__all__ = ["FOR_LOGS", "find", "mask", "masked_text", "pseudonymous", "stated"]

# Only the beginning and the end of a very long message are searched: there people say who they are.
_HEAD, _TAIL = 6_000, 3_000
_NOTED: Final[tuple[Channel, ...]] = ("phone", "counter")
# A date beside a name is no day of the last years on which somebody signed.
_GROWN_UP: Final = "2012"
_GAP: Final = re.compile(r"[\s,(°*\-–]{1,4}")
# Without one of these a text holds no number and no address.
_TELLING: Final = re.compile(r"[\d@]")
# A number or an address to which somebody called or wrote is not their own.
_REACHED: Final = re.compile(
    r"(?:appelé|appelle|téléphoné|composé|écrit|envoyé|adressé|contacté|gebeld|belde|bel ik|gemaild|"
    r"gestuurd|geschreven|schreef|mailde|"
    r"angerufen|geschickt|geschrieben|gesendet|called|rang|rung|phoned|wrote|written|sent|emailed|dialled|"
    r"votre numéro|jullie nummer|"
    r"uw nummer|ihre nummer|your number|votre ligne|your line)\b[^.;!?\n\d]{0,25}$",
    re.IGNORECASE,
)


def find(text: Text) -> Identity:
    """Everything the writer says about who they are. Never raises; empty fields where nothing was found."""
    searched = _ends(text.text)
    shown = names.person(text.from_name, lower_case=True)
    signed = writers.writer(searched, text.channel, shown)
    noted = text.channel in _NOTED
    found = list(_placed(searched, len(text.text), _numbers(searched, noted=noted, signed=signed)))
    found += _from_address(text.from_address)
    name, place = _name(signed, shown)
    if name:
        found += _placed(searched, len(text.text), [("name", Number(name, *place))])
    represented, where = _represented(text, searched, signed)
    if represented:
        value = represented.name or represented.relation
        found += _placed(searched, len(text.text), [("on_behalf", Number(value, *where))])
    found.sort(key=lambda item: item.start)
    return Identity(
        name=name,
        member_number=_first(found, "member_number"),
        national_number=_first(found, "national_number"),
        iban=_first(found, "iban"),
        phones=_all(found, "phone"),
        emails=_all(found, "email"),
        birth_date=_first(found, "birth_date"),
        on_behalf=represented,
        found=tuple(found),
    )


def stated(identity: Identity) -> bool:
    """True when the house can tell from it which member writes: a full name, or a number of its own."""
    return bool(names.full(identity.name) or identity.member_number or identity.national_number)


def pseudonymous(text: Text) -> bool:
    """True for a mail address that gives no name away, and that no display name explains."""
    shown = names.person(text.from_name)
    if "@" not in text.from_address:
        return not names.full(shown)
    if names.names_address(shown, text.from_address):
        return False
    kind = names.address_kind(text.from_address)
    return kind == "pseudonym" or (kind == "unclear" and not names.full(shown))


def _ends(text: str) -> str:
    return text if len(text) <= _HEAD + _TAIL else text[:_HEAD] + "\n" + text[-_TAIL:]


def _placed(searched: str, length: int, found: Iterable[tuple[IdentityField, Number]]) -> Iterator[Found]:
    """What was found, at its places in the whole text; what both ends made up together is left out."""
    moved = length - len(searched)
    for kind, number in found:
        start, end = number.start, number.end
        if moved and start < _HEAD < end:
            continue
        by = moved if moved and start > _HEAD else 0
        yield Found(kind, number.value, start + by if start >= 0 else -1, end + by if start >= 0 else -1)


def _numbers(text: str, *, noted: bool, signed: writers.Signed | None) -> Iterator[tuple[IdentityField, Number]]:
    """The writer's own numbers and addresses. What belongs to somebody else is passed over, and is no "
    "telephone either."""
    if not _TELLING.search(text):
        return
    taken: list[tuple[int, int]] = []
    national = ""
    one_of_each: tuple[tuple[IdentityField, Iterator[Number]], ...] = (
        ("national_number", numbers.national_numbers(text)),
        ("iban", numbers.ibans(text)),
        ("member_number", numbers.member_numbers(text)),
    )
    for kind, candidates in one_of_each:
        given = False
        for number in candidates:
            repeated = kind == "member_number" and number.value == national
            taken.append((number.start, number.end))
            if not given and not repeated and not relations.somebody_elses(text, number.start, number.end):
                given = True
                national = number.value if kind == "national_number" else national
                yield kind, number
    born = False
    for birth in births.births(text):
        taken.append((birth.start, birth.end))
        if not born and not relations.somebody_elses(text, birth.said, birth.end) and not _newborn(text, birth.said):
            born = True
            yield "birth_date", Number(birth.value, birth.start, birth.end)
    if not born and signed and (beside := _birth_beside(text, signed.named.end)):
        taken.append((beside.start, beside.end))
        yield "birth_date", beside
    for kind, candidates in (("email", numbers.mails(text)), ("phone", numbers.phones(numbers.blanked(text, taken)))):
        seen: set[str] = set()
        for number in candidates:
            if number.value not in seen and not _not_theirs(text, number, noted=noted):
                seen.add(number.value)
                yield kind, number


def _newborn(text: str, said: int) -> bool:
    """True for "notre petite Mia est née le": somebody was born, and tells it of a name or a child."""
    before = re.split(r"[.;!?\n]\s?", text[max(0, said - 40) : said])[-1]
    return bool(
        re.search(r"\b(?:est|is|ist|was|werd|wurde)[ \t]{1,2}(?:né?e?[ \t])?$", before, re.IGNORECASE)
    ) and not re.search(r"\b(?:je|ik|ich|i)\b", before, re.IGNORECASE)


def _birth_beside(text: str, end: int) -> Number | None:
    """The date right behind or below the writer's name, when nobody could have written on that day."""
    gap = _GAP.match(text, end)
    beside = births.date_at(text, gap.end()) if gap else None
    return Number(beside.value, beside.start, beside.end) if beside and beside.value < _GROWN_UP else None


def _not_theirs(text: str, number: Number, *, noted: bool) -> bool:
    # "Zijn nummer" in an agent's note is the caller's.
    if numbers.our_own(number.value) or relations.somebody_elses(text, number.start, number.end, others=not noted):
        return True
    return bool(_REACHED.search(text[max(0, number.start - 60) : number.start]))


def _from_address(address: str) -> Iterator[Found]:
    """What the sender's field holds: a mail address, or on telephones a number."""
    for kind, candidates in (("email", numbers.mails(address[:400])), ("phone", numbers.phones(address[:400]))):
        for number in candidates:
            if not numbers.our_own(number.value):
                yield Found(kind, number.value)  # type: ignore[arg-type]  # one of the two


def _name(signed: writers.Signed | None, shown: str) -> tuple[str, tuple[int, int]]:
    nowhere = (-1, -1)
    if signed is None:
        return shown, nowhere
    said = signed.named.name
    place = (signed.named.start, signed.named.end)
    # A first name, an initial or "Mme Dupont" at the end of a mail from "Marie Dupont" is Marie Dupont.
    last = fold(said.split()[-1])
    same = last in fold(shown).replace("-", " ").split() or fold(said.split()[0]) in fold(shown).split()
    if names.full(shown) and same and (names.is_title(said.split()[0]) or names.is_initial(said.split()[0])):
        return shown, place
    if names.full(shown) and not names.full(said):
        return (shown, place) if same else (shown, nowhere)
    if signed.vague and names.full(shown) and not same and not names.given(said):
        return shown, nowhere
    return said, place


def _represented(text: Text, searched: str, signed: writers.Signed | None) -> tuple[OnBehalf | None, tuple[int, int]]:
    signer = signed.named if signed else None
    noted = text.channel in _NOTED
    if found := behalf.represented(searched, noted=noted, signer=signer):
        return found.on_behalf, (found.start, found.end)
    subject = behalf.represented(text.subject[:300], noted=noted, signer=None) if text.subject.strip() else None
    return (subject.on_behalf if subject else None), (-1, -1)


def _first(found: Iterable[Found], kind: IdentityField) -> str:
    return next((item.value for item in found if item.what == kind), "")


def _all(found: Iterable[Found], kind: IdentityField) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.value for item in found if item.what == kind))
