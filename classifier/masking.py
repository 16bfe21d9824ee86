"""Texts and findings without whom they are about: for lists and for logs.

What identifies is replaced, whoever it belongs to: the union of all finders, over the whole text, and more widely than
the finders believe. A number with a wrong check digit still is somebody's number with a slip in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from classifier import births, names, numbers, relations
from classifier.classification import Found, Identity, IdentityField, OnBehalf
from classifier.lexicon import fold, load

# What stands for what was there, for people to read.
FOR_LOGS: Final[Mapping[IdentityField, str]] = {
    "name": "[name]",
    "on_behalf": "[name]",
    "member_number": "[member number]",
    "national_number": "[national number]",
    "iban": "[account]",
    "phone": "[phone]",
    "email": "[mail]",
    "birth_date": "[date of birth]",
}
_JOINT: Final = "[ .\\-/\\u00a0\\u2009\\u202f\\u2010-\\u2013()]"
# Seven digits or more in one run are a number of somebody's; a date or a year range is not, an amount seldom is.
_LONG: Final = re.compile(rf"(?<![^\W_])(?:\+|00)?\d(?:{_JOINT}{{0,2}}\d){{6,}}(?!\d)|\d{{7,}}")
_DATE: Final = re.compile(r"(?:\d{1,2}[./\- ]\d{1,2}[./\- ](?:19|20)\d\d|(?:19|20)\d\d[./\-]\d{1,2}[./\-]\d{1,2})")
_ACCOUNT: Final = re.compile(
    rf"(?<![A-Za-z0-9])[A-Za-z]{{2}}\d{{2}}(?:{_JOINT}?[A-Za-z0-9]){{0,3}}(?:{_JOINT}?\d){{8,28}}"
)
_ANY_MAIL: Final = re.compile(r"[^\s@<>(),;:]{1,64}@[^\s@<>(),;:]{0,200}[^\s@<>(),;:.!?]")
_CAPITAL: Final = re.compile(r"\b[^\W\d_a-z][^\W\d_]{1,20}\b")
# A row of titles is taken at once: "Monsieur le docteur".
_TITLED: Final = re.compile(
    r"\b(?:(?:mme|mlle|mr|mrs|ms|m|dr|dhr|mevr|mw|monsieur|madame|mademoiselle|mijnheer|meneer|mevrouw|herrn?|frau|miss|docteur|"
    r"dokter|doktor|doctor|prof|maître|meester)\b\.?[ \t]{1,2})+",
    re.IGNORECASE,
)


def mask(identity: Identity) -> Identity:
    """The same, fit for lists: initials, and the last digits only (two of the national number); no places."""
    behalf = identity.on_behalf
    return replace(
        identity,
        name=_initials(identity.name),
        member_number=_tail(identity.member_number, 3),
        national_number=_tail(identity.national_number, 2),
        iban=identity.iban[:2] + _tail(identity.iban[2:], 3) if identity.iban else "",
        phones=tuple(_tail(phone, 2) for phone in identity.phones),
        emails=tuple(_masked_mail(mail) for mail in identity.emails),
        birth_date="•" * len(identity.birth_date),
        on_behalf=OnBehalf(behalf.relation, _initials(behalf.name)) if behalf else None,
        found=(),
    )


def masked_text(text: str, identity: Identity, stand_ins: Mapping[IdentityField, str] = FOR_LOGS) -> str:
    """A text with everything that identifies anybody replaced, and the rest kept.

    `identity` is what `identity.find` found in it: its names are replaced wherever they stand, the mailbox's too.
    Numbers, accounts, telephones, mails, dates of birth and titled or related names go by themselves, whosoever they are.
    """
    pieces: list[str] = []
    place = 0
    for start, end, kind in _chosen(spans(text, identity)):
        if start >= place:
            pieces += [text[place:start], stand_ins[kind]]
            place = end
        elif end > place:
            # Two finders overlap: what only the second saw goes, too.
            place = end
    return "".join([*pieces, text[place:]])


Span = tuple[int, int, IdentityField]


def _chosen(found: Iterator[Span]) -> list[Span]:
    """From left to right; where several begin at one place, the longest."""
    return sorted(found, key=lambda span: (span[0], -span[1]))


def spans(text: str, identity: Identity) -> Iterator[Span]:
    """Where anything stands that identifies anybody, and what it is: in no order, and some of it more than once.

    `identity` is what `identity.find` found in the text, or in one that it belongs to, then without the places (`found`).
    """
    yield from _found(identity.found, len(text))
    for mail in _ANY_MAIL.finditer(text):
        yield (*mail.span(), "email")
    for number in numbers.national_numbers(text, None):
        yield number.start, number.end, "national_number"
    for number in numbers.ibans(text, None):
        yield number.start, number.end, "iban"
    for account in _ACCOUNT.finditer(text):
        yield (*account.span(), "iban")
    for number in numbers.member_numbers(text, None):
        yield number.start, number.end, "member_number"
    for birth in births.births(text, None):
        yield birth.start, birth.end, "birth_date"
    for found in _LONG.finditer(text):
        if not _DATE.fullmatch(found.group()):
            yield (*found.span(), "phone" if found.group()[0] in "+0" else "member_number")
    yield from _names(text, identity)


def _found(found: tuple[Found, ...], length: int) -> Iterator[Span]:
    for item in found:
        named = item.what != "on_behalf" or names.full(item.value)
        if 0 <= item.start < item.end <= length and named:
            yield item.start, item.end, item.what


def _names(text: str, identity: Identity) -> Iterator[Span]:
    behalf = identity.on_behalf.name if identity.on_behalf else ""
    for name, kind in ((identity.name, "name"), (behalf, "on_behalf")):
        if pattern := _pattern(name):
            for found in pattern.finditer(text):
                yield found.start(), found.end(), kind  # type: ignore[misc]  # one of the two
    for found in _TITLED.finditer(text):
        if named := names.leading(text, found.end()):
            yield named.start, named.end, "name"
    for found in _CAPITAL.finditer(text):
        # A known given name with anything of a name behind it, whoever that is.
        if (
            fold(found.group()) in load().given_names
            and (named := names.leading(text, found.start()))
            and names.full(named.name)
        ):
            yield named.start, named.end, "name"
    for possessed in relations.possessed(text, None):
        place = relations.behind(text, possessed)
        if (named := names.leading(text, place, lower_case=True)) and not named.titled:
            yield named.start, named.end, "name"


def _pattern(name: str) -> re.Pattern[str] | None:
    """The name and each of its parts of three letters or more, wherever they stand."""
    parts = [
        token for token in name.split() if fold(token.rstrip(".")) not in names.PARTICLES and not names.is_title(token)
    ]
    if not parts:
        return None
    whole = r"[ \t]{1,3}".join(re.escape(token) for token in name.split())
    single = [re.escape(part) for part in parts if len(part) > 2]
    return re.compile(r"(?<![^\W_])(?:" + "|".join([whole, *single]) + r")(?![^\W_])", re.IGNORECASE)


def _initials(name: str) -> str:
    return " ".join(f"{part[0]}." for part in name.split() if part)


def _tail(value: str, kept: int) -> str:
    return "•" * max(0, len(value) - kept) + value[-kept:] if len(value) > kept else "•" * len(value)


def _masked_mail(mail: str) -> str:
    local, _, domain = mail.partition("@")
    return f"{local[:1]}•••@{domain}"
