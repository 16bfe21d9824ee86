"""Who the writer of a message says they are, found by rules: name, member number, national number, IBAN, phones, mails.

Pure, and without spaCy. Nothing here proves anything: it is what the sender claims, for a person to confirm. Third
persons ("mon fils Lucas", "mijn dochter") and the house's own addresses are not the writer. National numbers and IBANs
count only with good check digits (python-stdnum: `be.nn`, `be.bis`, `iban`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher, format_number
from stdnum import iban as iban_number
from stdnum.be import bis, nn

from classifier import names
from classifier.classification import Identity, Text
from classifier.lexicon import fold, load

# Only the beginning and the end of a very long message are searched: there people say who they are.
_HEAD, _TAIL = 6_000, 3_000

# "Je m'appelle" is followed by a name and nothing else; "je suis" may be followed by anything, so two capitals are wanted.
_STRONG: Final = re.compile(
    r"\b(?:je m['’ ]?appelle|je me nomme|mon nom est|mon nom c['’]est|mon nom complet est|moi c['’]est|"
    r"nom et prénom ?:|nom ?:|"
    r"ik heet|mijn naam is|mijn naam:|naam ?:|ich hei(?:ß|ss)e|mein name ist|name ?:|my name is|"
    r"my name['’]s|i am called|"
    r"je soussignée?|(?:de |ik )?ondergetekende|(?:der |die |ich )?unterzeichn(?:ete|eter|ende)|"
    r"i,? the undersigned|the undersigned)"
    r",?[ \t]{0,3}",
    re.IGNORECASE,
)
_WEAK: Final = re.compile(
    r"\b(?:je suis|c['’]est|ici|moi|ik ben|hier|met|hier is|ich bin|hier ist|i am|i['’]m|this is|"
    r"hier spricht|u spreekt met)[ \t]{1,3}",
    re.IGNORECASE,
)
# "C'est Mme Lenoir" may go on with "qui m'a répondu"; these cannot.
_ONESELF: Final = re.compile(r"(?:je suis|ik ben|ich bin|i am|i['’]m|u spreekt met)\s+", re.IGNORECASE)
_NAME_AHEAD: Final = re.compile(r"[^\W\d_][^\s,;:!?()\d]{0,30}(?:[ \t]{1,2}[^\W\d_][^\s,;:!?()\d]{0,30}){0,5}")
_CLOSING: Final = re.compile(
    r"\b(?:cordialement|bien à vous|bien a vous|salutations(?: distinguées| cordiales| respectueuses)?|"
    r"sentiments (?:distingués|respectueux|les meilleurs)|"
    r"respectueusement|sincèrement|d['’]avance merci|merci d['’]avance|merci(?: beaucoup| bien)?|"
    r"bonne journée|belle journée|bàv|bav|cdlt|"
    r"vriendelijke groet(?:en|jes)?|groet(?:en|jes|ekes)?|hoogachtend|mvg|gr\.?|dank bij voorbaat|"
    r"alvast bedankt|bedankt|dank u(?: wel)?|"
    r"(?:freundlichen?|lieben?|besten?|schönen?|herzlichen?) grü(?:ß|ss)en?|grü(?:ß|ss)e|hochachtungsvoll|"
    r"mfg|vg|lg|vielen dank(?: im voraus)?|danke|"
    r"(?:kind|best|warm) regards|regards|(?:yours )?(?:sincerely|faithfully|truly)|best wishes|"
    r"many thanks|thank you|thanks|cheers)(?![\w])",
    re.IGNORECASE,
)
_ON_BEHALF: Final = re.compile(
    r"\s*(?:pour|au nom de|namens|voor|i\.?o\.?|im namen|im auftrag|für|on behalf|for)\b", re.I
)
# "Bedankt aan Sofie Claes": the name is who is thanked. In small letters: An is a first name.
_THANKED: Final = re.compile(r"\s*(?:à|au|aux|aan|to|an)\s")
_THANKS: Final = re.compile(
    r"(?:d['’]avance merci|merci.*|.*bedankt|dank u.*|vielen dank.*|danke|many thanks|thank.*)", re.IGNORECASE
)
# What a telephone writes under a message, below the name.
_PHONE_LINE: Final = re.compile(
    r"(?:envoyé (?:de|depuis|à partir)|verzonden (?:vanaf|vanuit|met)|sent from|get outlook|von meinem|gesendet)\b",
    re.I,
)
_RELATION: Final = re.compile(
    r"\b(?:mon|ma|mes|mijn|m['’]n|mein|meine|meiner|meines|meinem|meinen|my|son|sa|zijn|haar|sein|seine|"
    r"ihr|ihre|his|her)[ \t]{1,2}"
    r"(?:fils|fille|mère|père|maman|papa|mari|femme|épouse|époux|conjointe?|compagnon|compagne|frère|sœur|"
    r"soeur|enfant|bébé|client|cliente|patiente?|"
    r"zoon|dochter|moeder|vader|mama|man|vrouw|echtgeno(?:ot|te)|partner|broer|zus|kind|baby|"
    r"sohn(?:es)?|tochter|mutter|vater|mann(?:es)?|frau|bruder|schwester|kindes|"
    r"daughter|mother|father|mum|dad|husband|wife|brother|sister|child|client)\b",
    re.IGNORECASE,
)
# Who writes "son fils" or "haar dochter" beside a name is that person, writing for somebody.
_THEIRS: Final = frozenset(["son", "sa", "zijn", "haar", "sein", "seine", "ihr", "ihre", "his", "her"])
# What stands behind a number: "… est le numéro national de ma mère".
_IS_OF: Final = re.compile(r"[\s,)]{0,3}(?:est|c['’]est|is|ist)\b[^.;!?\n\d]{0,40}$", re.IGNORECASE)
_MEMBER: Final = re.compile(
    r"\b(?:num[ée]ro|n[°o]\.?|nr\.?|num\.?)?[ \t]{0,2}(?:de |d['’])?[ \t]{0,2}"
    r"(?:membre|affili(?:é|ée|ation)|adh[ée]rent|lid(?:maatschaps)?[- ]?(?:nummer|nr)|"
    r"aansluitings?[- ]?(?:nummer|nr)|"
    r"mitglieds?[- ]?(?:nummer|nr)|member(?:ship)?[ \t]{0,2}(?:number|no|nr|id)?)\.?"
    r"[ \t]{0,2}(?:est|is|ist|=|:)?[ \t]{0,2}(?:le[ \t])?[ \t]{0,2}(?:n[°o]|nr)?[.:]?[ \t]{0,2}"
    r"(\d(?:[ .\-/]?\d){5,12})(?!\d)",
    re.IGNORECASE,
)
_NATIONAL: Final = re.compile(r"(?<![\d+])(?<!\d[ .\-/])\d(?:[ .\-/]{0,2}\d){10}(?!\d)")
_IBAN: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ .\-]?[A-Za-z0-9]){11,30}")
_MAIL: Final = re.compile(
    r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,5}"
)
_EIGHT_DIGITS: Final = 8
_MOST_NUMBERS: Final = 200


def find(text: Text) -> Identity:
    """Everything the writer says about who they are. Never raises; empty fields where nothing was found."""
    searched = _ends(text.text)
    spans: list[tuple[int, int]] = []
    national = _national_number(searched, spans)
    account = _iban(searched, spans)
    member = _member_number(searched, spans, national)
    mails = tuple(dict.fromkeys([*_own_address(text.from_address), *_mails(searched)]))
    return Identity(
        name=_name(text, searched),
        member_number=member,
        national_number=national,
        iban=account,
        phones=tuple(dict.fromkeys([*_phones(text.from_address), *_phones(_blanked(searched, spans))])),
        emails=mails,
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


def mask(identity: Identity) -> Identity:
    """The same, fit for lists: initials, and the last digits only (two of the national number)."""
    initials = " ".join(f"{part[0]}." for part in identity.name.split() if part)
    return replace(
        identity,
        name=initials,
        member_number=_tail(identity.member_number, 3),
        national_number=_tail(identity.national_number, 2),
        iban=identity.iban[:2] + _tail(identity.iban[2:], 3) if identity.iban else "",
        phones=tuple(_tail(phone, 2) for phone in identity.phones),
        emails=tuple(_masked_mail(mail) for mail in identity.emails),
    )


def _tail(value: str, kept: int) -> str:
    return "•" * max(0, len(value) - kept) + value[-kept:] if len(value) > kept else "•" * len(value)


def _masked_mail(mail: str) -> str:
    local, _, domain = mail.partition("@")
    return f"{local[:1]}•••@{domain}"


def _ends(text: str) -> str:
    return text if len(text) <= _HEAD + _TAIL else text[:_HEAD] + "\n" + text[-_TAIL:]


def _blanked(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def _about_somebody_else(text: str, start: int, end: int) -> bool:
    """True when a relation stands in the same sentence just before or behind: "le numéro national de mon fils est …"."""
    before = re.split(r"[.;!?\n]\s", text[max(0, start - 60) : start])[-1]
    if _RELATION.search(before):
        return True
    behind = text[end : end + 70]
    relation = _RELATION.search(behind)
    return bool(relation and _IS_OF.match(behind[: relation.start()]))


def _national_number(text: str, spans: list[tuple[int, int]]) -> str:
    for found in _few(_NATIONAL.finditer(text)):
        digits = "".join(char for char in found.group() if char.isdigit())
        if nn.is_valid(digits) or bis.is_valid(digits):
            spans.append(found.span())
            if not _about_somebody_else(text, *found.span()):
                return digits
    return ""


def _iban(text: str, spans: list[tuple[int, int]]) -> str:
    for found in _few(_IBAN.finditer(text)):
        compact = "".join(char for char in found.group() if char.isalnum()).upper()
        for length in range(min(34, len(compact)), 14, -1):
            if iban_number.is_valid(compact[:length], check_country=False):
                spans.append(found.span())
                if not _about_somebody_else(text, *found.span()):
                    return compact[:length]
                break
    return ""


def _member_number(text: str, spans: list[tuple[int, int]], national: str) -> str:
    for found in _few(_MEMBER.finditer(text)):
        digits = "".join(char for char in found.group(1) if char.isdigit())
        if digits != national and not _about_somebody_else(text, *found.span()):
            spans.append(found.span(1))
            return digits
    return ""


def _few(matches: Iterator[re.Match[str]]) -> Iterator[re.Match[str]]:
    for count, found in enumerate(matches):
        if count == _MOST_NUMBERS:
            return
        yield found


def _mails(text: str) -> Iterator[str]:
    if "@" not in text:
        return
    own = load().own_domains
    for found in _few(_MAIL.finditer(text)):
        mail = found.group().rstrip(".-").lower()
        if not mail.endswith(own):
            yield mail


def _own_address(address: str) -> Iterator[str]:
    yield from _mails(address)


def _phones(text: str) -> Iterator[str]:
    # The matcher costs milliseconds, and its own limit keeps it from trying for ever on digits in rows.
    if sum(char.isdigit() for char in text) < _EIGHT_DIGITS:
        return
    own = load().own_phones
    for found in PhoneNumberMatcher(text, "BE", leniency=Leniency.VALID, max_tries=50):
        number = format_number(found.number, PhoneNumberFormat.E164)
        if number not in own:
            yield number


def _name(text: Text, searched: str) -> str:
    shown = names.person(text.from_name, lower_case=True)
    said = _signature(searched) or _introduced(searched)
    if not said:
        return shown
    # A first name, or "Mme Dupont", at the end of a mail from "Marie Dupont" is Marie Dupont.
    first, *_, last = said.split() if " " in said else ("", said)
    same = names.is_title(first) and fold(last) in fold(shown).split()
    if names.full(shown) and (same or not names.full(said)):
        return shown
    return said


def _introduced(text: str) -> str:
    for trigger, least in ((_STRONG, 1), (_WEAK, 2)):
        for found in _few(trigger.finditer(text)):
            ahead = text[found.end() : found.end() + 120]
            titled = trigger is _STRONG or bool(_ONESELF.match(found.group()))
            if name := _name_ahead(ahead, least, lower_case=trigger is _STRONG, titled=titled):
                return name
    return ""


def _name_ahead(ahead: str, least: int, *, lower_case: bool, titled: bool) -> str:
    found = _NAME_AHEAD.match(ahead)
    if not found:
        return ""
    tokens = found.group().split()
    title = ""
    while tokens and names.is_title(tokens[0]):
        title, *tokens = tokens
    taken: list[str] = []
    for token in tokens:
        ends = token.endswith(".") and len(token) > 3
        bare = token.rstrip(".") if ends else token
        particle = fold(bare) in names.PARTICLES
        if not (bare[:1].isupper() or (particle and taken)):
            break
        taken.append(bare)
        if ends:
            break
    while taken and fold(taken[-1]) in names.PARTICLES:
        taken.pop()
    if not taken and lower_case:
        taken = [token.rstrip(".") for token in tokens[:2]]
        return names.person(" ".join(taken), least=2, lower_case=True) if len(taken) == 2 else ""
    named = f"{title} {' '.join(taken)}" if title and titled else " ".join(taken)
    return names.person(named, least=least)


def _signature(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()][-9:]
    if lines and _PHONE_LINE.match(lines[-1]):
        lines.pop()
    for index in range(len(lines) - 1, -1, -1):
        line = lines[index]
        closing = _last_closing(line)
        if closing is None:
            continue
        rest = line[closing.end() :]
        rest = "" if _thanks_somebody(closing.group(), rest) else rest.lstrip(" ,.!-–:;")
        candidates = [rest] if rest else []
        candidates += lines[index + 1 : index + 4]
        for candidate in candidates:
            if _ON_BEHALF.match(candidate):
                continue
            if name := _signed(candidate):
                return name
    return _bare_last_line(lines)


def _thanks_somebody(closing: str, rest: str) -> bool:
    """True when the name behind "merci" is who is thanked: "bedankt aan Sofie Claes", "merci madame Peeters", "thanks Tom!"."""
    if not _THANKS.fullmatch(closing):
        return False
    first, *_ = rest.split() or [""]
    return bool(_THANKED.match(rest)) or names.is_title(first) or rest.rstrip().endswith("!")


def _last_closing(line: str) -> re.Match[str] | None:
    *_, last = (None, *_few(_CLOSING.finditer(line, max(0, len(line) - 200))))
    return last


def _signed(candidate: str) -> str:
    # "Luc Peeters, lid sinds 1988", "S. Lambinon - CPAS", "Marie Dupont (0470 …)": what stands first is the name.
    first = re.split(r"[,;(|/\d•]| [-–—] ", candidate, maxsplit=1)[0].rstrip(" .!:)")
    if relation := _RELATION.match(first):
        # "Son fils Éric Dubois" signs for somebody; "ma fille Julie" is somebody else.
        return names.person(first[relation.end() :]) if fold(first.split()[0]) in _THEIRS else ""
    return names.person(first, lower_case=True)


def _bare_last_line(lines: list[str]) -> str:
    """A name without a closing formula: a last line of its own, or the last words after a full stop."""
    if not lines:
        return ""
    last = lines[-1]
    if len(lines) >= 2 and (name := names.person(re.split(r"[,;(|\d]", last, maxsplit=1)[0])):
        return name if names.full(name) or names.given(name) else ""
    tail = re.split(r"[.!?…] ", last)[-1].rstrip(". ")
    name = names.person(tail) if len(tail) < len(last) else ""
    # Shouted text ends in capitals whatever it says; one word is only a name when it is a known one.
    if not name or (last.isupper() and not names.given(name)):
        return ""
    return name if names.full(name) or names.given(name) else ""
