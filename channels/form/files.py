"""Which files a member may send: content, name and list must agree (rule F5).

By mail we take whatever comes; here somebody is still in front of the page and can send a better file, so a wrong one
is refused at once, with a reason of its own.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final, Literal

from channels.form.archives import unpacks_to_too_much
from channels.mail.sniff import sniff
from channels.pictures.header import MOST_PIXELS, pixels
from channels.web.body import Upload

Trouble = Literal["empty", "kind", "mismatch", "locked", "pixels", "swells"]

# Each type with the endings its files bear.
ALLOWED: Final[dict[str, tuple[str, ...]]] = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "image/heif": (".heic", ".heif"),
    "text/plain": (".txt",),
    # A mail or a calendar entry saved as text is text; a web page is not.
    "message/rfc822": (".txt",),
    "text/calendar": (".txt",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.oasis.opendocument.text": (".odt",),
}
ENDINGS: Final = frozenset(ending for endings in ALLOWED.values() for ending in endings)
# How far from its end a PDF says that it is encrypted: its trailer, which stands last.
_TRAILER: Final = 4096


def trouble(file: Upload) -> Trouble | None:
    """Return why this file cannot be taken, None when it can."""
    ending = PurePosixPath(file.name.replace("\\", "/")).suffix.lower()
    if not file.content:
        return "empty"
    if ending not in ENDINGS:
        return "kind"
    found = sniff(file.content)
    if _is_locked(file.content, found, ending):
        return "locked"
    if ending in (".docx", ".odt") and unpacks_to_too_much(file.content):
        return "swells"
    if ending not in ALLOWED.get(found, ()):
        return "mismatch"
    # Judged from the header: nothing is decoded here, and a header that does not say is no reason to refuse.
    return "pixels" if (pixels(file.content) or 0) > MOST_PIXELS else None


def _is_locked(content: bytes, found: str, ending: str) -> bool:
    """Under a password a PDF says so in its trailer, and a DOCX is no archive any more but an OLE container."""
    if found == "application/pdf" and ending == ".pdf":
        return b"/Encrypt" in content[-_TRAILER:]
    return found == "application/x-ole-storage" and ending == ".docx"
