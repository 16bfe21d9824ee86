"""Numbers and addresses of people in a text: national number, IBAN, member number, phones, mails; each with its place.

National numbers and IBANs count only with good check digits (python-stdnum: `be.nn`, `be.bis`, `iban`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher, format_number
from stdnum import iban as iban_number
from stdnum.be import bis, nn

from classifier.lexicon import load

# What people and their programs put between digits. A no-break space is as good as a space.
_JOINT: Final = "[ .\\-/\u00a0\u2009\u202f\u2010-\u2013]"
_MEMBER: Final = re.compile(
    r"\b(?:num[ée]ro|n[°o]\.?|nr\.?|num\.?)?[ \t]{0,2}(?:de |d['’])?[ \t]{0,2}"
    r"(?:membre|affili(?:é|ée|ation)|adh[ée]rent|lid(?:maatschaps)?[- ]?(?:nummer|nr)|lid|"
    r"aansluitings?[- ]?(?:nummer|nr)|"
    r"mitglieds?[- ]?(?:nummer|nr)|mitglied|member(?:ship)?[ \t]{0,2}(?:number|no|nr|id)?)\.?"
    r"(?:[ \t]{1,2}(?:partenamut|chez vous|bij jullie|bij u|bei ihnen|with you))?"
    r"[ \t]{0,2}(?:est|is|ist|=|:)?[ \t]{0,2}(?:le[ \t])?[ \t]{0,2}(?:n[°o]|nr|number|numéro|nummer|#)?[.:]?[ \t]{0,2}"
    rf"(\d(?:{_JOINT}?\d){{5,12}})(?!\d)",
    re.IGNORECASE,
)
_NATIONAL: Final = re.compile(rf"(?<![\d+])(?<!\d{_JOINT})\d(?:{_JOINT}{{0,2}}\d){{10}}(?!\d)")
_IBAN: Final = re.compile(rf"(?<![A-Za-z0-9])[A-Za-z]{{2}}\d{{2}}(?:{_JOINT}?[A-Za-z0-9]){{11,30}}")
_MAIL: Final = re.compile(
    r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,5}"
)
_EIGHT_DIGITS: Final = 8
MOST: Final = 200

Kind = TypeVar("Kind")


class Number(NamedTuple):
    """A number or address in its plain form, and the characters from `start` to `end` in which it stood."""

    value: str
    start: int
    end: int


def few(matches: Iterator[Kind], most: int | None = MOST) -> Iterator[Kind]:
    """The first of what was found: a text with hundreds of numbers is a list, not a person."""
    return islice(matches, most)


def national_numbers(text: str, most: int | None = MOST) -> Iterator[Number]:
    """National register and bis numbers."""
    for found in few(_NATIONAL.finditer(text), most):
        plain = digits(found.group())
        if nn.is_valid(plain) or bis.is_valid(plain):
            yield Number(plain, *found.span())


def ibans(text: str, most: int | None = MOST) -> Iterator[Number]:
    """Account numbers of any country; words right behind are no part of them."""
    for found in few(_IBAN.finditer(text), most):
        signs = [place for place in range(*found.span()) if text[place].isalnum()]
        compact = "".join(text[place] for place in signs).upper()
        for length in range(min(34, len(compact)), 14, -1):
            if _adds_up(compact[:length]) and iban_number.is_valid(compact[:length], check_country=False):
                yield Number(compact[:length], signs[0], signs[length - 1] + 1)
                break


def _adds_up(compact: str) -> bool:
    """ISO 7064 mod 97-10 in one division: it spares the library the nineteen lengths that cannot be."""
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1


def member_numbers(text: str, most: int | None = MOST) -> Iterator[Number]:
    """What is called a member number: six to thirteen digits."""
    for found in few(_MEMBER.finditer(text), most):
        yield Number(digits(found.group(1)), *found.span(1))


def mails(text: str, most: int | None = MOST) -> Iterator[Number]:
    """Mail addresses, in small letters."""
    if "@" not in text:
        return
    for found in few(_MAIL.finditer(text), most):
        mail = found.group().rstrip(".-")
        yield Number(mail.lower(), found.start(), found.start() + len(mail))


def phones(text: str) -> Iterator[Number]:
    """Telephone numbers that can exist, as E.164; Belgian ones where no country is given."""
    # The matcher costs milliseconds, and its own limit keeps it from trying for ever on digits in rows.
    if sum(map(str.isdigit, text)) < _EIGHT_DIGITS:
        return
    for found in PhoneNumberMatcher(text, "BE", leniency=Leniency.VALID, max_tries=50):
        yield Number(format_number(found.number, PhoneNumberFormat.E164), _begin(text, found.start), found.end)


def _begin(text: str, start: int) -> int:
    # A bracket in front may be around the number or around its beginning.
    return start + 1 if text[start] == "(" and ")" not in text[start : start + 6] else start


def our_own(value: str) -> bool:
    """True for the mailboxes and the telephones of the house itself."""
    lists = load()
    return value.endswith(lists.own_domains) if "@" in value else value in lists.own_phones


def digits(text: str) -> str:
    """The digits of a text, of whatever script, as 0 to 9."""
    return "".join(str(unicodedata.digit(char)) for char in text if char.isdecimal())


def blanked(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with spaces where something was found already; every place stays what it was."""
    pieces: list[str] = []
    place = 0
    for start, end in sorted(spans):
        if start >= place:
            pieces += [text[place:start], " " * (end - start)]
            place = end
    return "".join([*pieces, text[place:]])
