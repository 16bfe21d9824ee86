"""Which name in a text is its writer's: how they introduce themselves, how they sign, and what agents note down.

Ways to say it are tried from the surest to the vaguest. A name that somebody is thanked, accused or spoken of by is not
the writer's: where a rule cannot tell, it says nothing, and the mailbox's name stands.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from classifier import births, footers, names, numbers, relations, signatures
from classifier.lexicon import fold
from classifier.names import Named
from classifier.numbers import few
from config.vocabulary import Channel

# "Je m'appelle" is followed by a name and nothing else; "je suis" may be followed by anything, so two capitals are wanted.
_STRONG: Final = re.compile(
    r"\b(?:je m['’ ]?appel+e?|je me nomme|mon nom(?: complet)?(?: est| c['’]est)?|moi c['’]est|"
    r"nom et prénom ?:|prénom et nom ?:|nom complet ?:|ik heet|ik noem|(?:mijn|mn) naam(?: is| ?:)?|"
    r"naam en voornaam ?:|voornaam en naam ?:|ich hei(?:ß|ss)e|mein name(?: ist| ?:)?|name und vorname ?:|"
    r"my name(?: is|['’]s)?|i am called|full name ?:|mes coordonnées ?:|mijn gegevens ?:|"
    r"meine (?:kontakt)?daten ?:|my details ?:|"
    r"je soussignée?(?:\(e\))?|(?:de |ik ,?)?ondergetekende|(?:der |die |ich )?unterzeichn(?:ete|eter|ende)|"
    r"i,? the undersigned|the undersigned)"
    r",?[ \t]{0,3}",
    re.IGNORECASE,
)
_WEAK: Final = re.compile(
    r"(?:\b(?:(?:je )?suis|ik ben|ich bin|i am|i['’]m|u spreekt met|hier spricht|vous parlez à)|"
    r"(?:^|[.!?,;:]\s{1,3}|\b(?:bonjour|hallo|hello|hi|dag|goeiedag|goedendag|beste|guten tag|slt|"
    r"salut|bjr|coucou|yo)[ \t,]{1,3})"
    r"(?:c['’]est|c|ici|(?:signé|getekend|gezeichnet|signed|gez\.|get\.) ?:?|"
    r"moi,?|ik,|ich,|i,|hier(?: spricht| is| ist)?|met|this is|it['’]s))[ \t]{1,3}",
    re.IGNORECASE | re.MULTILINE,
)
# "C'est Mme Lenoir" may go on with "qui m'a répondu"; these cannot.
_ONESELF: Final = re.compile(
    r"(?:(?:je )?suis|ik ben|ich bin|i am|i['’]m|u spreekt met|hier spricht)\s+", re.IGNORECASE
)
_NOT: Final = re.compile(r"[ \t]{1,2}(?:pas|niet|nicht|not)\b", re.IGNORECASE)
# "Fons Geerts hier".
_HERE: Final = re.compile(
    r"[ \t]{1,3}(?:hier|ici|here|à l['’]appareil|aan de lijn|aan het toestel|am apparat)(?=[ \t]?[.,!;:\n]|$)",
    re.IGNORECASE,
)
_WHO_DID: Final = re.compile(r"[ \t]{1,2}(?:qui|die|who|that|der|dat|m['’]a|m['’]avait)\b", re.IGNORECASE)
_FIELD: Final = re.compile(
    r"^[ \t]{0,8}[-*•]?[ \t]{0,3}(?P<label>(?:nom|naam|name|nachname|achternaam|familienaam|surname|last name)|"
    r"(?:prénom|voornaam|vorname|first name|given name))[ \t]{0,3}:[ \t]{0,3}",
    re.IGNORECASE | re.MULTILINE,
)
# What an agent notes first: who stands at the counter or is on the line.
_NOTED: Final = re.compile(
    r"^\s{0,9}(?:(?:appel|oproep|anruf|call|lettre|courrier|brief|visite|bezoek)\s{0,2}(?:de|d['’]|van|"
    r"von|from|by)?\s{0,2}:?\s{1,2})?"
    r"(?:(?:membre|lid|mitglied|member|affiliée?|appelante?|beller|anrufer(?:in)?|caller|nom|naam|"
    r"name)\s{0,2}:?\s{1,2})?",
    re.IGNORECASE,
)


class Signed(NamedTuple):
    """A name in the text that its writer gave, and whether only its place at the end says so."""

    named: Named
    vague: bool = False


def writer(text: str, channel: Channel, shown: str) -> Signed | None:
    """The writer's name in a text; `shown` is what the mailbox or the form calls them, which settles doubts."""
    own = text[: footers.own_end(text)]
    noted = channel in ("phone", "counter")
    if noted and (named := _noted(own)):
        return Signed(named)
    lines = signatures.last_lines(own)
    if named := _introduced(own) or _fields(own):
        return Signed(named)
    if noted:
        return None
    if named := signatures.behind_closing(lines, shown) or _beside_number(own):
        return Signed(named)
    if channel == "letter" and (named := _noted(own)) and named.titled:
        return Signed(named)
    named = signatures.at_the_end(lines, shown)
    return Signed(named, vague=True) if named else None


def _introduced(text: str) -> Named | None:
    for trigger in (_STRONG, _WEAK):
        for found in few(trigger.finditer(text)):
            named = names.leading(text, found.end(), lower_case=True)
            if named and (trigger is _STRONG or _is_meant(text, found, named)):
                return named
    for found in few(_HERE.finditer(text[:200])):
        named = signatures.trailing(text[: found.start()], 0)
        if named and (names.given(named.name) or (names.full(named.name) and not named.name.isupper())):
            return named
    return None


def _is_meant(text: str, found: re.Match[str], named: Named) -> bool:
    """True when "je suis", "c'est" or "hier" and a name are somebody who introduces themselves."""
    if signatures.parts(named) < 2 and _NOT.match(text, named.end):
        return False
    if _oneself(found):
        return named.titled or signatures.parts(named) >= 2 or names.given(named.name)
    own = not named.titled and signatures.parts(named) >= 2
    return (
        own and not _WHO_DID.match(text, named.end) and not relations.somebody_elses(text, found.start(), found.start())
    )


def _oneself(found: re.Match[str]) -> bool:
    return bool(_ONESELF.match(found.group().lstrip(" \t\r\n.!?,;:")))


def _fields(text: str) -> Named | None:
    """ "Nom : Dupont" and "Prénom : Marie", in lines of their own."""
    family: Named | None = None
    first: Named | None = None
    for found in few(_FIELD.finditer(text)):
        named = names.leading(text, found.end(), lower_case=True)
        if not named or relations.somebody_elses(text, found.start(), found.start()):
            continue
        if fold(found["label"])[:3] in ("pre", "voo", "vor", "fir", "giv"):
            first = first or named
        else:
            family = family or named
    if family and first and not names.full(family.name):
        return Named(f"{first.name} {family.name}", family.start, family.end)
    return family


def _noted(text: str) -> Named | None:
    begin = _NOTED.match(text)
    place = begin.end() if begin else 0
    named = names.leading(text, place)
    if named and (named.titled or (names.full(named.name) and names.given(named.name))):
        return named
    return None


def _beside_number(text: str) -> Named | None:
    """ "Erika Mustert, geb. 3.4.1969": a name right before the writer's own date of birth or number."""
    places = [birth.said for birth in births.births(text, 20)]
    places += [number.start for number in numbers.national_numbers(text, 20)]
    for place in places:
        if relations.somebody_elses(text, place, place):
            continue
        start = max(text.rfind("\n", 0, place) + 1, place - 60)
        before = text[start:place].rstrip(" ,(:-–")
        named = signatures.trailing(before, start)
        if named and names.full(named.name) and not relations.somebody_elses(text, named.start, named.start):
            return named
    return None
