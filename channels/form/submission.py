"""What somebody sent by form or API, and its one form as bytes, in which it is stored raw and parsed later.

The bytes are: one line naming the format, one line of JSON with everything but the contents of the files, then these
contents one after the other. Files are not inflated by base64 and the same submission always gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from channels.contract import UnreadableError
from channels.web.body import Upload
from channels.web.languages import known
from config.vocabulary import Language

_FORMAT: Final = b"guichet-form/1\n"
_FIELDS: Final = ("text", "subject", "name", "email", "phone", "member_number")
# Asked since the form has three pages: they are in the bytes only where something was answered.
_LATER_FIELDS: Final = ("wanted", "post", "for_name", "for_tie")


@dataclass(frozen=True, slots=True)
class Submission:
    """Cleaned and checked fields (see channels.form.fields), "" for what was not given.

    `language` is the page's, or what the caller of the API named; None when they named none. `disagrees`: added on the
    case page by "I don't agree". `wanted` is the outcome that the member asks for, `post` an address for letters; `for_name`
    is somebody else for whom they write, `for_tie` what ties them.
    """

    text: str
    language: Language | None = None
    subject: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    member_number: str = ""
    files: tuple[Upload, ...] = ()
    disagrees: bool = False
    wanted: str = ""
    post: str = ""
    for_name: str = ""
    for_tie: str = ""

    def to_bytes(self) -> bytes:
        """Return the canonical bytes."""
        head: dict[str, Any] = {name: getattr(self, name) for name in _FIELDS}
        head |= {name: getattr(self, name) for name in _LATER_FIELDS if getattr(self, name)}
        head["language"] = self.language
        head["disagrees"] = self.disagrees
        head["files"] = [
            {"name": file.name, "type": file.declared_type, "size": len(file.content)} for file in self.files
        ]
        line = json.dumps(head, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        return b"".join((_FORMAT, line, b"\n", *(file.content for file in self.files)))

    def body_hash(self) -> str:
        """Return the SHA-256 of the canonical bytes, in hexadecimal. Takes about a millisecond a megabyte."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @classmethod
    def from_bytes(cls, body: bytes) -> Submission:
        """Read the canonical bytes back. Raises channels.contract.UnreadableError."""
        if not body.startswith(_FORMAT):
            raise UnreadableError("not a submission of the form")
        try:
            end = body.index(b"\n", len(_FORMAT))
            head = json.loads(body[len(_FORMAT) : end])
            files, at = [], end + 1
            for file in head["files"]:
                content = body[at : at + file["size"]]
                if len(content) != file["size"]:
                    raise UnreadableError("a file of the submission is cut short")
                files.append(Upload(str(file["name"]), str(file["type"]), content))
                at += file["size"]
            fields = {name: str(head[name]) for name in _FIELDS}
            fields |= {name: str(head.get(name, "")) for name in _LATER_FIELDS}
            return cls(
                **fields,
                language=known(str(head["language"])),
                files=tuple(files),
                disagrees=head["disagrees"] is True,
            )
        except (ValueError, KeyError, TypeError):
            raise UnreadableError("the head of the submission cannot be read") from None
