"""Separating a signature from the end of what somebody wrote.

A signature is evidence of who wrote, so it is given back and never thrown away. Where it is not clear whether a line
belongs to it, the line stays with the text: a name too much in a complaint harms nobody, a sentence too little does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from channels.mail.footer_words import DEVICES, DISCLAIMER_STARTS, DISCLAIMER_WORDS, FIRST_PERSON, FOOTERS, SENT_FROM
from channels.mail.quote_headers import is_rule
from channels.mail.signature_words import CLOSINGS, COURTESIES, PERSONAL, THANKS

_MOST_LINES: Final = 14
_LOOK_BACK: Final = 60
# A line of so many words that ends in a full stop is said by somebody, whatever stands above it.
_SENTENCE: Final = 5
_DASHED_NAME: Final = re.compile(r"[-–—~/] ?[A-ZÀ-Þa-zà-þ][\w'.-]{0,24}(?: [A-ZÀ-Þ][\w'.-]{0,24}){0,3}\.?")
_CONTACT: Final = re.compile(r"@[^\s@]|www\.|https?://|\d{3}|\d\d[ ./-]\d\d|^via mobile", re.IGNORECASE)
_NAME: Final = re.compile(r"(?:#\w+#)?[A-ZÀ-Þ][\w'.’-]{0,24}(?:[ -][\w'.’-]{1,24}){0,4}(?:, [\w.]{1,8}){0,3}")
_LISTED: Final = re.compile(r"(?:\d{1,2}[.)]|[-*•]) ")
_AROUND: Final = " ,.!*_-–"
_PARTICLES: Final = frozenset(
    ("de", "del", "der", "den", "du", "di", "da", "la", "le", "van", "von", "vander", "el", "ben", "et", "en", "und")
)
_DATED: Final = re.compile(r"\b(?:le|du|depuis|op|van|sinds|am|vom|seit|on|since) \d")
# Words of a person that programs put into the line that names the device.
_OF_A_DEVICE: Final = frozenset(("mon", "ma", "mijn", "mein", "meinem", "my", "please", "is", "me", "we"))
_WORDS: Final = re.compile(r"[^\W\d]+(?:'[^\W\d]+)?")


def cut(
    lines: Sequence[str], keys: Sequence[str], *, thanks_close: bool = True, may_be_all: bool = False
) -> tuple[list[int], list[int]]:
    """Split lines into those that are text and those that are signature; two lists of indexes, in order.

    `keys` are the folded lines. `thanks_close`: a line of thanks followed by a name closes the mail like a formula does.
    Unless `may_be_all` (the text stands elsewhere), a line with text remains in the first list if there is any.
    """
    least = -1 if may_be_all else 0
    end = len(keys)
    cut_from: list[int] = []
    for _ in range(6):
        end = _without_blanks(keys, end)
        start = _footer(keys, end)
        if start is None or _without_blanks(keys, start) <= least:
            break
        cut_from = [*range(start, end), *cut_from]
        end = start
    found = _block(lines, keys, end, least, thanks_close=thanks_close)
    if found is not None and _without_blanks(keys, found[0]) > least:
        start, stop = found
        return [*range(start), *range(stop, end)], [*range(start, stop), *cut_from]
    return list(range(end)), cut_from


def _without_blanks(keys: Sequence[str], end: int) -> int:
    """Give the end of the lines with text before `end`."""
    while end > 0 and not keys[end - 1]:
        end -= 1
    return end


def _footer(keys: Sequence[str], end: int) -> int | None:
    """Give where the last line, or the last paragraph, begins when a program or an employer put it there; else None."""
    if end == 0:
        return None
    if is_device_line(keys[end - 1]) or is_rule(keys[end - 1]):
        return end - 1
    start = end
    while start > 0 and keys[start - 1] and end - start < 40 and not is_rule(keys[start - 1]):
        start -= 1
    if is_disclaimer(" ".join(keys[start:end])[:3000]):
        return start
    return None


def is_disclaimer(paragraph: str) -> bool:
    """Tell whether a paragraph is boilerplate: it begins as one, and says two of the things that they all say.

    One alone is not enough: "ce message est confidentiel" may be a member who asks for discretion.
    """
    paragraph = paragraph.casefold().strip("*_ ")
    if not FIRST_PERSON.isdisjoint(_WORDS.findall(paragraph)):
        return False
    if paragraph.startswith(FOOTERS):
        return True
    if not paragraph.startswith(DISCLAIMER_STARTS):
        return False
    return sum(word in paragraph for word in DISCLAIMER_WORDS) >= 2


def is_device_line(key: str) -> bool:
    """Tell whether a line is "Envoyé de mon iPhone", "Verzonden vanaf mijn Galaxy", "Get Outlook for Android", …

    The device must be named within a few words, so that "Sent from my desk, is much easier than my mobile phone" stays.
    """
    if not 8 < len(key) < 200:
        return False
    lowered = key.casefold().lstrip("*_-<[ ")
    if not lowered.startswith(SENT_FROM):
        return False
    # "Verzonden via de mobiele app op 4 mei", "Von meinem Handy aus kann ich …": a sentence about it.
    told = _DATED.search(lowered) is not None or any(
        word in PERSONAL and word not in _OF_A_DEVICE for word in _WORDS.findall(lowered)
    )
    head = " ".join(lowered.split(" ", 9)[:8])
    return not told and len(lowered.split()) <= 16 and any(device in head for device in DEVICES)


def _block(
    lines: Sequence[str], keys: Sequence[str], end: int, least: int, *, thanks_close: bool
) -> tuple[int, int] | None:
    """Find the signature proper in what ends at `end`: (start, stop), or None. It is looked for near the end only.

    `least`: the last line in which it cannot begin.
    """
    first = max(0, end - _LOOK_BACK)
    delimiter = _delimiter(lines, keys, first, end)
    if delimiter is None:
        return _closed(keys, first, end, least, thanks_close=thanks_close)
    # Many sign twice, by hand above the line and by program under it.
    above = _without_blanks(keys, delimiter)
    by_hand = _closed(keys, max(first, above - 8), above, least, thanks_close=thanks_close)
    return (by_hand[0] if by_hand is not None and by_hand[1] >= above and by_hand[0] > least else delimiter), end


def _closed(keys: Sequence[str], first: int, end: int, least: int, *, thanks_close: bool) -> tuple[int, int] | None:
    """Find a formula with a name, thanks with a name, or a bare name, near `end`: (start, stop), or None."""
    for index in range(end - 1, first - 1, -1):
        if index > least and (_is_closing(keys[index]) or _is_courtesy(keys, index)):
            return _grow_up(keys, index), _signature_end(keys, index + 1, end)
        # Alone it may be all that was answered below a quotation, and stays.
        if _is_closing_with_name(keys[index]) and _without_blanks(keys, index) > 0:
            return index, _signature_end(keys, index + 1, end)
        if thanks_close and index > least and _is_thanks(keys[index]) and _name_follows(keys, index + 1, end):
            return index, end
    return _unannounced(keys, end) or (_bare_name(keys, end) if thanks_close else None)


def _bare_name(keys: Sequence[str], end: int) -> tuple[int, int] | None:
    """Find a name alone at the end of a typed mail: under a line that ends in a comma, or in a paragraph of its own.

    Somebody who was asked for a name answers with just that, so some text must stand above.
    """
    if end < 2 or len(keys[end - 1]) > 50 or not _is_full_name(keys[end - 1]):
        return None
    above = keys[end - 2]
    apart = not above and " " in keys[end - 1] and not _is_thanks(keys[end - 1]) and not _is_asked_for(keys, end - 1)
    spoken = sum(len(key.split()) for key in keys[max(0, end - 30) : end - 1])
    return (end - 1, end) if spoken > 5 and (apart or above.endswith(",")) else None


def _delimiter(lines: Sequence[str], keys: Sequence[str], first: int, end: int) -> int | None:
    """Find "-- " (RFC 3676 section 4.3) or another drawn line with only short lines under it."""
    for index in range(first, end):
        if not is_rule(keys[index]):
            continue
        below = [key for key in keys[index + 1 : end] if key]
        strict = lines[index].rstrip("\n") in {"-- ", "--"}
        if not below or len(below) > (20 if strict else _MOST_LINES):
            continue
        # A line drawn between two matters looks the same; under a signature's stands who signs.
        if not strict and not any(_identifies(key) for key in below):
            continue
        if all(is_rule(key) or may_sign(key) or _is_closing(key) or _is_thanks(key) for key in below):
            return index
    return None


def _identifies(key: str) -> bool:
    """Tell whether a line names somebody or says how to reach them, or closes a mail."""
    return (
        _CONTACT.search(key) is not None or _is_full_name(key.strip("*_ ,")) or _is_closing(key) or is_device_line(key)
    )


def _grow_up(keys: Sequence[str], index: int) -> int:
    """Take closing formulas that stand right above another one with it, or a long one that ends with it."""
    for start in range(index - 1, max(0, index - 4), -1):
        if not keys[start]:
            break
        if _is_courtesy(keys, start):
            return start
    while index > 1 and (_is_closing(keys[index - 1]) or is_rule(keys[index - 1])):
        index -= 1
    return index


def _signature_end(keys: Sequence[str], start: int, end: int) -> int:
    """Give where the signature that begins at `start` stops being one: a postscript or a sentence is text again."""
    count = 0
    for index in range(start, end):
        key = keys[index]
        if not key:
            continue
        count += 1
        if count > _MOST_LINES or not (may_sign(key) or _is_closing(key) or is_rule(key) or is_device_line(key)):
            return index
    return end


def may_sign(key: str) -> bool:
    """Tell whether a line may be part of a signature: short, no sentence, or something to reach or identify somebody by."""
    if len(key) > 120 or _LISTED.match(key) is not None:
        return False
    lowered = key.casefold()
    if lowered.startswith(("ps", "p.s", "n.b", "nb ", "nb:")) or key.endswith(("?", "!", ":", ";")):
        return is_device_line(key)
    # "Me" before a name is a lawyer's title in French.
    words = _WORDS.findall(lowered[3:] if key.startswith("Me ") and key[3:4].isupper() else lowered)
    if len(words) >= _SENTENCE and key.endswith(".") and _is_sentence(key):
        return False
    if _CONTACT.search(key) is not None:
        return len(words) <= 14 and sum(word in PERSONAL for word in words) <= 1
    return len(words) <= 9 and not any(word in PERSONAL for word in words)


def _is_sentence(key: str) -> bool:
    """Tell a sentence from titles and addresses, whose words are capitalised."""
    return "@" not in key and "www." not in key and sum(word[0].islower() for word in _WORDS.findall(key)) >= 3


def _is_closing(key: str) -> bool:
    """Tell whether a line is closing formulas and nothing else ("Bien à vous,", "Bien à vous / Met vriendelijke groet")."""
    if not 1 < len(key) < 80:
        return False
    lowered = key.casefold()
    # "Mit freundlichen Grüßen aus Eupen", "Groeten uit Gent".
    if lowered.partition(" aus ")[0].partition(" uit ")[0].strip(_AROUND) in CLOSINGS:
        return True
    pieces = [piece.strip(_AROUND) for piece in lowered.replace("|", "/").split("/")]
    return len(pieces) > 1 and all(piece in CLOSINGS for piece in pieces)


def _is_closing_with_name(key: str) -> bool:
    """Tell whether a line is a formula and a name: "Cordialement, Marie Dupont"."""
    if not 4 < len(key) < 80:
        return False
    words = key.split()
    for count in range(min(5, len(words) - 1), 0, -1):
        formula = " ".join(words[:count])
        if formula.casefold().strip(_AROUND) in CLOSINGS:
            return _is_full_name(" ".join(words[count:]).strip(_AROUND))
    return False


def _is_full_name(key: str) -> bool:
    """Tell whether every word is one of a name: capitalised, or a particle; at most five."""
    words = key.replace("-", " ").split()
    if not 1 <= len(words) <= 5 or not key[:1].isupper():
        return False
    return all(
        (word[:1].isupper() and word.strip(".'").isalpha()) or word in _PARTICLES for word in _without_quotes(words)
    )


def _without_quotes(words: list[str]) -> list[str]:
    return [word.replace("'", "") for word in words]


def _is_thanks(key: str) -> bool:
    return len(key) < 60 and key.casefold().strip(_AROUND) in THANKS


def _is_courtesy(keys: Sequence[str], index: int) -> bool:
    """Tell whether a paragraph begins here with "Je vous prie d'agréer …" and ends within four lines."""
    if not 12 < len(keys[index]) < 400 or not keys[index].casefold().startswith(COURTESIES):
        return False
    formula = " ".join(keys[index : index + 4]).casefold()
    return any(word in formula for word in ("salutation", "sentiments", "considération", "hoogachting", "achting"))


def _name_follows(keys: Sequence[str], start: int, end: int) -> bool:
    """Tell whether a name, and no more than a few lines that may sign, stand from `start` to `end`."""
    below = [key for key in keys[start:end] if key]
    return 0 < len(below) <= 6 and _NAME.fullmatch(below[0]) is not None and all(map(may_sign, below))


def _unannounced(keys: Sequence[str], end: int) -> tuple[int, int] | None:
    """Find a signature without a formula: "-Lev.", "/John", or a last paragraph of a name and how to reach it."""
    if end < 2:
        return None
    key = keys[end - 1]
    if len(key) < 60 and _DASHED_NAME.fullmatch(key) is not None and _is_no_list_item(keys, end - 1):
        return end - 1, end
    start = end
    while start > 0 and keys[start - 1] and end - start <= 10:
        start -= 1
    paragraph = keys[start:end]
    if start == 0 or not 2 <= len(paragraph) <= 10 or len(paragraph[0]) > 60:
        return None
    if _is_asked_for(keys, start):
        return None
    named = _NAME.fullmatch(paragraph[0].strip("*_")) is not None and not _CONTACT.search(paragraph[0])
    reachable = any(_CONTACT.search(line) for line in paragraph[1:])
    if named and reachable and all(may_sign(line) and not line.startswith(("-", "*", "•")) for line in paragraph):
        return start, end
    return None


def _is_asked_for(keys: Sequence[str], start: int) -> bool:
    """Tell whether what begins at `start` is what a colon above announced: "La bonne adresse est :"."""
    above = _without_blanks(keys, start)
    return above > 0 and keys[above - 1].endswith(":")


def _is_no_list_item(keys: Sequence[str], index: int) -> bool:
    """Tell whether a line that begins with a dash signs rather than ends a list of things."""
    above = _without_blanks(keys, index)
    if above == 0:
        return False
    before = keys[above - 1]
    if _is_asked_for(keys, index) or before[0] == keys[index][0]:
        return False
    first = keys[index].lstrip("-–—~/ ")[:1]
    return first.isupper() or before.endswith((".", "!", "?"))
