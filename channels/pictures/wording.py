"""The words of a document, without anything that could act. Run in a child process only (channels.pictures.process)."""

from __future__ import annotations

import codecs
import io
import zipfile
from typing import Final

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types, and we use two functions of it.

from channels.pictures.preview import LONGEST
from config.directions import straight

# The part of each kind of document in which its words stand.
_PARTS: Final = ("word/document.xml", "content.xml")
# XML of one document, unpacked: the child's memory holds it and its tree.
_LARGEST: Final = 32 * 1024 * 1024
_WORD: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_PARAGRAPHS: Final = (f"{_WORD}p", f"{_TEXT}p", f"{_TEXT}h")
_BLANKS: Final = {
    f"{_WORD}tab": "\t",
    f"{_WORD}br": "\n",
    f"{_TEXT}tab": "\t",
    f"{_TEXT}line-break": "\n",
    f"{_TEXT}s": " ",
}


def words(content: bytes) -> bytes:
    """The words of a DOCX, an ODT or a plain text as UTF-8, one character more than LONGEST at most.

    Raises ValueError for what is none of them, and what zipfile or lxml raise over a broken one.
    """
    found = _of_archive(content) if content.startswith(b"PK") else _of_text(content)
    plain = "".join(sign for sign in straight(found) if sign.isprintable() or sign in "\n\t")
    return plain[: LONGEST + 1].encode("utf-8", "replace")


def _of_archive(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = next((name for name in _PARTS if name in archive.NameToInfo), None)
        if part is None:
            raise ValueError("no document that we know")
        with archive.open(part) as file:
            xml = file.read(_LARGEST + 1)
    if len(xml) > _LARGEST:
        raise MemoryError
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    tree = etree.fromstring(xml, parser)
    # A paragraph in a text box stands in another one, and is read with it.
    outer = (one for one in tree.iter(*_PARAGRAPHS) if next(one.iterancestors(*_PARAGRAPHS), None) is None)
    return "\n".join(_of_paragraph(one) for one in outer)


def _of_paragraph(paragraph: etree._Element) -> str:
    """Text and blanks in their order; what is deleted in a tracked change is not read."""
    said = list[str]()
    for one in paragraph.iter():
        if not isinstance(one.tag, str):
            continue
        if one.tag in _BLANKS:
            said.append(_BLANKS[one.tag])
        if one.text and (one.tag == f"{_WORD}t" or not one.tag.startswith(_WORD)):
            said.append(one.text)
        if one.tail and one is not paragraph and not one.tag.startswith(_WORD):
            said.append(one.tail)
    return "".join(said)


def _of_text(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    if b"\0" in content:
        raise ValueError("no text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What is written here in the house's four languages, and is not UTF-8, is this.
        return content.decode("cp1252", "replace")
