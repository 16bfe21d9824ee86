"""A page of a document as a picture. Run in a child process only (channels.pictures.process).

Whoever looks sees pixels that were drawn here: no script, no link, no form and no font of the document reaches a browser.
"""

from __future__ import annotations

from typing import Any, Final

import pypdfium2

from channels.pictures.header import kind_of
from channels.pictures.remake import as_jpeg, small

# As wide as a reader's column on a dense display, and a letter's page at that width; nothing is drawn larger.
_MOST: Final = (1400, 2000)
# A page that is smaller than a stamp is not blown up to a blur.
_LARGEST_SCALE: Final = 4.0


def page(content: bytes, number: int) -> bytes:
    """How many pages there are, a line feed, and page `number` (from 1) as a JPEG of at most 1400 × 2000 pixels.

    Raises what pdfium or Pillow raise over a broken file or one behind a password, ValueError for a page that is not there.
    """
    if kind_of(content) is not None:
        if number != 1:
            raise ValueError("a picture has one page")
        return b"1\n" + small(content, _MOST)
    document = pypdfium2.PdfDocument(content)
    count = len(document)
    if not 1 <= number <= count:
        raise ValueError("no such page")
    return b"%d\n" % count + _drawn(document[number - 1])


def _drawn(one: Any) -> bytes:
    width, height = one.get_size()
    scale = min(_MOST[0] / max(width, 1), _MOST[1] / max(height, 1), _LARGEST_SCALE)
    return as_jpeg(one.render(scale=scale).to_pil())
