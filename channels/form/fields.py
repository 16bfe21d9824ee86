"""From what was typed to a clean Submission, or to what is wrong with it, field by field.

Text is repaired rather than refused where nobody could type the damage: NUL and other control characters go, lone
surrogates become the replacement character, line ends become one kind.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import phonenumbers

from channels.form import files as file_rules
from channels.form.submission import Submission
from channels.web.body import Upload
from channels.web.languages import known
from config.directions import straight
from config.vocabulary import Language

MAX_TEXT: Final = 20_000
# The longest of each short field, in characters.
LONGEST: Final = {
    "subject": 200,
    "name": 120,
    "email": 254,
    "phone": 40,
    "post": 300,
    "member_number": 40,
    "for_name": 120,
    "for_tie": 120,
}
MAX_WANTED: Final = 2_000
MAX_FILE_NAME: Final = 200

_SURROGATES = re.compile("[\ud800-\udfff]")
# C0 but tab and line feed, DEL, C1: they have no place in what a person writes.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_EMAIL = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@(?:[^@\s<>,;:\"()\[\]\\.]{1,63}\.){1,8}[^@\s<>,;:\"()\[\]\\.]{2,63}")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a field. `key` names the sentence (config/pages, "trouble"), `detail` a file's name."""

    field: str
    key: str
    detail: str = ""


def clean_text(value: str) -> str:
    """Return a long text with its line breaks, repaired, blanks at both ends cut."""
    value = value.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return _CONTROLS.sub("", _SURROGATES.sub("\ufffd", value)).strip()


def clean_line(value: str) -> str:
    """Return a short text on one line, repaired, without marks that turn its direction."""
    return " ".join(straight(clean_text(value)).split())


def clean_file_name(value: str) -> str:
    """Return the last part of a file name, cut to 200 characters with its ending kept."""
    name = clean_line(value.replace("\\", "/").rpartition("/")[2]) or "file"
    stem, dot, ending = name.rpartition(".")
    if len(name) > MAX_FILE_NAME and dot and len(ending) <= 10:
        return f"{stem[: MAX_FILE_NAME - len(ending) - 1]}.{ending}"
    return name[:MAX_FILE_NAME]


def clean_upload(file: Upload) -> Upload:
    """Return the file under a name that can be shown."""
    return Upload(clean_file_name(file.name), clean_line(file.declared_type)[:100], file.content)


def check(
    values: Mapping[str, object], uploads: Sequence[Upload], *, language: Language | None = None
) -> tuple[Submission, list[Trouble]]:
    """Return the submission as far as it goes, and every trouble with it in the order of the form.

    Unknown names among `values` are ignored (rule F2). `language` is the page's; without one the field "language" says it.
    """
    troubles: list[Trouble] = []
    given = {name: _string(values, name, troubles) for name in ("text", "wanted", "language", *LONGEST)}
    text, wanted = clean_text(given.pop("text")), clean_text(given.pop("wanted"))
    code = given.pop("language").strip().lower()
    lines = {name: clean_line(value) for name, value in given.items()}
    if not text and not _has(troubles, "text"):
        troubles.append(Trouble("text", "text_empty"))
    elif len(text) > MAX_TEXT:
        troubles.append(Trouble("text", "text_long"))
    if len(wanted) > MAX_WANTED:
        troubles.append(Trouble("wanted", "line_long"))
    troubles += [
        Trouble(name, "line_long")
        for name, most in LONGEST.items()
        if len(lines[name]) > most and not _has(troubles, name)
    ]
    if lines["email"] and not _has(troubles, "email") and not is_mail_address(lines["email"]):
        troubles.append(Trouble("email", "email"))
    if lines["phone"] and not _has(troubles, "phone") and international(lines["phone"]) is None:
        troubles.append(Trouble("phone", "phone"))
    if language is None and code:
        language = known(code)
        if language is None:
            troubles.append(Trouble("language", "language"))
    kept = tuple(clean_upload(file) for file in uploads)
    for file in kept:
        why = file_rules.trouble(file)
        if why:
            troubles.append(Trouble("files", f"file_{why}", file.name))
    return Submission(
        text=text,
        language=language,
        files=kept,
        subject=lines["subject"],
        name=lines["name"],
        email=lines["email"],
        phone=lines["phone"],
        post=lines["post"],
        member_number=lines["member_number"],
        wanted=wanted,
        for_name=lines["for_name"],
        for_tie=lines["for_tie"],
    ), troubles


def is_mail_address(text: str) -> bool:
    """Whether a line is one mail address and nothing else."""
    return _EMAIL.fullmatch(text) is not None


def international(phone: str) -> str | None:
    """Return a telephone number in E.164 ("+32470000000"), read as Belgian without a country; None when it is none."""
    folded = unicodedata.normalize("NFKC", phone)
    if len(folded) > LONGEST["phone"]:
        return None
    try:
        number = phonenumbers.parse(folded, "BE")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _string(values: Mapping[str, object], name: str, troubles: list[Trouble]) -> str:
    value = values.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        troubles.append(Trouble(name, "not_text"))
        return ""
    return value


def _has(troubles: Sequence[Trouble], field: str) -> bool:
    return any(trouble.field == field for trouble in troubles)
