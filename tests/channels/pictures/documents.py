"""Documents as members send them, made here."""

from __future__ import annotations

import io
import zipfile
from typing import Final

from weasyprint import HTML  # type: ignore[import-untyped]

_WORD: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE: Final = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_TEXT: Final = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"


def pdf(*pages: str) -> bytes:
    """A PDF with a page for each text."""
    parts = "".join(f'<p style="page-break-after: always; font-size: 40px">{text}</p>' for text in pages[:-1])
    return bytes(HTML(string=f"{parts}<p>{pages[-1]}</p>").write_pdf())


def docx(body: str, *, head: str = "") -> bytes:
    """A DOCX of this body, in the markup of Word."""
    return _archive("word/document.xml", f'{head}<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>')


def odt(body: str) -> bytes:
    """An ODT of this body, in the markup of OpenDocument."""
    names = f'xmlns:office="{_OFFICE}" xmlns:text="{_TEXT}"'
    return _archive(
        "content.xml", f"<office:document-content {names}><office:body>{body}</office:body></office:document-content>"
    )


def _archive(part: str, xml: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(part, xml)
    return made.getvalue()
