"""What a person reads of a mail, and the files with it: from the tree of parts to texts and attachments."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from channels.mail.calendar_text import calendar_text
from channels.mail.charset import decode
from channels.mail.fields import one_line
from channels.mail.hidden import may_hide
from channels.mail.html_text import MAX_HTML, html_to_text
from channels.mail.sniff import extension_for, type_of
from channels.mail.structure import SMIME, Part, header_text, salvage
from channels.mail.tnef import read_tnef
from channels.mail.transfer import split_uuencoded
from channels.message import Attachment

# Longer texts are cut, in characters; the original stays in the inbox and can be opened.
MAX_TEXT: Final = 1_000_000
_MAX_TEXT_BYTES: Final = 4 * MAX_TEXT
_MAX_NAME: Final = 200
_SEPARATOR: Final = "---------- Forwarded message ----------"
_READ_AS_TEXT: Final = frozenset(["text/plain", "text/markdown", "text/enriched", "text/richtext", "text/x-plain"])
_CALENDARS: Final = frozenset(["text/calendar", "application/ics"])
_TNEF_TYPES: Final = frozenset(["application/ms-tnef", "application/vnd.ms-tnef"])
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_:-]{2,40})", re.IGNORECASE)
_PGP_MESSAGE = re.compile(
    r"^-----BEGIN PGP MESSAGE-----.*?(?:^-----END PGP MESSAGE-----[ \t]*$|\Z)", re.DOTALL | re.MULTILINE
)
_PGP_SIGNED = re.compile(r"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n(?:[A-Za-z]+:[^\n]*\n)*[ \t]*\n?", re.MULTILINE)
_PGP_SIGNATURE = re.compile(
    r"^-----BEGIN PGP SIGNATURE-----.*?(?:^-----END PGP SIGNATURE-----[ \t]*\n?|\Z)", re.DOTALL | re.MULTILINE
)
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e001f\ud800-\udfff]")
_STUB = re.compile(
    r"\bhtml\b.*(?:view|client|reader|support|display|afficher|lire|prend|lecteur|lezen|weergeven|programma|darstell|anzeig)"
    r"|(?:view|client|reader|support|display|afficher|lire|lecteur|lezen|weergeven|programma|darstell|anzeig).*\bhtml\b",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(r"<[^<>]{1,1000}>")


@dataclass(slots=True)
class Content:
    """What was read: texts of the mail itself, texts of mails enclosed in it, HTML as sent, hidden text, files."""

    texts: list[str] = field(default_factory=list)
    enclosed: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    defects: set[str] = field(default_factory=set)

    @property
    def own_text(self) -> str:
        """The text of the mail itself."""
        return "\n\n".join(text for text in self.texts if text)

    @property
    def whole_text(self) -> str:
        """Everything a person reads, enclosed mails below a separating line."""
        return "\n\n".join(text for text in (*self.texts, *self.enclosed) if text)


def file_name(given: str, kind: str, base: str) -> str:
    """Return a name that is no path and holds no control or bidi characters; one made from the type when none is left."""
    name = one_line(given.replace("\\", "/").rsplit("/", 1)[-1], _MAX_NAME).rstrip(" .")
    return name or f"{base}{extension_for(kind)}"


def clean_text(text: str) -> str:
    """Return text with one kind of line end, without NULs, bidi overrides and blanks at its edges."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        text = text.replace("\x00", "")
    if not text.isascii():
        text = _OVERRIDES.sub("", text).removeprefix("\ufeff")
    return text.strip("\n ").rstrip()


class Reader:
    """Walks the tree once and fills a Content. No recursion is deeper than the tree, whose depth is bounded."""

    def __init__(self, *, enclosed: bool = False, spare_html: bool = False) -> None:
        """Start with nothing read. `enclosed`: inside a mail within the mail, which is kept as a file already."""
        self.content = Content()
        self._enclosed = enclosed
        # The plain form of this text has been read already; HTML matters only for what it hides.
        self._spare_html = spare_html

    def read(self, root: Part) -> Content:
        """Read a whole mail."""
        self._part(root, related=False)
        content = self.content
        if not content.whole_text.strip():
            self._last_resort(root)
        return content

    def _part(self, part: Part, *, related: bool) -> None:
        if part.kind == "message":
            self._message(part)
        elif part.kind == "raw":
            self._raw(part)
        elif part.content_type == "multipart/alternative":
            self._alternative(part)
        elif part.kind == "multipart":
            if part.content_type == "multipart/encrypted":
                self.content.defects.add("encrypted")
            for index, child in enumerate(part.children):
                self._part(child, related=related or (part.content_type == "multipart/related" and index > 0))
        else:
            self._leaf(part, related=related)

    def _raw(self, part: Part) -> None:
        data = salvage(part.source, part.start, part.end)
        text = decode(data, part.params.get("charset", ""))[0]
        if data[:1] == b"<" or b"<html" in data[:2000].lower():
            text = html_to_text(text)[0]
        self._add(clean_text(text))

    def _message(self, part: Part) -> None:
        """An enclosed mail: its text below a line that says so, itself as a file, the files in it as files too."""
        inner = part.children[0]
        outer = self.content
        reader = Reader(enclosed=True)
        reader._part(inner, related=False)
        found = reader.content
        subject = one_line(header_text(inner, "subject"), 300)
        head = [
            f"{label}: {value}"
            for label, value in (
                ("From", one_line(header_text(inner, "from"), 300)),
                ("Date", one_line(header_text(inner, "date"), 100)),
                ("Subject", subject),
            )
            if value
        ]
        outer.enclosed.append("\n".join([_SEPARATOR, *head, "", found.whole_text]).rstrip())
        outer.hidden += found.hidden
        outer.defects |= found.defects
        if not self._enclosed:
            raw = (
                part.source[part.start : part.end]
                if part.encoding not in {"base64", "quoted-printable"}
                else inner.source
            )
            name = file_name(part.filename() or (f"{subject[:80]}.eml" if subject else ""), "message/rfc822", "message")
            outer.attachments.append(Attachment(name, "message/rfc822", raw, part.content_type))
        outer.attachments += found.attachments

    def _alternative(self, part: Part) -> None:
        """Of several forms of one text, the plain one unless it says nothing; files of all forms are kept."""
        results: list[Content] = []
        for child in part.children:
            spoken = any(found.own_text.strip() and not _is_stub(found.own_text) for found in results)
            reader = Reader(enclosed=self._enclosed, spare_html=spoken)
            reader._part(child, related=False)
            results.append(reader.content)
        speaking = [found for found in results if found.own_text.strip()]
        plain = [found for found in speaking if not found.html and not _is_stub(found.own_text)]
        chosen = plain[0] if plain else max(speaking, key=lambda found: bool(found.html), default=None)
        for found in results:
            self.content.attachments += found.attachments
            self.content.html += found.html
            self.content.hidden += found.hidden
            self.content.defects |= found.defects
            self.content.enclosed += found.enclosed
        if chosen:
            self.content.texts += chosen.texts

    def _leaf(self, part: Part, *, related: bool) -> None:
        kind = part.content_type
        disposition, _ = part.disposition()
        name = part.filename()
        attached = disposition == "attachment" or bool(name) or related
        if kind in _TNEF_TYPES or name.lower() == "winmail.dat":
            if self._tnef(part):
                return
        elif kind in _CALENDARS:
            text, _ = self._decoded(part)
            self._add(calendar_text(text))
            attached = True
        elif kind in SMIME and "certs" not in part.params.get("smime-type", ""):
            self.content.defects.add("encrypted")
        if not attached and kind in _READ_AS_TEXT:
            self._plain(part)
        elif not attached and kind == "text/html":
            self._html(part)
        else:
            self._attach(part, name, inline=disposition == "inline" or (related and disposition != "attachment"))

    def _decoded(self, part: Part) -> tuple[str, bytes]:
        """Return (text, bytes appended below the encoding) of a textual part, cut to the bound."""
        data, appended, defect = part.content()
        if defect:
            self.content.defects.add(defect)
        if len(data) > _MAX_TEXT_BYTES:
            self.content.defects.add("text_cut")
            data = data[:_MAX_TEXT_BYTES]
        if b"\x00" in data and not part.params.get("charset", "").lower().startswith(("utf-16", "utf-32", "utf16")):
            self.content.defects.add("nul_bytes")
        charset = part.params.get("charset", "")
        if not charset and part.content_type == "text/html" and (declared := _META_CHARSET.search(data[:2048])):
            charset = declared[1].decode("ascii")
            charset = "" if charset.lower().startswith("utf-16") else charset
        text, unknown = decode(data, charset)
        if unknown:
            self.content.defects.add(unknown)
        return text, appended

    def _plain(self, part: Part) -> None:
        data = part.content()[0]
        if b"begin" in data and re.search(rb"^begin(?:-base64)? [0-7]{3,4} ", data, re.MULTILINE):
            rest, files = split_uuencoded(data)
            if files:
                for name, content in files:
                    kind = type_of(content, "")
                    self.content.attachments.append(Attachment(file_name(name, kind, "file"), kind, content))
                part._content = (rest, b"", "")
        text, appended = self._decoded(part)
        if part.content_type in {"text/enriched", "text/richtext"}:
            text = _TAG.sub("", text.replace("<<", "<"))
        text = text.replace("\r\n", "\n")
        if "-----BEGIN PGP" in text:
            text = self._without_armour(text)
        if part.params.get("format", "").lower() == "flowed":
            text = _unflow(text, delsp=part.params.get("delsp", "").lower() == "yes")
        self._add(clean_text(text))
        if appended:
            self._add(clean_text(decode(appended)[0]))

    def _without_armour(self, text: str) -> str:
        """Take PGP's wrapping off: a signed text is read, an encrypted one is kept as a file and said to be encrypted."""
        for block in _PGP_MESSAGE.findall(text)[:20]:
            self.content.defects.add("encrypted")
            self.content.attachments.append(
                Attachment("message.asc", "application/pgp-encrypted", block.encode("utf-8", "replace"))
            )
        text = _PGP_MESSAGE.sub("", text)
        if "BEGIN PGP SIGNED" in text:
            text = _PGP_SIGNATURE.sub("", _PGP_SIGNED.sub("", text))
            text = re.sub(r"^- (?=-)", "", text, flags=re.MULTILINE)
        return text

    def _html(self, part: Part) -> None:
        source, appended = self._decoded(part)
        if len(source) > MAX_HTML:
            self.content.defects.add("text_cut")
            source = source[:MAX_HTML]
        self.content.html.append(source.replace("\x00", ""))
        if self._spare_html and not may_hide(source):
            return
        text, hidden = html_to_text(source)
        if hidden:
            self.content.hidden.append(hidden)
        self._add(clean_text(text))
        if appended:
            self._add(clean_text(decode(appended)[0]))

    def _add(self, text: str) -> None:
        if text:
            self.content.texts.append(text)

    def _attach(self, part: Part, name: str, *, inline: bool) -> None:
        data, appended, defect = part.content()
        if appended and part.content_type.startswith("text/"):
            data += appended
        if defect:
            self.content.defects.add(defect)
        if not data.strip() and not name:
            return
        kind = type_of(data, part.content_type)
        content_id = one_line(part.headers.get("content-id"), 200).strip("<> ")
        inline = inline or (bool(content_id) and kind.startswith("image/"))
        base = kind.split("/")[0] if kind.startswith(("image/", "audio/", "video/", "text/", "message/")) else "file"
        base = "signature" if kind.endswith("signature") else base
        self.content.attachments.append(
            Attachment(file_name(name, kind, base), kind, data, part.content_type, inline, content_id)
        )

    def _tnef(self, part: Part) -> bool:
        found = read_tnef(part.content()[0])
        if found is None or not (found.files or found.text or found.html or found.rtf):
            return False
        if not found.complete:
            self.content.defects.add("too_many_parts")
        for file in found.files:
            if file.content or file.name:
                kind = type_of(file.content, "")
                name = file_name(file.name, kind, "file")
                self.content.attachments.append(
                    Attachment(name, kind, file.content, "", bool(file.content_id), one_line(file.content_id, 200))
                )
        text = clean_text(found.text)
        if not text and found.html:
            text, hidden = html_to_text(found.html)
            self.content.html.append(found.html[:MAX_HTML])
            self.content.hidden += [hidden] if hidden else []
        # Outlook repeats in the file what the mail already says.
        if text and not any(_same(text, earlier) for earlier in self.content.texts):
            self._add(text)
        return True

    def _last_resort(self, root: Part) -> None:
        """Nothing to read so far: show a text that came as a file, then what stands outside the parts, then the bytes."""
        steps: list[Callable[[], None]] = [
            lambda: self._from_files(root),
            lambda: self._from_outside(root),
            lambda: self._from_bytes(root),
        ]
        for step in steps:
            step()
            if self.content.whole_text.strip():
                return

    def _from_files(self, root: Part) -> None:
        for part in root.walk():
            if part.kind != "leaf" or part.disposition()[0] == "attachment":
                continue
            seen = type_of(part.content()[0], part.content_type)
            if part.content_type == "text/html" or seen == "text/html":
                self._html(part)
            elif seen in {"text/plain", "message/delivery-status", "message/rfc822"}:
                self._plain(part)
            if self.content.texts:
                return

    def _from_outside(self, root: Part) -> None:
        for part in root.walk():
            for start, end in part.outside:
                self._add(clean_text(decode(salvage(part.source, start, end))[0]))
                self.content.defects.add("broken_mime")

    def _from_bytes(self, root: Part) -> None:
        # Only where the structure is suspect: a mail that holds one picture and no word is no broken mail.
        broken = any(part.kind == "raw" for part in root.walk()) or (
            root.kind == "multipart" and not self.content.attachments
        )
        if broken:
            self._add(clean_text(decode(salvage(root.source, root.start, root.end))[0]))
            self.content.defects.add("broken_mime")


def _is_stub(text: str) -> bool:
    return len(text) < 400 and bool(_STUB.search(text))


def _same(one: str, other: str) -> bool:
    return "".join(one.split())[:2000] == "".join(other.split())[:2000]


def _unflow(text: str, *, delsp: bool) -> str:
    """Join the lines that format=flowed (RFC 3676) cut: a blank at the end means that the paragraph goes on."""
    lines: list[str] = []
    joining = False
    for line in text.split("\n"):
        if joining and not line.startswith(">") and line != "-- ":
            lines[-1] += line.removeprefix(" ")
        else:
            lines.append(line.removeprefix(" ") if not line.startswith(">") else line)
        joining = lines[-1].endswith(" ") and line != "-- " and not line.startswith(">")
        if joining and delsp:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)
