"""Finding the lines with which mail programs introduce quoted history.

Every function looks at a bounded window of lines and a bounded number of characters, so that a whole text is read in
linear time whatever it contains. `keys` are the lines as `fold` leaves them; the index counts lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from channels.mail.quote_words import FORWARDED, LABELS, OPENERS, ORIGINAL, POSSESSIVES, TELLERS, TOLD, VERBS, Role

# A header over more lines, or a longer one, has not been seen; the bounds are what keeps the search linear.
_WRAPPED: Final = 6
_LONGEST: Final = 500
_BLOCK_LINES: Final = 16

_INVISIBLE: Final = (
    "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_BLANKS: Final = "\u00a0\u2002\u2003\u2007\u2009\u202f\t\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
# Replacing the few that occur is four times quicker than `str.translate`, which looks at every sign.
_FOLDING: Final = (
    *((sign, "") for sign in _INVISIBLE),
    *((sign, " ") for sign in _BLANKS),
    ("\u2019", "'"),
    ("\uff1a", ":"),
)

_TIME: Final = re.compile(r"\d{1,2} ?[:.hH] ?\d{2}|\d ?[AaPp]\.?[Mm]\b")
_YEAR: Final = re.compile(r"(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2}")
_ADDRESS: Final = re.compile(r"[^\s@<>()]@[^\s@<>()]")
# The start of an introduction in the middle of a line, where a program lost the line break before it.
_GLUED: Final = re.compile(r"(?:^|[ -])(?=(?:On|Le|Op|Am|Den|El|Il|Em) [^ ]{1,14} ?[^ ]{0,14} ?[^ ]{0,14}\d)")
_RUN_ON: Final = re.compile(
    r"(?:On|Le|Op|Am) [^<>@]{10,120}<[^<>@ ]{1,64}@[^<>@ ]{1,190}>(?: a écrit| wrote| schreef| geschreven)? ?:(?=  )"
)
_NAME_THEN_DATE: Final = (
    *(
        " schreef op ",
        " heeft op ",
        " schreef het volgende op ",
        " schreef: ",
        " schrieb am ",
        " hat am ",
        " schrieb: ",
    ),
    *(" a écrit le ", " wrote on ", " skrev den "),
)
_DEVICE: Final = ("sent from", "envoyé d", "verzonden v", "verstuurd v", "gesendet v")
_DRAWN: Final = "-_=*>—–─"
_RULE: Final = frozenset("-_=*~—–─━ ")


def fold(text: str) -> list[str]:
    """Give the lines in the form in which they are compared: no invisible signs, ordinary blanks and apostrophes."""
    for sign, plain in _FOLDING:
        if sign in text:
            text = text.replace(sign, plain)
    return [line.strip() for line in text.split("\n")]


def is_rule(key: str) -> bool:
    """Tell whether a line is only drawn: dashes, underscores, stars."""
    return 1 < len(key) < _LONGEST and key[0] in _RULE and _RULE.issuperset(key)


def _announces(key: str, words: tuple[str, ...]) -> bool:
    """Tell whether a line says one of `words` and nothing else but dashes, a colon and an addition after it."""
    if not 6 < len(key) < 120 or not (key[0] in _DRAWN or key[-1] in "-_:"):
        return False
    inner = key.strip("-_=*> :—–─").casefold()
    return inner in words or (key[0] in "-_*" and inner.startswith(words))


def is_divider(key: str) -> bool:
    """Tell whether a line is "-----Message d'origine-----", in any language, or Android's "---- NAME wrote ----"."""
    if _announces(key, ORIGINAL):
        return True
    if key.startswith("--") and key.endswith("--") and 6 < len(key) < 200:
        return key.strip("- ").casefold().endswith(VERBS)
    return False


def is_forward(key: str) -> bool:
    """Tell whether a line says that what follows is a forwarded mail; Lotus Notes says who forwarded it and when."""
    return _announces(key, FORWARDED) or (key.startswith("--") and " forwarded by " in key[:60].casefold())


def label(key: str) -> tuple[Role, str] | None:
    """Give the role and the value of a line such as "Envoyé : lundi 4 mai 2026 10:12", or None."""
    if ":" not in key[:24]:
        return None
    head, _, value = key[:200].lstrip("*_|> ").partition(":")
    role = LABELS.get(head.strip(" *_").casefold())
    return (role, value.strip(" *_")) if role else None


def block_length(keys: Sequence[str], start: int) -> int:
    """Give how many lines the header block that begins at `start` covers; 0 where none begins.

    A block names the sender, and either the date or the recipient and the subject. A member who heads a letter with
    "De : … / Objet : …", or tells of a journey by "De : … / À : … / Date : …", writes the same words: to be a program's it
    takes an address, or a time beside a subject, or a drawn line above.
    """
    first = label(keys[start])
    if first is None or first[0] not in {"from", "sent"}:
        return 0
    roles: set[Role] = set()
    addressed = timed = untimed = False
    end = start
    strange = 0
    role: Role = first[0]
    for index in range(start, min(len(keys), start + _BLOCK_LINES)):
        key = keys[index]
        found = label(key)
        if found is not None:
            role = found[0]
            if role in roles and role != "other":
                break
            roles.add(role)
            end, strange = index + 1, 0
        elif key:
            strange += 1
            # A long list of recipients or a subject is wrapped; two lines after the last label the text has begun.
            if strange > (4 if role in {"to", "other"} else 2) or (role == "subject" and key != "" and strange > 0):
                break
        elif index > start and not keys[index - 1]:
            break
        if role in {"from", "to"}:
            addressed = addressed or ("@" in key and _ADDRESS.search(key[:_LONGEST]) is not None)
        elif role == "sent" and found is not None:
            timed = _TIME.search(key[:200]) is not None and _YEAR.search(key[:200]) is not None
            # Programs say the hour; "Date : 6 mai 2026" heads a letter.
            untimed = found[1] != "" and _TIME.search(key[:200]) is None
    enough = "from" in roles and ("sent" in roles or roles >= {"to", "subject"})
    proof = (addressed and not untimed) or (timed and "subject" in roles) or (enough and _above_is_drawn(keys, start))
    if (enough or roles >= {"sent", "to"}) and proof:
        return end - start
    return 1 if len(roles) == 1 and _is_flat(keys[start]) else 0


def _above_is_drawn(keys: Sequence[str], start: int) -> bool:
    """Tell whether a drawn line or a divider stands right above, blank lines apart."""
    for index in range(start - 1, max(-1, start - 3), -1):
        if keys[index]:
            return is_rule(keys[index]) or is_divider(keys[index])
    return False


def _is_flat(key: str) -> bool:
    """Tell whether a whole block stands in one line, as converters of HTML leave it."""
    head = key[:_LONGEST].casefold()
    rest = head.partition(":")[2]
    dated = any(
        f" {word}:" in rest or f" {word} :" in rest for word in ("sent", "date", "envoyé", "verzonden", "gesendet")
    )
    return dated and _ADDRESS.search(head) is not None and _TIME.search(head) is not None


def attribution(keys: Sequence[str], last: int, *, quote_follows: bool) -> tuple[int, int] | None:
    """Find the introduction ("Le … a écrit :", "Op … schreef … :") that ends in line `last`.

    Returns (line, column) where it begins, or None. `quote_follows`: the next line with text is a quoted one.
    """
    joined = _closing_part(keys[last])
    for start in range(last, max(-1, last - _WRAPPED), -1):
        if start < last:
            above = keys[start]
            # A blank line inside only where an address was broken off, as Polymail does.
            if above.startswith(">") or above.endswith(":") or (not above and not joined.startswith("<")):
                break
            joined = f"{above} {joined}" if above else joined
        if not joined or len(joined) > _LONGEST:
            break
        column = _introduces(joined, len(keys[start]), quote_follows=quote_follows)
        if column is not None:
            return start, column
    return None


def runs_on(key: str) -> bool:
    """Tell whether an introduction begins a line and the history goes on behind it, as Yahoo's phone program writes."""
    match = _RUN_ON.match(key[:_LONGEST])
    return match is not None and _TIME.search(match[0]) is not None and _YEAR.search(match[0]) is not None


def _closing_part(key: str) -> str:
    """Give the line if an introduction may end with it, without the ">" of a broken address; else nothing."""
    if not key.endswith((":", "-", ">")) or is_rule(key) or (key.endswith("-") and "wrote" not in key[-20:]):
        return ""
    if key.startswith(">"):
        key = key.lstrip("> ")
        return key if key.casefold().rstrip(": ") in VERBS else ""
    return key


def _introduces(joined: str, first_length: int, *, quote_follows: bool) -> int | None:
    """Give the column at which an introduction begins in `joined`, which must begin in its first line; or None."""
    if _YEAR.search(joined) is None and "@" not in joined:
        return None
    lowered = joined.casefold()
    timed = _TIME.search(joined) is not None
    addressed = _ADDRESS.search(joined) is not None
    dated = _YEAR.search(joined) is not None or (addressed and lowered.startswith(_DEVICE))
    said = any(verb in lowered for verb in VERBS)
    told = (said and any(words in lowered for words in TOLD)) or (not quote_follows and _tells(lowered))
    if not dated or told:
        return None
    bare = joined.lstrip("-_*>\"' ")
    # Without an address only a quotation below, or dashes around, tell it from what a person reports; without a verb
    # that we know, the address must stand in brackets at the very end.
    by_address = addressed and (said or (timed and (quote_follows or lowered.endswith((">:", "> :", "):", ") :")))))
    if not by_address and not (said and (quote_follows or joined.endswith("--"))):
        # Old Gmail wrote only "2011/4/7 NAME <address>" above its quotation.
        return 0 if addressed and quote_follows and bare[:1].isdigit() else None
    word = bare.split(" ", 1)[0].casefold().strip(",.")
    if word in OPENERS or word[:1].isdigit() or lowered.startswith(_DEVICE) or _WEEKDAYS.match(bare) is not None:
        return 0
    # "Marie Dupont <m@example.com> schreef op 4 mei 2026 10:12:" begins with the name.
    if said and _names_first(lowered):
        return 0
    glued = _GLUED.search(joined)
    return glued.end() if glued is not None and glued.end() < first_length and (addressed or quote_follows) else None


_WEEKDAYS: Final = re.compile(
    r"(?:mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|jeu|ven|sam|dim|maa|din|woe|don|vri|zat|zon|ma|di|wo|do|vr|za|zo|"
    r"mo|mi|fr|sa|so|mån|tis|ons|tor|fre|lör|sön)[a-zé]{0,8}[.,]? \d",
    re.IGNORECASE,
)


def _tells(lowered: str) -> bool:
    """Tell whether a sentence of a person ends in this colon ("Le 12 mai à 10:12, j'ai écrit à info@… :")."""
    # The first word may be "On" or "A", which open introductions in one language and are pronouns in another.
    words = {word.strip(',.:;"') for word in lowered.split()[1:]}
    if not words.isdisjoint(TELLERS):
        return True
    return ">" not in lowered and not words.isdisjoint(POSSESSIVES)


def _names_first(lowered: str) -> bool:
    """Tell whether a name comes first and the date after the verb, as Roundcube, Evolution and Open-Xchange write."""
    for phrase in _NAME_THEN_DATE:
        at = lowered.find(phrase)
        if 0 < at <= 120:
            after = lowered[at + len(phrase) : at + len(phrase) + 24]
            return any(sign.isdigit() for sign in after)
    return False
