"""Bytes to text, whatever the sender claims about the charset.

A declared charset is used when it is a text codec from a closed list; Python's codec registry also holds things that are
no charsets at all (rot13, zip, idna, unicode_escape), and a mail must not be able to name them. What cannot be decoded as
declared is guessed; the result never holds U+FFFD that the sender did not write, because a complaint full of question marks
is a complaint lost.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import Final

# Canonical names of the codecs (`codecs.lookup(name).name`) that a mail may ask for.
_ALLOWED: Final = frozenset(
    [
        *(
            "ascii",
            "utf-8",
            "utf-8-sig",
            "utf-7",
            "utf-16",
            "utf-16-le",
            "utf-16-be",
            "utf-32",
            "utf-32-le",
            "utf-32-be",
        ),
        *(f"iso8859-{number}" for number in (*range(1, 12), *range(13, 17))),
        *(f"cp{number}" for number in range(1250, 1259)),
        *("cp437", "cp737", "cp775", "cp850", "cp852", "cp855", "cp857", "cp858", "cp860", "cp861", "cp862", "cp863"),
        *("cp864", "cp865", "cp866", "cp869", "cp874", "cp932", "cp949", "cp950", "cp037", "cp500", "cp1140"),
        *("koi8-r", "koi8-u", "koi8-t", "ptcp154", "tis-620", "hp-roman8", "mac-roman", "mac-latin2", "mac-cyrillic"),
        *("mac-greek", "mac-turkish", "mac-iceland", "gb2312", "gbk", "gb18030", "hz", "big5", "big5hkscs"),
        *("shift_jis", "shift_jis_2004", "shift_jisx0213", "euc_jp", "euc_jis_2004", "euc_jisx0213", "euc_kr", "johab"),
        *(
            "iso2022_jp",
            "iso2022_jp_1",
            "iso2022_jp_2",
            "iso2022_jp_2004",
            "iso2022_jp_3",
            "iso2022_jp_ext",
            "iso2022_kr",
        ),
    ]
)
# Names seen in mails that Python does not know, and charsets whose superset is what senders really use (as browsers do).
_ALIASES: Final = {
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "unicode": "utf-16",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "windows-874": "cp874",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-mac-roman": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "ansi": "cp1252",
    "x-ansi": "cp1252",
    "iso-8859-1-windows-3.1-latin-1": "cp1252",
    "iso-8859-1-windows-3.0-latin-1": "cp1252",
}
# These promise no characters in 0x80 to 0x9f; where such bytes occur, the sender meant the Windows code page.
_WINDOWS: Final = {"ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+()-]{0,39}\Z")
_HIGH = re.compile(rb"[\x80-\xff]")
_C1 = re.compile("[\x80-\x9f]")
_JIS = re.compile(rb"\x1b\$[@B]|\x1b\([BJ]")
# What may stand next to each other in French, Dutch and German typed on Windows; everything else suggests another page.
_WESTERN = frozenset("àâäçéèêëîïôöùûüÿæœßñáíóúÀÂÄÇÉÈÊËÎÏÔÖÙÛÜÆŒÑ€«»’‘“”„–—…°§²³µ·•£©®\xa0´¨º½")
_SAMPLE: Final = 65_536
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Decode the bytes that a codec refused as Windows Latin, then Latin-1: a wrong letter reads better than a box."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end] or error.object[error.start : error.start + 1]
    try:
        return bad.decode("cp1252"), error.start + len(bad)
    except UnicodeDecodeError:
        return bad.decode("latin-1"), error.start + len(bad)


codecs.register_error("guichet.windows", _as_windows)


@lru_cache(maxsize=256)
def codec_for(charset: str) -> str | None:
    """Return the name of the codec for a declared charset, or None when it is unknown or not a text charset."""
    name = charset.strip().strip("\"'").strip().lower()
    name = _ALIASES.get(name, name)
    if not _NAME.match(name):
        return None
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return found if found in _ALLOWED else None


def _looks_utf16(data: bytes) -> str | None:
    """Return the byte order when every second byte is mostly NUL, as Latin text in UTF-16 without a mark has it."""
    sample = data[:2048]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if half < 4:
        return None
    if odd > half * 0.6 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.6 and odd < half * 0.1:
        return "utf-16-be"
    return None


def _guess_8bit(data: bytes) -> str:
    sample = data[:_SAMPLE]
    western = sample.decode("cp1252", "guichet.windows")
    high = [letter for letter in western if letter >= "\x80"]
    if len(high) <= 3 or sum(letter in _WESTERN for letter in high) >= 0.95 * len(high):
        return "cp1252"
    # Imported here: it takes 0.1 s to load and hardly any mail needs it.
    from charset_normalizer import from_bytes  # noqa: PLC0415

    best = from_bytes(sample, threshold=0.3).best()
    return (codec_for(best.encoding) if best else None) or "cp1252"


def guess(data: bytes) -> str:
    """Return the codec that most probably made these bytes. Time is bounded: only the first 64 KiB are judged."""
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return codec
    wide = _looks_utf16(data)
    if wide:
        return wide
    if not _HIGH.search(data):
        return "iso2022_jp_ext" if _JIS.search(data) else "ascii"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        # One broken place in a long UTF-8 text does not make it Latin.
        if error.start > 0 and _mostly_utf8(data):
            return "utf-8"
        return _guess_8bit(data)
    return "utf-8"


def _mostly_utf8(data: bytes) -> bool:
    sample = data[:_SAMPLE]
    good = len(re.findall(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}", sample))
    return good > 0 and good * 2 > len(re.findall(rb"[\x80-\xff]+", sample))


def decode(data: bytes, charset: str = "") -> tuple[str, str]:
    """Return (text, defect): the bytes as text, and "unknown_charset" when the declared one could not be used, else "".

    No exception for any bytes and any charset. Line ends and NULs are left as they are.
    """
    if not charset:
        return _forced(data, guess(data)), ""
    codec = codec_for(charset)
    if codec is None:
        return _forced(data, guess(data)), "unknown_charset"
    if codec == "utf-8" and data.startswith(codecs.BOM_UTF8):
        codec = "utf-8-sig"
    try:
        text = data.decode(codec)
    except (UnicodeError, ValueError):
        return _undeclared(data, codec), ""
    if codec in _WINDOWS and _C1.search(text):
        return _undeclared(data, codec), ""
    return text, ""


def _undeclared(data: bytes, codec: str) -> str:
    """Decode bytes that do not fit what was declared: what they look like, unless that is the declared one anyway."""
    if codec in {"ascii", "iso8859-1"}:
        return _forced(data, guess(data))
    if codec in _WINDOWS:
        return _forced(data, _WINDOWS[codec])
    if codec.startswith(("utf-16", "utf-32")) and not _looks_utf16(data):
        return _forced(data, guess(data))
    if codec == "utf-8" and not _mostly_utf8(data):
        return _forced(data, _guess_8bit(data) if _HIGH.search(data) else "ascii")
    return _forced(data, codec)


def _forced(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec, "guichet.windows")
    except (UnicodeError, ValueError, IndexError):
        # Some multi-byte codecs do not accept a handler's answer in the middle of a character.
        return data.decode("cp1252", "guichet.windows")
