"""Tables to take along: CSV (RFC 4180) and XLSX (ISO 29500), in which nothing can be taken for a formula (rule E1).

Texts come from members and colleagues. In XLSX every text is typed as one; in both, a text that begins as a formula does gets a
quote before it, because whoever saves the one as the other loses the type.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

Value = str | float | int | None

_FORMULA: Final = re.compile(r"\s*[=+\-@\t\r\0]|[\t\r\0]")
# Read with another separator than ours, a quoted text is cut at these, and what follows begins a cell.
_FORMULA_INSIDE: Final = re.compile(r'([;\t\r\n\x0b\x0c]["\s]*)(?=[=+\-@])')
# What XML 1.0 cannot hold.
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\']")
_LONGEST_NAME: Final = 31
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STYLES: Final = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font/><font><b/></font></fonts><fills count="1"><fill/></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/>'
    '<xf fontId="1" applyFont="1"/></cellXfs></styleSheet>'
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with its name."""

    name: str
    head: Sequence[str]
    rows: Sequence[Sequence[Value]]


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def _safe_when_cut(text: str) -> str:
    """As `safe`, wherever a spreadsheet that cuts at semicolons and does not know our quotes may cut it."""
    return _FORMULA_INSIDE.sub(r"\1'", safe(text))


def as_csv(head: Sequence[str], rows: Sequence[Sequence[Value]]) -> bytes:
    """One table; every text in quotes, so that it holds together with either separator. UTF-8 with its mark, for Excel."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow([_safe_when_cut(name) for name in head])
    for row in rows:
        cells = [_safe_when_cut(value) if isinstance(value, str) else "" if value is None else value for value in row]
        writer.writerow(cells)
    return out.getvalue().encode("utf-8-sig", "replace")


def as_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """A workbook of one sheet or more."""
    names = _names(sheets)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        parts = range(1, len(sheets) + 1)
        kinds = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for n in parts
        )
        book.writestr(
            "[Content_Types].xml",
            f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{kinds}</Types>',
        )
        book.writestr("_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
        listed = "".join(
            f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>' for n, name in zip(parts, names, strict=True)
        )
        book.writestr(
            "xl/workbook.xml",
            f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        )
        targets = [("worksheet", f"worksheets/sheet{n}.xml") for n in parts]
        book.writestr("xl/_rels/workbook.xml.rels", _relations([*targets, ("styles", "styles.xml")]))
        book.writestr("xl/styles.xml", _XML + _STYLES)
        for n, sheet in zip(parts, sheets, strict=True):
            book.writestr(f"xl/worksheets/sheet{n}.xml", _sheet(sheet))
    return out.getvalue()


def _names(sheets: Sequence[Sheet]) -> list[str]:
    found: list[str] = []
    for sheet in sheets:
        name = _NOT_IN_NAMES.sub(" ", _NOT_XML.sub("", sheet.name))[:_LONGEST_NAME].strip() or "-"
        found.append(name if name not in found else f"{name[: _LONGEST_NAME - 4]} {len(found)}")
    return found


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _sheet(sheet: Sheet) -> str:
    head = "".join(_cell(name, style=' s="1"') for name in sheet.head)
    rows = "".join(f"<row>{''.join(_cell(value) for value in row)}</row>" for row in sheet.rows)
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><cols><col min="1" max="1" width="36" customWidth="1"/></cols>'
        f"<sheetData><row>{head}</row>{rows}</sheetData></worksheet>"
    )


def _cell(value: Value, style: str = "") -> str:
    if value is None:
        return f"<c{style}/>"
    if not isinstance(value, str):
        return f"<c{style}><v>{value}</v></c>"
    text = escape(_NOT_XML.sub("", safe(value)), quote=False)
    return f'<c{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
