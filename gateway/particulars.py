"""Numbers and addresses of people in what a colleague wrote, so that those of a wrong person can be asked about."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from classifier import numbers
from config.directory import directory
from config.vocabulary import LANGUAGES
from console.contract import Particular

# What the finder of telephone numbers takes for no space between digits; each is one sign, so that places stay.
_SPACES: Final = str.maketrans({"\u00a0": " ", "\u2009": " ", "\u202f": " "})


def particulars(text: str) -> list[Particular]:
    """Each national number, account, telephone number and mail address, as it stands in the text; the house's own, and those
    of the bodies that members are sent to, belong to nobody."""
    taken: list[tuple[int, int]] = []
    found: list[Particular] = []
    # An account or a national number holds digits that look like a telephone number: the surer reading goes first.
    plain = text.translate(_SPACES)
    for reading in (numbers.ibans, numbers.mails, _from_abroad, _national, numbers.phones):
        for number in reading(numbers.blanked(plain, taken)):
            taken.append((number.start, number.end))
            if not of_the_house(number.value):
                found.append(Particular(number.value, text[number.start : number.end]))
    return found


def _from_abroad(text: str) -> Iterator[numbers.Number]:
    """Telephone numbers with their country in front: eleven of their digits may happen to add up to a national number."""
    return (
        found
        for found in numbers.phones(text)
        if text[found.start : found.start + 3].startswith(("+", "00", "(+", "(00"))
    )


def _national(text: str) -> Iterator[numbers.Number]:
    """National numbers. Of a telephone number with 00 and its country the first eleven digits may add up to one, and more
    digits follow."""
    for found in numbers.national_numbers(text):
        if not (found.value.startswith("00") and any(sign.isdigit() for sign in text[found.end : found.end + 2])):
            yield found


def of_the_house(value: str) -> bool:
    """Whether an address or number is the house's own, or of a body that members are sent to."""
    return numbers.our_own(value) or value in _listed()


@cache
def _listed() -> frozenset[str]:
    """What the directory names, as it would be read in a text."""
    known = directory()
    ways = [known.office.phone, known.office.phone_international, known.office.mail]
    ways += [line.number for line in known.help_lines]
    ways += [body.contact.in_language(language) for body in known.bodies for language in LANGUAGES]
    text = "\n".join(ways)
    return frozenset(number.value for reading in (numbers.mails, numbers.phones) for number in reading(text))
